"""The impact of changes, case by case; `tests/stories/test_impact.py` compares random ones with two nameservers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import dns.name
import pytest
from dns.name import Name

from appliance.zones.answer_changes import AnswerChange
from appliance.zones.changes import diff
from appliance.zones.impact import impact_of
from appliance.zones.model import Node
from appliance.zones.names import print_owner
from tests.workspace import APEX
from tests.zones.records import ORIGIN, InMemoryZone, record

Row = tuple[str, str, str]
A, B = "192.0.2.1", "192.0.2.2"
WILDCARD, MX, SRV = ("A", "*", A), ("MX", "@", "mail.example.com"), ("SRV", "_s._tcp", "1 2 mail.example.com")
NS, GLUE = ("NS", "sub", "ns.sub.example.com"), ("A", "ns.sub", A)

CASES: dict[str, tuple[list[Row], list[Row], list[str]]] = {
    "nothing": ([WILDCARD], [WILDCARD], []),
    "a first record": ([], [("A", "www", A)], ["www A: NXDOMAIN DATA negative-answer-ends"]),
    "a further type": (
        [("TXT", "www", "x")],
        [("TXT", "www", "x"), ("A", "www", A)],
        ["www A: NODATA DATA negative-answer-ends"],
    ),
    "another value": ([("A", "www", A)], [("A", "www", B)], ["www A: DATA DATA answer-changes"]),
    "the last record": ([("A", "www", A)], [], ["www A: DATA NXDOMAIN answer-ends"]),
    "an alias": ([], [("CNAME", "www", "a.example.org")], ["www *: NXDOMAIN DATA negative-answer-ends"]),
    "an alias in place of data": (
        [("A", "www", A)],
        [("CNAME", "www", "a.example.org")],
        ["www A: DATA DATA answer-changes", "www *: NODATA DATA negative-answer-ends"],
    ),
    "an empty non-terminal that appears": (
        [],
        [("A", "a.b", A)],
        ["b *: NXDOMAIN NODATA empty-non-terminal-begins", "a.b A: NXDOMAIN DATA negative-answer-ends"],
    ),
    "one that goes": (
        [("A", "a.b", A)],
        [],
        ["b *: NODATA NXDOMAIN empty-non-terminal-ends", "a.b A: DATA NXDOMAIN answer-ends"],
    ),
    "one that stays": ([("A", "a.b", A), ("A", "c.b", A)], [("A", "c.b", A)], ["a.b A: DATA NXDOMAIN answer-ends"]),
    "a wildcard that begins": ([("A", "www", A)], [("A", "www", A), WILDCARD], ["* A: NXDOMAIN DATA wildcard-begins"]),
    "a wildcard that ends": ([WILDCARD], [], ["* A: DATA NXDOMAIN wildcard-ends"]),
    "a wildcard with another value": ([WILDCARD], [("A", "*", B)], ["* A: DATA DATA answer-changes"]),
    "a wildcard that no longer matches a name": (
        [WILDCARD],
        [WILDCARD, ("TXT", "www", "x")],
        [
            "www A: DATA NODATA wildcard-ends",
            "www TXT: NODATA DATA wildcard-ends",
            "*.www A: DATA NXDOMAIN wildcard-ends",
        ],
    ),
    "nor the names above and below it": (
        [WILDCARD],
        [WILDCARD, ("A", "a.b", A)],
        [
            "b A: DATA NODATA wildcard-ends",
            "*.b A: DATA NXDOMAIN wildcard-ends",
            "*.a.b A: DATA NXDOMAIN wildcard-ends",
        ],
    ),
    "a wildcard that matches again": (
        [WILDCARD, ("A", "www", B)],
        [WILDCARD],
        ["www A: DATA DATA wildcard-begins", "*.www A: NXDOMAIN DATA wildcard-begins"],
    ),
    "a delegation": ([], [NS, GLUE], ["sub *: NXDOMAIN REFERRAL delegation-begins"]),
    "a delegation that hides data": (
        [("A", "sub", A), ("A", "x.sub", A)],
        [NS, GLUE],
        [
            *("sub A: DATA REFERRAL hidden-by-delegation", "sub *: NODATA REFERRAL delegation-begins"),
            "*.sub *: NXDOMAIN REFERRAL delegation-begins",
            *("x.sub A: DATA REFERRAL hidden-by-delegation", "x.sub *: NODATA REFERRAL delegation-begins"),
        ],
    ),
    "a delegation that hides what a wildcard answered": (
        [WILDCARD],
        [WILDCARD, NS, GLUE],
        ["sub A: DATA REFERRAL hidden-by-delegation", "sub *: NODATA REFERRAL delegation-begins"],
    ),
    "a delegation that ends": ([NS, GLUE], [], ["sub *: REFERRAL NXDOMAIN delegation-ends"]),
    "hidden data that is shown": (
        [NS, GLUE, ("A", "old.sub", A)],
        [("A", "old.sub", A)],
        [
            *("sub *: REFERRAL NODATA delegation-ends", "*.sub *: REFERRAL NXDOMAIN delegation-ends"),
            *("old.sub A: REFERRAL DATA delegation-ends", "old.sub *: REFERRAL NODATA delegation-ends"),
        ],
    ),
    "another nameserver": (
        [NS, GLUE],
        [NS, GLUE, ("NS", "sub", "ns.example.org")],
        ["sub *: REFERRAL REFERRAL delegation-changes"],
    ),
    "another address of a nameserver": (
        [NS, GLUE],
        [NS, ("A", "ns.sub", B)],
        ["sub *: REFERRAL REFERRAL delegation-changes"],
    ),
    "an address that becomes glue": (
        [("NS", "sub", "ns.other.example.com"), ("A", "ns.other", A)],
        [("NS", "sub", "ns.other.example.com"), ("A", "ns.other", A), ("NS", "other", "ns.other.example.com")],
        [
            *("other *: NODATA REFERRAL delegation-begins", "*.other *: NXDOMAIN REFERRAL delegation-begins"),
            *("ns.other A: DATA REFERRAL hidden-by-delegation", "ns.other *: NODATA REFERRAL delegation-begins"),
            "sub *: REFERRAL REFERRAL delegation-changes",
        ],
    ),
    "a nameserver that loses its address": ([NS, GLUE], [NS], ["sub *: REFERRAL REFERRAL target-loses-address"]),
    "NS beside those of the appliance": (
        [],
        [("NS", "child", "ns.example.org")],
        ["child *: REFERRAL REFERRAL delegation-changes"],
    ),
    "what a child zone hides": ([("A", "x.child", A)], [], []),
    "DS at a delegation": (
        [NS],
        [NS, ("DS", "sub", f"1 8 2 {'ab' * 32}")],
        ["sub DS: NODATA DATA negative-answer-ends"],
    ),
    "a target that loses its address": (
        [MX, SRV, ("A", "mail", A), ("AAAA", "mail", "2001:db8::1"), ("TXT", "mail", "x")],
        [MX, SRV],
        [f"mail {rdtype}: DATA NXDOMAIN target-loses-address" for rdtype in ("A", "AAAA")]
        + ["mail TXT: DATA NXDOMAIN answer-ends"],
    ),
    "a target that keeps one": (
        [MX, ("A", "mail", A), ("AAAA", "mail", "2001:db8::1")],
        [MX, ("A", "mail", A)],
        ["mail AAAA: DATA NODATA answer-ends"],
    ),
    "a target that is no longer one": (
        [MX, ("A", "mail", A)],
        [],
        ["@ MX: DATA NODATA answer-ends", "mail A: DATA NXDOMAIN answer-ends"],
    ),
    "a target that a wildcard answered for": (
        [MX, WILDCARD],
        [MX],
        ["* A: DATA NXDOMAIN wildcard-ends", "mail A: DATA NXDOMAIN target-loses-address"],
    ),
    "a target below an empty non-terminal": (
        [("MX", "@", "x.www.example.com"), WILDCARD],
        [("MX", "@", "x.www.example.com"), WILDCARD, ("A", "www", B)],
        [
            *("www A: DATA DATA wildcard-ends", "*.www A: DATA NXDOMAIN wildcard-ends"),
            "x.www A: DATA NXDOMAIN target-loses-address",
        ],
    ),
}


def impact(before: list[Row], after: list[Row]) -> list[AnswerChange]:
    former = {row: record(*row) for row in before}
    latter = {row: former.get(row) or record(*row) for row in after}
    children = [dns.name.from_text("child", ORIGIN)]
    zones = [InMemoryZone(list(rows.values()), children=children) for rows in (former, latter)]
    return impact_of(zones[0], zones[1], diff(former.values(), latter.values()), APEX)


@pytest.mark.parametrize(("before", "after", "expected"), CASES.values(), ids=CASES.keys())
def test_each_case(before: list[Row], after: list[Row], expected: list[str]) -> None:
    found = impact(before, after)
    shown = [
        f"{print_owner(one.name, ORIGIN)} {one.type_name}: {one.before.kind.name} {one.after.kind.name} {one.why}"
        for one in found
    ]
    assert shown == expected
    assert all(one.detail and not one.detail.endswith(".") for one in found)


def test_no_name_is_below_the_longest_name() -> None:
    longest = ".".join(["x" * 63, "x" * 63, "x" * 63, "x" * 49])
    names = {one.name for one in impact([WILDCARD], [WILDCARD, ("A", longest, B)])}
    assert dns.name.from_text(longest, ORIGIN) in names and all(len(name.to_wire() or b"") <= 255 for name in names)
    assert dns.name.from_text(longest.partition(".")[2], ORIGIN) in names


def test_resolvers_keep_a_negative_answer_for_the_minimum_of_the_soa() -> None:
    (begins,) = impact([], [("A", "www", A)])
    assert begins.cached_for == APEX.minimum and "NXDOMAIN for 300 seconds" in begins.detail
    (changes,) = impact([("A", "www", A)], [("A", "www", B)])
    assert changes.cached_for == 300 and changes.before.content == ["www.example.com. 300 IN A 192.0.2.1"]


def test_a_change_of_the_comment_changes_no_answer() -> None:
    before = record("A", "www", A)
    after = replace(before, comment="x")
    assert impact_of(InMemoryZone([before]), InMemoryZone([after]), diff([before], [after]), APEX) == []


# Costs


@dataclass
class CountedZone(InMemoryZone):
    """A zone that counts the names that are read."""

    read: int = field(default=0, init=False)

    def nodes(self, owners: Iterable[Name]) -> Mapping[Name, Node]:
        """Return the rrsets at each of these owners."""
        return super().nodes(self._counted(owners))

    def below(self, owner: Name) -> Iterator[tuple[Name, Node]]:
        """Yield the rrsets at each owner below this one."""
        return ((name, node) for name, node in super().below(owner) if self._counted([name]))

    def _counted(self, names: Iterable[Name]) -> list[Name]:
        names = list(names)
        self.read += len(names)
        return names


@pytest.mark.parametrize("changed", [[("A", "a.b", B)], [WILDCARD], [NS, GLUE], [("MX", "@", "a.example.com")]])
def test_the_cost_does_not_depend_on_the_size_of_the_zone(changed: list[Row]) -> None:
    assert _names_read(3, changed) == _names_read(1_000, changed) < 30


def _names_read(size: int, changed: list[Row]) -> int:
    others = [record("A", f"host-{number}", A) for number in range(size)]
    added = [record(*row) for row in changed]
    zones = CountedZone(others), CountedZone([*others, *added])
    for before, after in (zones, zones[::-1]):
        assert impact_of(before, after, diff(before.records, after.records), APEX)
    return sum(zone.read for zone in zones)
