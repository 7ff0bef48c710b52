"""Catalog updates: members that are added, removed or created again on the primary reach the secondary."""

from __future__ import annotations

from uuid import uuid4

import dns.name
import pytest

from appliance.addresses import Endpoint
from appliance.errors import CommandFailed
from appliance.keys import new_key
from appliance.nameserver.catalog import MAX_DATAGRAM_CHANGES, CatalogUpdates
from appliance.queries.transfer import axfr
from tests.pair import CATALOG, LOOPBACK, Pair, free_port, small_zone
from tests.proxy import Proxy


def test_a_member_is_added_and_removed(pair: Pair) -> None:
    zone = dns.name.from_text("member.test")
    uuid = pair.create(zone, 7)
    pair.wait_for_serial(pair.secondary, zone, 7)
    pair.updates.change(remove=[uuid.hex], add={})
    pair.wait_for_serial(pair.secondary, zone, None)


def test_a_zone_created_again_is_transferred_after_one_update(pair: Pair) -> None:
    zone = dns.name.from_text("again.test")
    uuid = pair.create(zone, 1000)
    pair.wait_for_serial(pair.secondary, zone, 1000)
    for serial in range(9, 4, -1):
        pair.control.delete_zone(zone)
        previous, uuid = uuid, uuid4()
        pair.control.add_zone(zone, pair.put(uuid, small_zone(zone, serial, f"192.0.2.{serial}")))
        pair.updates.change(remove=[previous.hex], add={uuid.hex: zone})
        pair.wait_for_serial(pair.secondary, zone, serial)
    addresses = [str(one.rdata) for one in axfr(pair.secondary, zone, pair.transfer_key) if one.rdtype.name == "A"]
    assert addresses == ["192.0.2.5"]


def test_a_repeated_change_has_no_effect(pair: Pair) -> None:
    zone = dns.name.from_text("twice.catalog.test")
    uuid = pair.create(zone, 1)
    pair.updates.change(remove=[uuid4().hex], add={uuid.hex: zone})
    pair.wait_for_serial(pair.secondary, zone, 1)


def test_many_changes_are_sent_in_several_messages(pair: Pair) -> None:
    def members() -> int:
        return sum(one.rdtype.name == "PTR" for one in axfr(pair.primary, CATALOG, pair.update_key))

    before = members()
    absent = {uuid4().hex: dns.name.from_text(f"z{number}.many.test") for number in range(1001)}
    pair.updates.change(remove=[], add=absent)
    assert members() == before + 1001
    pair.updates.change(remove=absent, add={})
    assert members() == before


def test_few_changes_need_no_connection(pair: Pair) -> None:
    members = {uuid4().hex: dns.name.from_text(f"few-{number}.test") for number in range(MAX_DATAGRAM_CHANGES + 1)}
    few = dict(list(members.items())[1:])
    with Proxy(pair.primary.endpoint.port) as proxy:
        updates = CatalogUpdates(Endpoint(LOOPBACK, proxy.port), CATALOG, pair.update_key)
        proxy.refuse()
        updates.change(remove=[], add=few)
        listed = {str(one.rdata) for one in axfr(pair.primary, CATALOG, pair.update_key) if one.rdtype.name == "PTR"}
        assert listed >= set(map(str, few.values()))
        updates.change(remove=few, add={})
        with pytest.raises(CommandFailed, match="refused"):
            updates.change(remove=members, add={})


def test_another_key_is_refused(pair: Pair) -> None:
    for key in (new_key("update"), new_key("unknown"), pair.transfer_key):
        updates = CatalogUpdates(pair.primary.endpoint, CATALOG, key)
        with pytest.raises(CommandFailed) as refused:
            updates.change(remove=["x"], add={})
        assert key.secret not in str(refused.value)


def test_an_unreachable_primary_is_reported(pair: Pair) -> None:
    with pytest.raises(CommandFailed, match="refused"):
        CatalogUpdates(Endpoint(LOOPBACK, free_port()), CATALOG, pair.update_key).change(remove=["x"], add={})


def test_a_primary_without_a_route_is_reported() -> None:
    updates = CatalogUpdates(Endpoint("255.255.255.255", 53), CATALOG, new_key("update"))
    with pytest.raises(CommandFailed):
        updates.change(remove=[uuid4().hex], add={})


def test_the_catalog_serial_is_raised_and_its_members_remain(pair: Pair) -> None:
    zone = dns.name.from_text("raised.test")
    uuid = pair.create(zone, 1)
    pair.wait_for_serial(pair.secondary, zone, 1)
    previous = pair.serial(pair.primary, CATALOG)
    assert previous is not None
    pair.updates.change((), {}, previous + 1000)
    pair.wait_for_serial(pair.secondary, CATALOG, previous + 1000)
    pair.updates.change((), {}, previous)
    assert pair.serial(pair.primary, CATALOG) == previous + 1000
    assert pair.serial(pair.secondary, zone) == 1
    pair.updates.change(remove=[uuid.hex], add={})
    pair.wait_for_serial(pair.secondary, zone, None)
