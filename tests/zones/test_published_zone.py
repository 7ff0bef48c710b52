"""The answers of a zone, by RFC 1034 section 4.3.2; `tests/stories/test_impact.py` compares them with those of BIND."""

from __future__ import annotations

from dataclasses import replace

import dns.name
import pytest
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.own_records import OwnAddress
from appliance.zones.published_zone import PublishedZone
from tests.workspace import APEX, SERVERS
from tests.zones.records import ORIGIN, InMemoryZone, record

ADDRESS = "192.0.2.1"
ROWS = [
    ("A", "www", ADDRESS),
    ("CNAME", "alias", "www.example.com"),
    ("A", "a.b.c", ADDRESS),
    ("A", "*.wild", ADDRESS),
    ("TXT", "x.wild", "x"),
    ("NS", "sub", "ns.sub.example.com"),
    ("NS", "sub", "ns.other.example.com"),
    ("NS", "sub", "www.example.com"),
    ("A", "ns.sub", ADDRESS),
    ("DS", "sub", f"1 8 2 {'ab' * 32}"),
    ("NS", "other", "ns.other.example.com"),
    ("A", "ns.other", "192.0.2.2"),
    ("NS", "child", "ns.example.org"),
    ("NS", "@", "ns.example.org"),
]
NS_OF_SUB = [f"sub.example.com. 300 IN NS {server}.example.com." for server in ("www", "ns.sub", "ns.other")]
GLUE = {"ns.sub.example.com. 300 IN A 192.0.2.1", "ns.other.example.com. 300 IN A 192.0.2.2"}


def zone() -> PublishedZone:
    server = dns.name.from_text("ns1.net", ORIGIN)
    apex = replace(APEX, addresses=(OwnAddress(server, RdataType.A, "192.0.2.53"),))
    view = InMemoryZone([record(*row) for row in ROWS], servers=SERVERS, children=[dns.name.from_text("child", ORIGIN)])
    return PublishedZone(view, apex)


def labels(name: str) -> tuple[bytes, ...]:
    return (ORIGIN if name == "@" else dns.name.from_text(name, ORIGIN)).labels


@pytest.mark.parametrize(
    ("name", "rdtype", "content"),
    [
        ("www", "A", ["www.example.com. 300 IN A 192.0.2.1"]),
        ("www", "MX", "NODATA"),
        ("none", "A", "NXDOMAIN"),
        ("below.www", "A", "NXDOMAIN"),
        ("alias", "A", ["alias.example.com. 300 IN CNAME www.example.com."]),
        ("alias", "CNAME", ["alias.example.com. 300 IN CNAME www.example.com."]),
        ("b.c", "A", "NODATA"),
        ("z.b.c", "A", "NXDOMAIN"),
        ("y.wild", "A", ["*.wild.example.com. 300 IN A 192.0.2.1"]),
        ("z.y.wild", "A", ["*.wild.example.com. 300 IN A 192.0.2.1"]),
        ("y.wild", "TXT", "NODATA"),
        ("x.wild", "A", "NODATA"),
        ("y.x.wild", "A", "NXDOMAIN"),
        ("wild", "A", "NODATA"),
        ("sub", "DS", [f"sub.example.com. 300 IN DS 1 8 2 {'ab' * 32}"]),
        ("child", "DS", "NODATA"),
        ("ns1.net", "A", ["ns1.net.example.com. 900 IN A 192.0.2.53"]),
        ("net", "A", "NODATA"),
    ],
)
def test_answers(name: str, rdtype: str, content: str | list[str]) -> None:
    assert zone().answers(labels(name)).of(RdataType[rdtype]).content == content


@pytest.mark.parametrize("name", ["sub", "ns.sub", "x.y.sub"])
def test_a_delegation_answers_with_its_nameservers_and_glue(name: str) -> None:
    answers = zone().answers(labels(name))
    assert {*answers.of(RdataType.A).content} == {*NS_OF_SUB, *GLUE} and answers.cut == labels("sub")


def test_nameservers_of_the_appliance_are_at_the_apex_and_at_child_zones() -> None:
    for name in ("@", "child"):
        owner = Name(labels(name)).to_text()
        expected = {
            f"{owner} 900 IN NS {server.to_text()}" for server in (*SERVERS, dns.name.from_text("ns.example.org"))
        }
        assert {*zone().answers(labels(name)).of(RdataType.NS).content} == expected


def test_negative_answers_are_cached_for_the_minimum_of_the_soa() -> None:
    assert zone().negative_ttl == APEX.minimum == 300
    assert PublishedZone(InMemoryZone([]), replace(APEX, ttl=60)).negative_ttl == 60


def test_names_below_another_that_do_not_exist_share_their_answers() -> None:
    published = zone()
    for name in ("@", "www", "b.c", "wild", "x.wild", "sub", "none"):
        assert published.answers_below(labels(name)) == published.answers(labels(f"zz.{name}".removesuffix(".@")))
