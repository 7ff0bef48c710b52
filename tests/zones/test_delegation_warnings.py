"""Warnings about nameservers and delegations, each with the closest case that has none."""

from __future__ import annotations

import pytest

from appliance.zones.zone_warning import (
    FOREIGN_NS,
    NS_TTL_LOW,
    NS_WITHOUT_ADDRESS,
    OCCLUDED,
    SINGLE_ADDRESS_NS,
    TARGET_IS_ALIAS,
)
from tests.zones.warned import OTHER, A, Row, codes, warnings_of

NS: Row = ("NS", "sub", "ns.sub.example.com")
SECOND: Row = ("NS", "sub", "ns2.sub.example.com")
OUTSIDE: Row = ("NS", "sub", "ns.other.example.com")
GLUE: Row = ("A", "ns.sub", A)
CASES: dict[str, tuple[list[Row], str, list[str]]] = {
    "a nameserver below its delegation without an address": ([NS], "sub", [NS_WITHOUT_ADDRESS]),
    "with glue": ([NS, GLUE], "sub", []),
    "a wildcard is no glue": ([NS, ("AAAA", "*", "2001:db8::1")], "sub", [NS_WITHOUT_ADDRESS]),
    "a nameserver elsewhere in the zone without an address": ([OUTSIDE], "sub", [NS_WITHOUT_ADDRESS]),
    "a wildcard is an address there": ([OUTSIDE, ("A", "*", A)], "sub", []),
    "an alias": ([OUTSIDE, ("CNAME", "ns.other", "a.example.org")], "sub", [TARGET_IS_ALIAS]),
    "an alias by a wildcard": ([OUTSIDE, ("CNAME", "*", "a.example.org")], "sub", [TARGET_IS_ALIAS]),
    "in another zone": ([("NS", "sub", "ns.example.org")], "sub", []),
    "a nameserver of the appliance": ([("NS", "sub", "ns1.example.com")], "sub", []),
    "a nameserver in a child zone": ([("NS", "sub", "ns.child.example.com")], "sub", []),
    "the address was deleted": ([NS, OUTSIDE, GLUE], "ns.other", [NS_WITHOUT_ADDRESS]),
    "two nameservers with one address": ([NS, SECOND, GLUE, ("A", "ns2.sub", A)], "sub", [SINGLE_ADDRESS_NS]),
    "two nameservers with an address each": ([NS, SECOND, GLUE, ("A", "ns2.sub", OTHER)], "sub", []),
    "two nameservers with IPv4 and IPv6": ([NS, SECOND, GLUE, ("AAAA", "ns2.sub", "2001:db8::1")], "sub", []),
    "one of two without an address": ([NS, SECOND, GLUE], "sub", [NS_WITHOUT_ADDRESS]),
    "two nameservers behind one wildcard": (
        [OUTSIDE, ("NS", "sub", "ns.any.example.com"), ("A", "*", A)],
        "sub",
        [SINGLE_ADDRESS_NS],
    ),
    "a second nameserver that is not known": ([NS, GLUE, ("NS", "sub", "ns.example.org")], "sub", []),
    "a nameserver at the apex that is not the appliance's": ([("NS", "@", "ns.example.org")], "@", [FOREIGN_NS]),
    "the apex without one": ([("A", "@", A)], "@", []),
    "data below a child zone": ([("TXT", "www.child", "x")], "www.child", [OCCLUDED]),
    "data at a child zone": ([("A", "child", A)], "child", [OCCLUDED]),
    "NS at a child zone": ([("NS", "child", "ns.example.org")], "child", []),
    "one nameserver at a child zone": ([("NS", "child", "ns.example.com")], "child", [NS_WITHOUT_ADDRESS]),
    "glue at a child zone": ([("NS", "child", "ns.child.example.com"), ("A", "ns.child", A)], "ns.child", []),
    "data beside it": ([("A", "www", A)], "www", []),
    "mail below a child zone has no other warning": ([("MX", "a.child", "b.example.com")], "a.child", [OCCLUDED]),
}


@pytest.mark.parametrize(("rows", "owner", "expected"), CASES.values(), ids=CASES.keys())
def test_each_code(rows: list[Row], owner: str, expected: list[str]) -> None:
    assert codes(rows, owner) == expected


@pytest.mark.parametrize(("ttl", "expected"), [(0, [NS_TTL_LOW]), (59, [NS_TTL_LOW]), (60, []), (3600, [])])
def test_a_low_ttl_of_a_delegation(ttl: int, expected: list[str]) -> None:
    assert codes([NS, GLUE], "sub", ttl) == expected


def test_the_ttl_of_the_appliance_is_not_judged() -> None:
    assert codes([("NS", "child", "ns.example.org")], "child", ttl=5) == []
    assert codes([("NS", "@", "ns.example.org")], "@", ttl=5) == [FOREIGN_NS]


def test_each_nameserver_has_its_own() -> None:
    found = warnings_of([NS, SECOND], "sub")
    assert [one.detail.partition(" ")[0] for one in found] == ["ns.sub.example.com", "ns2.sub.example.com"]
    assert [one.remedy for one in found] == [
        f"add an A or AAAA record at {name}.sub.example.com" for name in ("ns", "ns2")
    ]


def test_the_apex_ns_without_an_address_is_left_to_the_rules() -> None:
    assert codes([("NS", "@", "ns.example.com")], "@") == [FOREIGN_NS]
