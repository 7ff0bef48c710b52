"""The catalog's members as a nameserver serves them, and updates under names that another member had."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from appliance.deploy.catalog import members_of, send_update
from appliance.deploy.catalog_members import CatalogUpdate
from appliance.deploy.host import PrimaryHost
from appliance.errors import CommandError
from appliance.keys import new_key
from appliance.zones.catalog import member_label
from tests.deploy.builders import name
from tests.pair import Pair, wait_for


def test_members_are_read_from_each_nameserver(host: PrimaryHost, pair: Pair) -> None:
    zone = name("listed.example")
    label = member_label(pair.create(zone, 1))
    for server in host.nameservers:
        wait_for(lambda server=server: label in (members_of(host, server) or {}), "the member is listed")  # type: ignore[misc]
        assert (members_of(host, server) or {})[label] == zone


def test_members_that_cannot_be_read_are_unknown(host: PrimaryHost) -> None:
    assert members_of(replace(host, transfer_key=new_key("other")), host.primary) is None


def test_a_zone_joins_under_a_name_that_another_has_left(host: PrimaryHost, pair: Pair) -> None:
    zone, newer = name("rejoined.example"), member_label(uuid4())
    older = member_label(pair.create(zone, 1))
    pair.wait_for_serial(pair.secondary, zone, 1)
    send_update(CatalogUpdate({older: zone}, {}, None, {newer: zone}), host)
    members = members_of(host, host.primary) or {}
    assert (older in members, newer in members) == (False, True)
    pair.wait_for_serial(pair.secondary, zone, 1)


def test_an_update_that_is_refused_is_an_error(host: PrimaryHost, pair: Pair) -> None:
    updates = type(host.updates)(pair.primary.endpoint, host.catalog, new_key("other"))
    with pytest.raises(CommandError):
        send_update(CatalogUpdate({}, {"0" * 32: name("refused.example")}, None), replace(host, updates=updates))
