"""Warnings: each with the closest case that is none."""

from __future__ import annotations

import dns.name
import pytest

from appliance.zones.warnings import NS_WITHOUT_ADDRESS, OCCLUDED, warnings_at
from tests.zones.records import ORIGIN, SERVERS, InMemoryZone, record

Row = tuple[str, str, str]
A = "192.0.2.1"
NS: Row = ("NS", "sub", "ns.sub.example.com")
OUTSIDE: Row = ("NS", "sub", "ns.other.example.com")
ALIAS: Row = ("CNAME", "ns.other", "a.example.org")
CASES: dict[str, tuple[list[Row], str, list[str]]] = {
    "a nameserver below its delegation without an address": ([NS], "sub", [NS_WITHOUT_ADDRESS]),
    "with glue": ([NS, ("A", "ns.sub", A)], "sub", []),
    "a wildcard is no glue": ([NS, ("AAAA", "*", "2001:db8::1")], "sub", [NS_WITHOUT_ADDRESS]),
    "a nameserver elsewhere in the zone without an address": ([OUTSIDE], "sub", [NS_WITHOUT_ADDRESS]),
    "a wildcard is an address there": ([OUTSIDE, ("A", "*", A)], "sub", []),
    "an alias is another matter": ([OUTSIDE, ALIAS], "sub", []),
    "in another zone": ([("NS", "sub", "ns.example.org")], "sub", []),
    "a nameserver of the appliance": ([("NS", "sub", "ns1.example.com")], "sub", []),
    "a nameserver in a child zone": ([("NS", "sub", "ns.child.example.com")], "sub", []),
    "the address was deleted": ([NS, OUTSIDE, ("A", "ns.sub", A)], "ns.other", [NS_WITHOUT_ADDRESS]),
    "data below a child zone": ([("TXT", "www.child", "x")], "www.child", [OCCLUDED]),
    "data at a child zone": ([("A", "child", A)], "child", [OCCLUDED]),
    "NS at a child zone": ([("NS", "child", "ns.example.org")], "child", []),
    "glue at a child zone": ([("NS", "child", "ns.child.example.com"), ("A", "ns.child", A)], "ns.child", []),
    "data beside it": ([("A", "www", A)], "www", []),
}


@pytest.mark.parametrize(("rows", "owner", "codes"), CASES.values(), ids=CASES.keys())
def test_each_code(rows: list[Row], owner: str, codes: list[str]) -> None:
    servers = (*SERVERS, dns.name.from_text("ns1", ORIGIN))
    view = InMemoryZone([record(*row) for row in rows], servers=servers, children=[dns.name.from_text("child", ORIGIN)])
    found = warnings_at(view, [dns.name.from_text(owner, ORIGIN)])
    assert [one.code for one in found] == codes and all(one.detail and one.remedy for one in found)


def test_the_apex_is_left_to_the_rules() -> None:
    assert warnings_at(InMemoryZone([record("NS", "@", "ns.example.com")]), [ORIGIN]) == []
