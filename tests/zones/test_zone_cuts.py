"""Zone cuts: the topmost counts, glue is shown, all else is hidden."""

from __future__ import annotations

import dns.name
import pytest
from dns.name import Name

from appliance.zones.cached_view import CachedView
from appliance.zones.zone_cuts import additional_ns, cut_at, hidden_by, names_above, occluded_by
from tests.zones.records import ORIGIN, InMemoryZone, record

ROWS = [
    ("NS", "cut", "ns.cut.example.com"),
    ("A", "ns.cut", "192.0.2.1"),
    ("TXT", "x.cut", "hidden"),
    ("TXT", "child", "hidden"),
    ("NS", "child", "ns1.appliance.test"),
    ("NS", "child", "ns.example.org"),
    ("AAAA", "www.child", "2001:db8::1"),
]


def name(text: str) -> Name:
    return dns.name.from_text(text, ORIGIN)


VIEW = InMemoryZone(
    [record(*row) for row in ROWS],
    children=[name("child"), name("a.cut"), name("a.child")],
)


@pytest.mark.parametrize(
    ("owner", "at", "over"),
    [
        ("cut", "cut", None),
        ("a.cut", None, "cut"),
        ("child", "child", None),
        ("a.child", None, "child"),
        ("www", None, None),
        ("b.a.child", None, "child"),
    ],
)
def test_the_topmost_cut_counts(owner: str, at: str | None, over: str | None) -> None:
    found, topmost = cut_at(VIEW, name(owner)), CachedView(VIEW).cut_of(name(owner))
    assert (found and found.name) == (at and name(at))
    expected = at or over
    assert (topmost and topmost.name) == (expected and name(expected))
    assert cut_at(VIEW, ORIGIN) is None and names_above(ORIGIN, ORIGIN) == []


@pytest.mark.parametrize(("cut", "hidden"), [("cut", ["x.cut"]), ("child", ["child", "www.child"])])
def test_all_but_the_delegation_and_its_glue_is_hidden(cut: str, hidden: list[str]) -> None:
    found = cut_at(VIEW, name(cut))
    assert found and [owner for owner, _ in hidden_by(VIEW, found)] == list(map(name, hidden))


def test_ns_records_at_a_child_zone_are_those_of_the_appliance_or_published_beside_them() -> None:
    child = cut_at(VIEW, name("child"))
    assert child and [one.value for one in additional_ns(VIEW, child)] == ["ns.example.org"]
    assert [one.value for one in occluded_by(VIEW, child)] == ["hidden", "2001:db8::1", "ns1.appliance.test"]
