"""Warnings about targets, each with the closest case that has none."""

from __future__ import annotations

import pytest

from appliance.zones.target_warnings import MAX_CHAIN
from appliance.zones.zone_warning import CNAME_CHAIN, TARGET_IS_ALIAS, TARGET_WITHOUT_ADDRESS
from tests.zones.warned import A, Row, codes, warnings_of

DMARC: Row = ("TXT", "_dmarc", "v=DMARC1; p=none")
MX: Row = ("MX", "@", "mail.example.com")
SRV: Row = ("SRV", "_sip._tcp", "1 2 sip.example.com")
ALIAS: Row = ("CNAME", "www", "lb.example.com")
CASES: dict[str, tuple[list[Row], str, list[str]]] = {
    "an MX without an address": ([MX], "@", [TARGET_WITHOUT_ADDRESS]),
    "with other data": ([MX, ("TXT", "mail", "x")], "@", [TARGET_WITHOUT_ADDRESS]),
    "with an address": ([MX, ("AAAA", "mail", "2001:db8::1")], "@", []),
    "with the address of a wildcard": ([MX, ("A", "*", A)], "@", []),
    "with a wildcard that does not reach it": ([MX, ("A", "*", A), ("A", "x.mail", A)], "@", [TARGET_WITHOUT_ADDRESS]),
    "an MX to itself without an address": ([("MX", "@", "example.com")], "@", [TARGET_WITHOUT_ADDRESS]),
    "an MX to an alias": ([MX, ("CNAME", "mail", "a.example.org")], "@", [TARGET_IS_ALIAS]),
    "an MX to an alias by a wildcard": ([MX, ("CNAME", "*", "a.example.org")], "@", [TARGET_IS_ALIAS]),
    "an MX in another zone": ([("MX", "@", "mail.example.org")], "@", []),
    "an MX in a child zone": ([("MX", "@", "mail.child.example.com")], "@", []),
    "an MX below a delegation": ([("MX", "@", "mail.sub.example.com"), ("NS", "sub", "ns.example.org")], "@", []),
    "an MX to a nameserver of the appliance": ([("MX", "@", "ns1.example.com")], "@", []),
    "a null MX": ([("MX", "@", ".")], "@", []),
    "an SRV without an address": ([SRV], "_sip._tcp", [TARGET_WITHOUT_ADDRESS]),
    "an SRV with an address": ([SRV, ("A", "sip", A)], "_sip._tcp", []),
    "an SRV to an alias": ([SRV, ("CNAME", "sip", "a.example.org")], "_sip._tcp", [TARGET_IS_ALIAS]),
    "an SRV without a service": ([("SRV", "_sip._tcp", "0 0 .")], "_sip._tcp", []),
    "an alias": ([ALIAS, ("A", "lb", A)], "www", []),
    "an alias of nothing": ([ALIAS], "www", []),
    "an alias of another zone": ([("CNAME", "www", "a.example.org")], "www", []),
    "an alias of an alias": ([ALIAS, ("CNAME", "lb", "a.example.org")], "www", [CNAME_CHAIN]),
    "its second alias": ([ALIAS, ("CNAME", "lb", "a.example.org")], "lb", []),
    "an alias of an alias by a wildcard": ([ALIAS, ("CNAME", "*", "a.example.org")], "www", [CNAME_CHAIN]),
    "an alias of an alias in a child zone": ([("CNAME", "www", "a.child.example.com")], "www", []),
    "two aliases of each other": ([ALIAS, ("CNAME", "lb", "www.example.com")], "www", [CNAME_CHAIN]),
    "a wildcard that is its own alias": ([("CNAME", "*", "a.example.com")], "*", [CNAME_CHAIN]),
}


@pytest.mark.parametrize(("rows", "owner", "expected"), CASES.values(), ids=CASES.keys())
def test_each_code(rows: list[Row], owner: str, expected: list[str]) -> None:
    assert codes([*rows, DMARC], owner) == expected


def test_a_chain_names_its_steps_and_its_end() -> None:
    rows: list[Row] = [ALIAS, ("CNAME", "lb", "b.example.com"), ("CNAME", "b", "c.example.org")]
    (warning,) = warnings_of(rows, "www")
    steps = "www.example.com is an alias of lb.example.com, which is an alias of b.example.com, which is an alias of"
    assert warning.detail.startswith(f"{steps} c.example.org:")
    assert warning.remedy == "let the CNAME at www.example.com name c.example.org"


def test_a_loop_says_where_it_closes() -> None:
    rows: list[Row] = [ALIAS, ("CNAME", "lb", "b.example.com"), ("CNAME", "b", "lb.example.com")]
    (warning,) = warnings_of(rows, "www")
    assert warning.detail.startswith("the alias www.example.com leads back to lb.example.com")


def test_a_chain_is_followed_so_far_and_no_further() -> None:
    rows: list[Row] = [("CNAME", f"a{at}", f"a{at + 1}.example.com") for at in range(3 * MAX_CHAIN)]
    (warning,) = warnings_of(rows, "a0")
    assert warning.remedy.endswith(f"name a{MAX_CHAIN}.example.com")


def test_the_remedy_names_the_record_and_its_target() -> None:
    (warning,) = warnings_of([MX, DMARC], "@")
    assert warning.detail.startswith("mail.example.com is a target of the MX records of example.com and has no address")
    assert "at mail.example.com" in warning.remedy and "MX record" in warning.remedy
