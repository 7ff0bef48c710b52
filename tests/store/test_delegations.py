"""Child zones in the store: the nearest ones, of the same account, that exist now."""

from __future__ import annotations

import dns.name

from appliance.store import records
from appliance.store.delegations import enclosing, of_zone, with_data, zones_among
from appliance.zones.zone_cuts import ChildZone
from tests.store.test_zones import statements
from tests.workspace import SERVERS, Workspace, read_rows

NAMES = ("example.com", "sub.example.com", "a.sub.example.com", "b.c.example.com", "example.com.example.net")


def test_the_nearest_zones_below_are_delegated(workspace: Workspace) -> None:
    top, sub, deep, other, apart = (workspace.zone(name) for name in NAMES)
    assert of_zone(top) == [ChildZone(other.name, other.uuid), ChildZone(sub.name, sub.uuid)]
    assert of_zone(sub) == [ChildZone(deep.name, deep.uuid)] and of_zone(deep) == [] == of_zone(apart)
    found = [enclosing(zone.name, zone.account) for zone in (top, deep, other)]
    assert [one and one.uuid for one in found] == [None, sub.uuid, top.uuid]
    workspace.editor.delete_zone(workspace.owner, sub.uuid)
    assert [one.uuid for one in of_zone(top)] == [other.uuid, deep.uuid]
    assert zones_among([sub.name, deep.name, apart.name], top.account) == {deep.name, apart.name}
    assert zones_among([deep.name], workspace.stranger.account.uuid) == set()


def test_names_of_zones_below_with_records_are_found(workspace: Workspace) -> None:
    top, sub, deep, other, _ = (workspace.zone(name) for name in NAMES)
    assert with_data(top) == []
    workspace.add(top, "NS", "sub", "ns.a.sub.example.com")
    workspace.add(top, "A", "ns.a.sub", "192.0.2.1")
    workspace.add(sub, "A", "www", "192.0.2.1")
    assert with_data(top) == [sub.name, deep.name] and with_data(sub) == [] == with_data(other)


def test_the_records_that_name_a_nameserver_are_found_by_an_index(workspace: Workspace) -> None:
    zone, server = workspace.zone(), dns.name.from_text("ns.example.org")
    for name in ("@", "sub", "a.b"):
        workspace.add(zone, "NS", name, "ns.example.org")
    workspace.add(zone, "CNAME", "www", "ns.example.org")
    with statements(workspace.store) as executed:
        found = records.ZoneView(zone, SERVERS).owners_of_ns(server)
    assert found == {zone.name, *(dns.name.from_text(name, zone.name) for name in ("sub", "a.b"))}
    (query,) = (sql for sql in executed if 'FROM "record"' in sql)
    plan = read_rows(workspace.store.path, f"explain query plan {query}", (zone.uuid.hex, server.to_wire()))
    assert any("record_nameserver" in str(row) for row in plan)
