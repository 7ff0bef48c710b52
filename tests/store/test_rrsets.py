"""RRsets of a zone: complete, in order, filtered, in pages."""

from __future__ import annotations

from dns.rdatatype import RdataType

from appliance.store import rrsets
from appliance.store.rrsets import SetFilters
from appliance.store.zones import Page
from appliance.zones.model import Zone
from appliance.zones.names import print_owner
from tests.workspace import Workspace


def shown(zone: Zone, page: Page | None = None, **filters: object) -> tuple[list[tuple[str, str, int]], int]:
    found, total = rrsets.find(zone, page or Page(), SetFilters(**filters))  # type: ignore[arg-type]
    return [(print_owner(one.owner, zone.name), one.rdtype.name, len(one.records)) for one in found], total


def fill(workspace: Workspace) -> Zone:
    zone, other = workspace.zone(), workspace.zone("example.net")
    for record_type, name, value in [
        ("TXT", "@", "Hello World"),
        ("A", "www", "192.0.2.1"),
        ("A", "www", "192.0.2.2"),
        ("AAAA", "www", "2001:db8::1"),
        ("A", "*.dev", "192.0.2.3"),
        ("A", "www.example.com.dev", "192.0.2.4"),
    ]:
        workspace.add(zone, record_type, name, value)
    workspace.add(other, "A", "elsewhere", "192.0.2.1")
    return zone


def test_sets_are_whole_and_in_order(workspace: Workspace) -> None:
    zone = fill(workspace)
    everything = [
        ("@", "TXT", 1),
        ("*.dev", "A", 1),
        ("www.example.com.dev", "A", 1),
        ("www", "A", 2),
        ("www", "AAAA", 1),
    ]
    assert shown(zone) == (everything, 5)
    assert shown(zone, Page(2, 2)) == (everything[2:4], 5)
    assert shown(zone, Page(9, 2)) == ([], 5)
    assert shown(workspace.zone("empty.org")) == ([], 0)


def test_filters_find_whole_sets(workspace: Workspace) -> None:
    zone = fill(workspace)
    assert shown(zone, text="192.0.2.2") == ([("www", "A", 2)], 1)
    assert shown(zone, text="WWW", rdtype=RdataType.AAAA) == ([("www", "AAAA", 1)], 1)
    assert shown(zone, text="hello w") == ([("@", "TXT", 1)], 1)
    assert shown(zone, owner="www") == ([("www", "A", 2), ("www", "AAAA", 1)], 2) and shown(zone, owner="ww")[1] == 0
    assert shown(zone, text="%") == ([], 0) and shown(zone, rdtype=RdataType.MX) == ([], 0)
    assert [rdtype.name for rdtype in rrsets.types_of(zone)] == ["A", "AAAA", "TXT"]
