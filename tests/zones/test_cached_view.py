"""The cached view reads every name once, and many together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import dns.name
from dns.name import Name

from appliance.zones.cached_view import CachedView
from appliance.zones.model import Node
from tests.zones.records import ORIGIN, SERVERS, InMemoryZone, record


class CountingZone(InMemoryZone):
    """A zone in memory that keeps what is read."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.read: list[list[Name]] = []

    def nodes(self, owners: Iterable[Name]) -> Mapping[Name, Node]:
        """Return the rrsets, and note the names."""
        self.read.append(list(owners))
        return super().nodes(self.read[-1])


def name(text: str) -> Name:
    return dns.name.from_text(text, ORIGIN)


def test_names_are_read_with_those_above_them_and_their_wildcards_once() -> None:
    zone = CountingZone([record("A", "a.b", "192.0.2.1"), record("A", "*", "192.0.2.1")])
    view = CachedView(zone)
    view.load([name("a.b"), name("c.b")])
    assert len(zone.read) == 1
    assert set(zone.read[0]) == {ORIGIN, *map(name, ("a.b", "c.b", "b", "*.b", "*"))}
    assert view.nodes([name("a.b"), name("b"), name("*")]).keys() == {name("a.b"), name("*")}
    assert view.wildcards_over(name("c.b")) == [name("*")] and view.wildcards_over(ORIGIN) == []
    assert len(zone.read) == 1
    assert view.nodes([name("d")]) == {} and zone.read[1:] == [[name("d")]]


def test_child_zones_are_read_with_the_names() -> None:
    view = CachedView(InMemoryZone([], children=[name("child"), ORIGIN]))
    assert view.child_zones([name("child"), name("www"), ORIGIN]) == {name("child")}


def test_whether_there_is_something_below() -> None:
    view = CachedView(InMemoryZone([record("A", "a.b", "192.0.2.1")]))
    assert view.has_below(name("b")) and view.has_below(name("b")) and not view.has_below(name("a.b"))
    assert [owner for owner, _ in view.below(ORIGIN)] == [name("a.b")]


def test_the_rest_is_the_view_itself() -> None:
    view = CachedView(InMemoryZone([record("NS", "sub", "ns.example.org")]))
    assert (view.origin, view.servers) == (ORIGIN, SERVERS)
    assert view.owners_of_ns([dns.name.from_text("ns.example.org.")]) == {name("sub")}
