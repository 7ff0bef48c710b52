"""Warnings about wildcards that stop answering, each with the closest case that has none."""

from __future__ import annotations

import pytest

from appliance.zones.wildcard_warnings import host_of
from appliance.zones.zone_warning import WILDCARD_SHADOWED
from tests.zones.records import record
from tests.zones.warned import A, Row, codes, warnings_of

ANY: Row = ("A", "*", A)
MAIL: Row = ("MX", "*", "mail.example.org")
ANY_IPV6: Row = ("AAAA", "*", "2001:db8::1")
DMARC: Row = ("TXT", "_dmarc", "v=DMARC1; p=none")
TEXT: Row = ("TXT", "www", "x")
CASES: dict[str, tuple[list[Row], str, list[str]]] = {
    "text beside a wildcard with addresses": ([ANY, TEXT], "www", [WILDCARD_SHADOWED]),
    "an IPv6 address beside one with IPv4": ([ANY, ("AAAA", "www", "2001:db8::2")], "www", [WILDCARD_SHADOWED]),
    "an IPv4 address beside one with both": ([ANY, ANY_IPV6, ("A", "www", A)], "www", []),
    "an IPv6 address beside one with IPv6": ([ANY_IPV6, ("AAAA", "www", "2001:db8::2")], "www", []),
    "text beside one with IPv6": ([ANY_IPV6, TEXT], "www", [WILDCARD_SHADOWED]),
    "text with an address": ([ANY, TEXT, ("A", "www", A)], "www", []),
    "an alias": ([ANY, ("CNAME", "www", "a.example.org")], "www", []),
    "text beside an alias": ([("CNAME", "*", "a.example.org"), TEXT], "www", [WILDCARD_SHADOWED]),
    "text beside mail": ([MAIL, TEXT], "www", [WILDCARD_SHADOWED]),
    "a host beside mail": ([MAIL, ("A", "www", A)], "www", []),
    "text beside text": ([("TXT", "*", "x"), TEXT], "www", []),
    "a delegation": ([ANY, ("NS", "www", "ns.example.org")], "www", []),
    "a child zone": ([ANY, ("NS", "child", "ns.example.org")], "child", []),
    "a nameserver of the appliance": ([ANY, ("TXT", "ns1", "x")], "ns1", []),
    "the apex": ([ANY, ("TXT", "@", "x")], "@", []),
    "a service": ([ANY, ("TXT", "_acme-challenge", "x")], "_acme-challenge", []),
    "a service of a host that exists by it alone": ([ANY, ("TXT", "_x.www", "x")], "_x.www", [WILDCARD_SHADOWED]),
    "a key of a service": ([ANY, ("TXT", "x._domainkey.www", "x")], "x._domainkey.www", [WILDCARD_SHADOWED]),
    "a service of a host with an address": ([ANY, ("A", "www", A), ("TXT", "_x.www", "x")], "_x.www", []),
    "the service was deleted": ([ANY], "_x.www", []),
    "the text was deleted": ([ANY], "www", []),
    "a host below": ([ANY, ("A", "a.www", A)], "www", []),
    "text below": ([ANY, ("TXT", "a.b", "x")], "a.b", [WILDCARD_SHADOWED]),
    "text below a host": ([ANY, ("TXT", "a.b", "x"), ("A", "b", A)], "a.b", []),
    "text beside another host below": ([ANY, ("TXT", "a.b", "x"), ("A", "c.b", A)], "a.b", []),
    "the nearest wildcard": ([ANY, ("TXT", "*.b", "x"), ("TXT", "a.b", "x")], "a.b", []),
    "a nearer wildcard": ([("A", "*.b", A), ("TXT", "a.b", "x")], "a.b", [WILDCARD_SHADOWED]),
    "a wildcard elsewhere": ([("A", "*.b", A), TEXT], "www", []),
    "a wildcard itself": ([ANY, ("TXT", "*.www", "x")], "*.www", []),
}


@pytest.mark.parametrize(("rows", "owner", "expected"), CASES.values(), ids=CASES.keys())
def test_each_code(rows: list[Row], owner: str, expected: list[str]) -> None:
    assert codes([*rows, DMARC], owner) == expected


def test_it_says_which_queries_the_wildcard_no_longer_answers() -> None:
    (warning,) = warnings_of([ANY, MAIL, TEXT, DMARC], "www")
    assert warning.detail == (
        "*.example.com no longer answers A and MX queries for www.example.com, which has records of its own (TXT)"
    )
    assert warning.remedy == "add A and MX records at www.example.com, unless it needs none"


def test_it_names_the_service_by_which_the_host_exists() -> None:
    (warning,) = warnings_of([ANY, ("TXT", "_acme-challenge.www", "x")], "_acme-challenge.www")
    assert warning.name == record("A", "www", A).owner
    assert warning.detail.endswith("for www.example.com, which has records at _acme-challenge.www.example.com")


def test_the_host_of_a_service() -> None:
    hosts = {"www": "www", "_x.www": "www", "_443._tcp.www": "www", "a._domainkey": "@", "@": "@", "a.b": "a.b"}
    owner = {name: record("TXT", name, "x").owner for name in (*hosts, *hosts.values())}
    assert all(host_of(owner[name]) == owner[host] for name, host in hosts.items())
