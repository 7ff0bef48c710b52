"""What is below names of a stored zone, and what points to them: as in a zone in memory, in few statements."""

from __future__ import annotations

import dns.name
import pytest

from appliance.store import records
from appliance.zones.model import Zone
from tests.editing.observing import observed
from tests.workspace import SERVERS, Workspace
from tests.zones.records import InMemoryZone

DOMAINS = ("child", "x.child", "y.z", "w.y.z", "sub-zone")
NAMES = ("www", "sub", "x.sub", "a", "b.a", "*", "*.a", "mail", "child", "z", "y.z", "w.y.z", "none")


@pytest.fixture
def zone(workspace: Workspace) -> Zone:
    zone = workspace.zone()
    for name in ("www", "x.sub", "c.b.a", "*.a", "sub-2", "subs"):
        workspace.add(zone, "A", name, "192.0.2.1")
    workspace.add(zone, "MX", "@", "mail.example.com", priority=10)
    workspace.add(zone, "SRV", "_s._tcp", "1 2 mail.example.com", priority=10)
    workspace.add(zone, "NS", "dev", "www.example.com")
    workspace.add(zone, "CNAME", "alias", "mail.example.com")
    workspace.add(zone, "MX", "other", "mail.example.net", priority=10)
    for domain in DOMAINS:
        workspace.zone(f"{domain}.example.com")
    return zone


def test_it_is_that_of_the_zone_in_memory(workspace: Workspace, zone: Zone) -> None:
    children = [dns.name.from_text(domain, zone.name) for domain in DOMAINS]
    stored, whole = records.ZoneView(zone, SERVERS), InMemoryZone(records.of_zone(zone), zone.name, SERVERS, children)
    names = [zone.name, *(dns.name.from_text(name, zone.name) for name in NAMES)]
    assert set(stored.non_terminals(names)) == set(whole.non_terminals(names))
    for name in names:
        assert set(stored.child_zones_below(name)) == set(whole.child_zones_below(name))
        assert {one.key for one in stored.targets([name])} == {one.key for one in whole.targets([name])}
    assert {one.key for one in stored.targets(None)} == {one.key for one in whole.targets(None)}
    assert len(stored.targets(names)) == 3 and not stored.targets([])


def test_zones_of_others_and_deleted_ones_are_not_below(workspace: Workspace) -> None:
    zone = workspace.zone()
    below = workspace.zone("a.b.example.com")
    stored, name = records.ZoneView(zone, SERVERS), dns.name.from_text("b.example.com")
    assert set(stored.non_terminals([name])) == {name} and [*stored.child_zones_below(name)] == [below.name]
    workspace.editor.delete_zone(workspace.owner, below.uuid)
    assert not stored.non_terminals([name]) and not stored.child_zones_below(name)


def test_many_names_take_two_statements(workspace: Workspace, zone: Zone) -> None:
    names = [dns.name.from_text(f"host-{number}", zone.name) for number in range(3_000)]
    with observed(workspace) as (_, statements):
        records.ZoneView(zone, SERVERS).non_terminals(names)
        assert len(statements.all) == 2
