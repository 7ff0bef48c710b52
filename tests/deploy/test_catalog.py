"""The catalog's members as a nameserver serves them, and updates under names that another member had."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from appliance.deploy.catalog import complete_members_of, members_of, repair_catalog, send_update
from appliance.deploy.catalog_members import CatalogUpdate
from appliance.deploy.host import PrimaryHost
from appliance.errors import CommandError, CommandFailed
from appliance.keys import new_key
from appliance.nameserver.control import Control
from appliance.nameserver.notify_sender import NotifySender
from appliance.nameserver.zone_files import ZoneFiles
from appliance.render.named_conf import catalog_zone
from appliance.zones.catalog import FILE_UUID, member_label
from tests.deploy.builders import name
from tests.deploy.many_zones import SoaServer
from tests.deploy.publishing.test_primary_zone import Elapsing
from tests.pair import Pair, wait_for


def test_members_are_read_from_each_nameserver(host: PrimaryHost, pair: Pair) -> None:
    zone = name("listed.example")
    label = member_label(pair.create(zone, 1))
    for server in host.nameservers:
        wait_for(lambda server=server: label in (members_of(host, server) or {}), "the member is listed")  # type: ignore[misc]
        assert (members_of(host, server) or {})[label] == zone


def test_members_are_not_known_while_a_secondary_has_a_later_catalog(host: PrimaryHost, pair: Pair) -> None:
    serial = pair.serial(pair.primary, host.catalog) or 0
    with closing(SoaServer("other")) as other:
        beside = replace(host, nameservers=(*host.nameservers, other.server))
        for served, is_complete in ((serial + 1, False), (serial, True), (serial - 1, True)):
            other.serve(host.catalog, served)
            expected = members_of(host, host.primary) if is_complete else None
            wait_for(lambda: complete_members_of(beside) == expected, "all answer in time")  # noqa: B023 - used in this turn


def test_members_that_cannot_be_read_are_unknown(host: PrimaryHost) -> None:
    assert members_of(replace(host, transfer_key=new_key("other")), host.primary) is None


def test_a_zone_joins_under_a_name_that_another_has_left(host: PrimaryHost, pair: Pair, notifies: NotifySender) -> None:
    zone, newer = name("rejoined.example"), member_label(uuid4())
    older = member_label(pair.create(zone, 1))
    pair.wait_for_serial(pair.secondary, zone, 1)
    assert send_update(CatalogUpdate({older: zone}, {}, None, {newer: zone}), host, notifies) == frozenset()
    members = members_of(host, host.primary) or {}
    assert (older in members, newer in members) == (False, True)
    pair.wait_for_serial(pair.secondary, zone, 1)


def test_no_zone_joins_while_a_secondary_serves_the_former_member(
    host: PrimaryHost, pair: Pair, notifies: NotifySender
) -> None:
    zone, newer, other = name("served.example"), member_label(uuid4()), member_label(uuid4())
    pair.create(zone, 1)
    pair.wait_for_serial(pair.secondary, zone, 1)
    update = CatalogUpdate({}, {other: name("other.example")}, None, {newer: zone})
    assert send_update(update, host, notifies) == {zone}
    members = members_of(host, host.primary) or {}
    assert (newer in members, other in members) == (False, True)
    assert send_update(replace(update, overdue=frozenset({zone})), host, notifies) == frozenset()
    assert newer in (members_of(host, host.primary) or {})


def test_no_zone_joins_before_a_secondary_has_the_present_catalog(
    host: PrimaryHost, pair: Pair, notifies: NotifySender
) -> None:
    zone, newer = name("behind.example"), member_label(uuid4())
    with closing(SoaServer("behind")) as behind:
        behind.serve(host.catalog, 1)
        beside = replace(host, nameservers=(*host.nameservers, behind.server))
        assert send_update(CatalogUpdate({}, {}, None, {newer: zone}), beside, notifies) == {zone}
        assert set(behind.queries) == {host.catalog.to_digestable()}
        wait_for(lambda: behind.notifies == 1, "it is notified of the catalog")
        behind.serve(host.catalog, pair.serial(pair.primary, host.catalog) or 0)
        assert send_update(CatalogUpdate({}, {}, None, {newer: zone}), beside, notifies) == frozenset()
        assert zone.to_digestable() in behind.queries


def test_a_silent_secondary_delays_no_join(host: PrimaryHost, notifies: NotifySender) -> None:
    zone, newer = name("silent.example"), member_label(uuid4())
    with closing(SoaServer("silent")) as silent:
        silent.is_silent = True
        beside = replace(host, nameservers=(*host.nameservers, silent.server))
        assert send_update(CatalogUpdate({}, {}, None, {newer: zone}), beside, notifies) == frozenset()


def test_a_catalog_that_the_primary_has_is_not_replaced(host: PrimaryHost, pair: Pair) -> None:
    label = member_label(pair.create(name("kept.example"), 1))
    before = host.files.read_live(FILE_UUID)
    repair_catalog(host)
    assert host.files.read_live(FILE_UUID) == before
    assert label in (members_of(host, host.primary) or {})


class Starting:
    """A transport to a primary that has loaded its catalog after so many queries for the state of it."""

    def __init__(self, times: int) -> None:
        self._times = times
        self.sent: list[str] = []

    def command(self, *words: str) -> str:
        self.sent.append(words[0])
        if words[0] != "zonestatus":
            return 'file "catalog.zone"'
        if self.sent.count("zonestatus") <= self._times:
            raise CommandFailed(words, "zone not loaded")
        return "files: catalog.zone\nserial: 7\n"


@pytest.mark.parametrize(("times", "content", "serial"), [(3, b"", 1), (3, None, 7), (10**6, None, 1)])
def test_a_catalog_is_replaced_unless_a_primary_that_starts_loads_it(
    host: PrimaryHost, tmp_path: Path, times: int, content: bytes | None, serial: int
) -> None:
    transport, clock, files = Starting(times), Elapsing(), ZoneFiles(tmp_path)
    files.stage(FILE_UUID, catalog_zone(host.catalog, 7) if content is None else content)
    files.publish(FILE_UUID)
    repair_catalog(replace(host, control=Control(transport), files=files), clock.monotonic, clock.sleep)
    head = files.head(FILE_UUID)
    assert head and head.serial == serial
    assert ("reload" in transport.sent) == (serial == 1)


def test_an_update_that_is_refused_is_an_error(host: PrimaryHost, pair: Pair, notifies: NotifySender) -> None:
    updates = type(host.updates)(pair.primary.endpoint, host.catalog, new_key("other"))
    with pytest.raises(CommandError):
        send_update(
            CatalogUpdate({}, {"0" * 32: name("refused.example")}, None), replace(host, updates=updates), notifies
        )
