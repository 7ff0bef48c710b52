"""Child zones in the store: the nearest ones, of the same account, that exist now."""

from __future__ import annotations

import dns.name
import pytest

from appliance.store import deployments, holds, records, signing, zones
from appliance.store.delegations import enclosing, of_all, of_zone, parents_of, with_data, zones_among, zones_below
from appliance.zones.ownership import HoldReason
from appliance.zones.signing import Timing
from appliance.zones.zone_cuts import ChildZone, ParentZone
from tests.signing import key, signed, store_signing
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


@pytest.mark.parametrize("count", [2, 30])
def test_all_delegations_are_read_in_two_statements(workspace: Workspace, count: int) -> None:
    """They are those of each zone by itself, without those that users created."""
    parents = [workspace.zone(f"p{number}.example") for number in range(count)]
    for number in range(count):
        workspace.zone(f"sub.p{number}.example")
    user_made = parents[0]
    workspace.add(user_made, "NS", "elsewhere", "ns.example.net")
    for name in ("a.elsewhere", "a.b", "x.a.b"):
        workspace.zone(f"{name}.p0.example")
    held = workspace.zone("held.p1.example")
    with workspace.store.writing():
        holds.insert(held.uuid, "a-token", HoldReason.ALWAYS, workspace.clock())
    workspace.zone("below.held.p1.example")
    with statements(workspace.store) as executed:
        found = of_all()
    assert len(executed) == 2
    everything = [zones.get_any(status.uuid) for status in deployments.statuses()]
    assert found == {zone.uuid: children for zone in everything if (children := of_zone(zone))}
    assert {str(one.name) for one in found[user_made.uuid]} == {"sub.p0.example.", "a.b.p0.example."}
    assert {str(one.name) for one in found[parents[1].uuid]} == {"sub.p1.example.", "below.held.p1.example."}
    assert [str(one.name) for one in of_zone(zones.get_any(held.uuid))] == ["below.held.p1.example."]


def test_a_delegation_has_the_ds_that_the_deployer_stored(workspace: Workspace) -> None:
    top, sub, deep, *_ = (workspace.zone(name) for name in NAMES)
    ready = key(ds=Timing.RUMOURED)
    for child in (sub, deep):
        workspace.editor.change_zone(workspace.owner, child.uuid, {"dnssec": True})
    with workspace.store.writing():
        store_signing(sub, signed(ready))
        signing.store_delegated(sub.uuid, [ready.ds_of(sub.name)])
    expected = ChildZone(sub.name, sub.uuid, (ready.ds_of(sub.name).text(),))
    assert expected in of_zone(top) == of_all()[top.uuid]
    assert of_zone(sub) == [ChildZone(deep.name, deep.uuid)]


def test_the_zone_that_delegates_a_zone_is_the_one_that_lists_it(workspace: Workspace) -> None:
    """It is found for many zones in two statements, and not for those that nobody delegates here."""
    top, sub, deep, other, apart = (workspace.zone(name) for name in NAMES)
    workspace.editor.change_zone(workspace.owner, top.uuid, {"dnssec": True})
    workspace.add(top, "NS", "elsewhere", "ns.example.net")
    below_ns, held, below_held = (
        workspace.zone(name) for name in ("a.elsewhere.example.com", "held.sub.example.com", "x.held.sub.example.com")
    )
    with workspace.store.writing():
        holds.insert(held.uuid, "a-token", HoldReason.ALWAYS, workspace.clock())
    workspace.editor.delete_zone(workspace.owner, deep.uuid)
    everything = [zones.get_any(one.uuid) for one in (top, sub, deep, other, apart, below_ns, held, below_held)]
    with statements(workspace.store) as executed:
        found = parents_of(everything)
    assert len(executed) == 2
    assert found == {
        sub.uuid: ParentZone(top.name, top.uuid, signed=True),
        other.uuid: ParentZone(top.name, top.uuid, signed=True),
        below_held.uuid: ParentZone(sub.name, sub.uuid, signed=False),
    }
    published = [zone for zone in everything if not zone.deleted_at and zone.uuid != held.uuid]
    listed = {one.uuid: zone.uuid for zone in published for one in of_zone(zone)}
    assert {child: above.uuid for child, above in found.items()} == listed


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
        found = records.ZoneView(zone, SERVERS).owners_of_ns([server])
    assert found == {zone.name, *(dns.name.from_text(name, zone.name) for name in ("sub", "a.b"))}
    (query,) = (sql for sql in executed if 'FROM "record"' in sql)
    plan = read_rows(workspace.store.path, f"explain query plan {query}", (zone.uuid.hex, server.to_wire()))
    assert any("record_nameserver" in str(row) for row in plan)


def test_all_zones_of_the_account_below_a_name_are_found_also_of_one_that_is_no_zone(workspace: Workspace) -> None:
    below = [workspace.zone(name) for name in ("a.example.org", "b.a.example.org")]
    workspace.zone("example.com")
    name, account = dns.name.from_text("example.org"), workspace.owner.account.uuid
    assert zones_below(name, account) == [zone.uuid for zone in below]
    assert zones_below(name, workspace.stranger.account.uuid) == []
