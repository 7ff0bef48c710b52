"""Which owners can have warnings; that none is missing, and the costs, are in `tests/editing/test_zone_warnings.py`."""

from __future__ import annotations

from appliance.store.warned_owners import possible_owners
from appliance.zones.model import Zone
from appliance.zones.names import print_owner
from tests.workspace import Workspace, current_database


def names(zone: Zone, *, lacks_dmarc: bool = False) -> set[str]:
    return {print_owner(owner, zone.name) for owner in possible_owners(zone, lambda: lacks_dmarc)}


def fill(workspace: Workspace, zone: Zone, *rows: tuple[str, str, str]) -> None:
    for record_type, name, value in rows:
        workspace.add(zone, record_type, name, value, priority=10 if record_type in ("MX", "SRV") else None)


def test_targets_in_the_zone_without_an_address(workspace: Workspace) -> None:
    zone, other = workspace.zone(), workspace.zone("example.org")
    fill(
        workspace,
        zone,
        ("A", "a", "192.0.2.1"),
        ("AAAA", "a", "2001:db8::1"),
        ("CNAME", "to-a", "a.example.com"),
        ("CNAME", "to-alias", "to-a.example.com"),
        ("CNAME", "to-outside", "outside.example.com"),
        ("CNAME", "to-nothing", "x.example.com"),
        ("CNAME", "outside", "a.example.org"),
        ("MX", "mail", "a.example.com"),
        ("MX", "bad-mail", "x.example.com"),
        ("MX", "to-apex", "example.com"),
        ("SRV", "_out._tcp", "1 2 a.example.org"),
        ("SRV", "_bad._tcp", "1 2 x.example.com"),
        ("NS", "delegated", "ns.example.org"),
        ("NS", "bad", "ns.bad.example.com"),
        ("CAA", "caa", '0 issue ";"'),
    )
    fill(workspace, other, ("NS", "delegated", "ns.example.com"))
    assert names(zone) == {"to-alias", "to-outside", "bad-mail", "to-apex", "_bad._tcp", "bad"}
    assert names(other) == set()


def test_mail_of_a_zone_without_dmarc(workspace: Workspace) -> None:
    zone = workspace.zone()
    fill(workspace, zone, ("MX", "a", "a.example.org"), ("TXT", "b", "V=SPF1 -all"), ("TXT", "c", "x v=spf1"))
    fill(workspace, zone, ("TXT", "d", "v=spf1 -all"), ("TXT", "d", "v=spf1 ~all"))
    assert names(zone) == {"d"} and names(zone, lacks_dmarc=True) == {"a", "b", "d"}


def test_delegations(workspace: Workspace) -> None:
    zone = workspace.zone()
    for name, second in (("one", "192.0.2.1"), ("two", "192.0.2.2")):
        fill(workspace, zone, ("NS", name, f"ns1.{name}.example.com"), ("NS", name, f"ns2.{name}.example.com"))
        fill(workspace, zone, ("A", f"ns1.{name}", "192.0.2.1"), ("A", f"ns2.{name}", second))
    fill(workspace, zone, ("NS", "@", "ns.example.org"), ("NS", "out", "ns.example.org"))
    workspace.add(zone, "NS", "short", "ns.example.org", ttl=59)
    workspace.add(zone, "NS", "long", "ns.example.org", ttl=60)
    assert names(zone) == {"@", "one", "short"}


def test_hosts_below_a_wildcard(workspace: Workspace) -> None:
    zone = workspace.zone()
    fill(workspace, zone, ("A", "a", "192.0.2.1"), ("TXT", "_x.a", "x"), ("TXT", "b", "x"), ("TXT", "k._x.c", "x"))
    assert names(zone) == set()
    fill(workspace, zone, ("A", "*", "192.0.2.1"), ("CNAME", "d", "x.example.com"))
    assert names(zone) == {"b", "c", "d"}
    fill(workspace, zone, ("TXT", "_dmarc", "x"))
    assert "@" in names(zone), "the host of a service of the apex"


def test_data_at_and_below_child_zones(workspace: Workspace) -> None:
    zone, child = workspace.zone(), workspace.zone("other.example.com")
    fill(workspace, zone, *(("A", name, "192.0.2.1") for name in ("sub", "www.sub", "a.www.sub", "subway")))
    with workspace.store.writing():  # as an older release accepted it
        query = "update zone set name = 'sub.example.com', name_key = 'com.example.sub.' where uuid = ?"
        current_database().execute_sql(query, (child.uuid.hex,))
    assert names(zone) == {"sub", "www.sub", "a.www.sub"}
