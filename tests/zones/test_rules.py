"""The rules of a whole zone: what each refuses, with which field, and what it accepts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import dns.name
import pytest
from dns.name import Name
from dns.rdatatype import RdataType
from hypothesis import given

from appliance.errors import Finding
from appliance.zones.changes import Delete, touched_owners
from appliance.zones.model import Node, Record, group_rrsets
from appliance.zones.rules import MAX_RRSET_OCTETS, check
from tests.zones.records import ORIGIN, SERVERS, InMemoryZone, any_records, record

Row = tuple[str, str, str]


def findings(rows: Iterable[Row], *touched: str) -> list[Finding]:
    """Return the findings for a zone with these records at the touched names (none: at all names)."""
    records = [record(*row) for row in rows]
    names = {dns.name.from_text(name, ORIGIN) if name != "@" else ORIGIN for name in touched}
    return check(InMemoryZone(records), names or {one.owner for one in records})


def fields(rows: Iterable[Row], *touched: str) -> list[str | None]:
    return [finding.field for finding in findings(rows, *touched)]


A = "192.0.2.1"
SUB_NS: Row = ("NS", "sub", "ns.example.org")
SUB_GLUED: list[Row] = [("NS", "sub", "ns.sub.example.com"), ("A", "ns.sub", A), ("AAAA", "ns.sub", "2001:db8::1")]
DS: Row = ("DS", "sub", f"1 8 2 {'ab' * 32}")

VALID_ZONES: dict[str, list[Row]] = {
    "nothing": [],
    "data of many types at one name": [
        ("A", "@", A),
        ("MX", "@", "mail.example.com"),
        ("TXT", "@", "x"),
        ("CAA", "@", "0 issue a"),
    ],
    "several MX": [("MX", "@", "a.example.org"), ("MX", "@", "b.example.org")],
    "a single null MX": [("MX", "@", "."), ("MX", "www", "mail.example.com")],
    "an alias without other data": [("CNAME", "www", "example.com")],
    "a wildcard alias": [("CNAME", "*", "www.example.org"), ("A", "www", A)],
    "a delegation": [SUB_NS],
    "a delegation with DS": [SUB_NS, DS],
    "a delegation with glue": SUB_GLUED,
    "glue of another delegation": [SUB_NS, ("NS", "other", "ns.sub.example.com"), ("A", "ns.sub", A)],
    "delegations that are each other's servers": [
        ("NS", "foo", "ns.bar.example.com"),
        ("A", "ns.bar", A),
        ("NS", "bar", "ns.foo.example.com"),
        ("A", "ns.foo", A),
    ],
    "glue of an apex NS": [SUB_NS, ("NS", "@", "ns.sub.example.com"), ("A", "ns.sub", A)],
    "a delegation that is its own server": [("NS", "sub", "sub.example.com"), ("A", "sub", A)],
    "data beside a delegation": [SUB_NS, ("A", "subx", A), ("A", "x", A)],
    "a delegation two labels down": [("NS", "a.sub", "ns.example.org"), ("A", "sub", A)],
    "an apex NS elsewhere": [("NS", "@", "ns.example.org")],
    "an apex NS with an address": [("NS", "@", "ns.example.com"), ("A", "ns", A)],
    "an apex NS with an IPv6 address": [("NS", "@", "ns.example.com"), ("AAAA", "ns", "2001:db8::1")],
    "an apex NS at the apex": [("NS", "@", "example.com"), ("A", "@", A)],
    "an apex NS below a wildcard": [("NS", "@", "ns.example.com"), ("A", "*", A)],
    "an apex NS two labels below a wildcard": [("NS", "@", "a.b.example.com"), ("A", "*", A)],
    "an apex NS below the wildcard of an empty name": [("NS", "@", "a.dev.example.com"), ("A", "*.dev", A)],
    "an apex NS that is glue": [("NS", "@", "ns.sub.example.com"), *SUB_GLUED],
    "98 apex NS beside two": [("NS", "@", f"ns{number}.example.org") for number in range(98)],
    "100 records": [("A", "www", f"192.0.2.{number}") for number in range(100)],
}
INVALID_ZONES: dict[str, tuple[list[Row], str, str]] = {
    "an alias at the apex": ([("CNAME", "@", "www.example.org")], "name", "apex"),
    "an alias beside data": ([("CNAME", "www", "a.example.org"), ("A", "www", A)], "name", r"beside other data \(A\)"),
    "two aliases": (
        [("CNAME", "www", "a.example.org"), ("CNAME", "www", "b.example.org")],
        "name",
        "already has a CNAME",
    ),
    "a null MX beside another": ([("MX", "@", "."), ("MX", "@", "mail.example.org")], "value", "null MX"),
    "an alias of itself": ([("CNAME", "www", "www.example.com")], "value", "would point to itself"),
    "101 records": ([("A", "www", f"192.0.2.{number}") for number in range(101)], "value", "100 records"),
    "99 apex NS beside two": ([("NS", "@", f"ns{number}.example.org") for number in range(99)], "value", "100 records"),
    "too many octets": (
        [("TXT", "big", f"{number:03}" + "x" * 4000) for number in range(MAX_RRSET_OCTETS // 4000 + 1)],
        "value",
        "60000 octets",
    ),
    "a wildcard delegation": ([("NS", "*", "ns.example.org")], "name", "wildcard"),
    "a wildcard delegation deeper": ([("NS", "*.dev", "ns.example.org")], "name", "wildcard"),
    "an own nameserver at the apex": ([("NS", "@", "NS1.appliance.test.")], "value", "a nameserver of the appliance"),
    "DS without NS": ([DS], "name", "cannot hold DS"),
    "DS at the apex": ([("DS", "@", f"1 8 2 {'ab' * 32}"), ("NS", "@", "ns.example.org")], "name", "cannot hold DS"),
    "an apex NS without an address": ([("NS", "@", "ns.example.com")], "value", "no A or AAAA"),
    "an apex NS at an apex without one": ([("NS", "@", "example.com"), ("TXT", "@", "x")], "value", "no A or AAAA"),
    "an apex NS that is an alias": (
        [("NS", "@", "ns.example.com"), ("CNAME", "ns", "a.example.org")],
        "value",
        "would be a CNAME",
    ),
    "an apex NS below a wildcard alias": (
        [("NS", "@", "ns.example.com"), ("CNAME", "*", "a.example.org")],
        "value",
        "would be a CNAME",
    ),
    "an apex NS with other data than the wildcard": (
        [("NS", "@", "ns.example.com"), ("A", "*", A), ("TXT", "ns", "x")],
        "value",
        "no A or AAAA",
    ),
    "an apex NS at an empty name beside a wildcard": (
        [("NS", "@", "ns.example.com"), ("A", "*", A), ("TXT", "a.ns", "x")],
        "value",
        "no A or AAAA",
    ),
    "an apex NS below a name that ends the wildcard's reach": (
        [("NS", "@", "a.dev.example.com"), ("A", "*", A), ("TXT", "dev", "x")],
        "value",
        "no A or AAAA",
    ),
    "an apex NS below an empty name that ends the wildcard's reach": (
        [("NS", "@", "a.dev.example.com"), ("A", "*", A), ("TXT", "b.dev", "x")],
        "value",
        "no A or AAAA",
    ),
    "an apex NS with a wildcard of other data": (
        [("NS", "@", "ns.example.com"), ("TXT", "*", "x")],
        "value",
        "no A or AAAA",
    ),
}


@pytest.mark.parametrize("rows", VALID_ZONES.values(), ids=VALID_ZONES.keys())
def test_valid_zones_have_no_findings(rows: list[Row]) -> None:
    assert findings(rows) == [] == findings(rows, "@", "none")


@pytest.mark.parametrize(("rows", "field", "detail"), INVALID_ZONES.values(), ids=INVALID_ZONES.keys())
def test_invalid_zones_have_one_finding(rows: list[Row], field: str, detail: str) -> None:
    (finding,) = findings(rows)
    assert finding.field == field and re.search(detail, finding.detail)


BELOW: dict[str, list[Row]] = {
    "data at a delegation": [SUB_NS, ("A", "sub", A)],
    "data below a delegation": [SUB_NS, ("A", "www.sub", A)],
    "data far below a delegation": [SUB_NS, ("TXT", "a.b.c.sub", "x")],
    "a wildcard below a delegation": [SUB_NS, ("A", "*.sub", A)],
    "a delegation below a delegation": [SUB_NS, ("NS", "a.sub", "ns.example.org")],
    "other data beside glue": [*SUB_GLUED, ("TXT", "ns.sub", "x")],
    "other data at a nameserver of another delegation": [
        SUB_NS,
        ("NS", "other", "ns.sub.example.com"),
        ("TXT", "ns.sub", "x"),
    ],
    "data below the server of a delegation": [*SUB_GLUED, ("A", "a.ns.sub", A)],
}


@pytest.mark.parametrize("rows", BELOW.values(), ids=BELOW.keys())
def test_occluded_data_is_found_from_the_cut_and_from_the_data(rows: list[Row]) -> None:
    cut, hidden = "sub", rows[-1][1]
    assert "name" in fields(rows, cut), "the delegation came last"
    assert "name" in fields(rows, hidden), "the data came last"
    assert all("hide" in one.detail or "delegation" in one.detail for one in findings(rows, cut, hidden))


def test_former_sibling_glue_is_found_from_its_nameserver() -> None:
    rows: list[Row] = [SUB_NS, ("A", "ns.sub", A)]
    gone = Delete(record("NS", "other", "ns.sub.example.com"))
    found = check(InMemoryZone([record(*row) for row in rows]), touched_owners([gone]))
    assert [finding.field for finding in found] == ["name"]
    elsewhere = Delete(record("NS", "other", "ns.example.org"))
    assert check(InMemoryZone([record(*row) for row in rows]), touched_owners([elsewhere])) == []


def test_former_glue_may_stay_below_a_child_zone() -> None:
    view = InMemoryZone([record("A", "ns.sub", A)], children=[dns.name.from_text("sub", ORIGIN)])
    former = {dns.name.from_text("ns.sub", ORIGIN)}
    assert [one.field for one in check(view, former)] == ["name"] and check(view, former, former=former) == []
    cut = InMemoryZone([record(*SUB_NS), record("A", "x.sub", A)])
    below = {dns.name.from_text("x.sub", ORIGIN)}
    assert [one.field for one in check(cut, below, former=below)] == ["name"] and check(cut, below, below) == []


CHILD: dict[str, tuple[list[Row], str | None]] = {
    "nothing": ([], None),
    "NS of others": ([SUB_NS], None),
    "NS of others with glue": (SUB_GLUED, None),
    "NS of others at the name itself": ([("NS", "sub", "sub.example.com"), ("A", "sub", A)], None),
    "DS": ([SUB_NS, DS], "name"),
    "an address": ([("A", "sub", A)], "name"),
    "an alias": ([("CNAME", "sub", "a.example.org")], "name"),
    "data below": ([("A", "www.sub", A)], "name"),
    "a delegation below": ([("NS", "a.sub", "ns.example.org")], "name"),
    "NS of the appliance": ([("NS", "sub", "ns1.appliance.test.")], "value"),
    "99 NS": ([("NS", "sub", f"ns{number}.example.org") for number in range(99)], "value"),
    "a child zone below a delegation elsewhere": ([("NS", "b", "ns.example.org")], None),
}


@pytest.mark.parametrize(("rows", "field"), CHILD.values(), ids=CHILD.keys())
def test_a_child_zone_is_a_cut(rows: list[Row], field: str | None) -> None:
    children = [dns.name.from_text(name, ORIGIN) for name in ("sub", "a.b")]
    records = [record(*row) for row in rows]
    found = check(InMemoryZone(records, children=children), {one.owner for one in records})
    assert [finding.field for finding in found] == ([field] if field else [])


def test_former_glue_is_found_from_the_delegation() -> None:
    rows = [row for row in SUB_GLUED if row[0] != "NS"]
    assert fields([SUB_NS, *rows], "sub") == ["name"] and fields(rows, "sub") == []


def test_a_deletion_is_checked_at_its_empty_name() -> None:
    assert fields([DS], "sub") == ["name"]
    assert fields([("NS", "@", "ns.example.com")], "ns") == ["value"]
    assert fields([("NS", "@", "ns.example.com"), ("A", "*", A)], "ns") == []


def test_the_search_for_occluded_data_ends_at_the_first() -> None:
    visited: list[Name] = []

    class Counting(InMemoryZone):
        def below(self, owner: Name) -> Iterator[tuple[Name, Node]]:
            for name, node in super().below(owner):
                visited.append(name)
                yield name, node

    rows = [record(*SUB_NS), *(record("A", f"h{number}.sub", A) for number in range(50))]
    assert len(check(Counting(rows), {rows[0].owner})) == 1 and len(visited) == 1


def test_untouched_names_are_not_checked() -> None:
    assert findings([("CNAME", "www", "a.example.org"), ("A", "www", A), ("A", "x", A)], "x") == []


@given(any_records)
def test_any_zone_can_be_checked(records: list[Record]) -> None:
    view = InMemoryZone(records)
    everything = check(view, view.by_owner)
    assert all(finding.field in {"name", "value"} and finding.detail for finding in everything)
    apex = group_rrsets(records).get(ORIGIN, {})
    if RdataType.CNAME in apex:
        assert everything
    assert check(InMemoryZone([]), view.by_owner) == [] and view.servers == SERVERS


def test_a_wildcard_gives_no_address_beside_an_own_nameserver() -> None:
    """The name above a nameserver exists, so the wildcard answers for nothing below it."""
    zone = InMemoryZone([record("NS", "@", "ns.dns.example.com"), record("A", "*", A)])
    assert not check(zone, [ORIGIN])
    zone.servers = (dns.name.from_text("ns1.dns.example.com"),)
    assert [finding.field for finding in check(zone, [ORIGIN])] == ["value"]
