"""What the appliance keeps to itself in zones with the names of its nameservers."""

from __future__ import annotations

import dns.name
import pytest
from dns.rdatatype import RdataType

from appliance.zones.own_records import OwnAddress, check_own_records
from tests.zones.records import ORIGIN, InMemoryZone, record

A = "192.0.2.1"
ADDRESSES = (
    OwnAddress(dns.name.from_text("ns1.example.com"), RdataType.A, A),
    OwnAddress(dns.name.from_text("ns2.dns.example.com"), RdataType.AAAA, "2001:db8::2"),
)
CATALOG = dns.name.from_text("catalog.example.com")


def findings(*rows: tuple[str, str, str]) -> list[tuple[str | None, str]]:
    """Return field and message of the findings for a zone example.com with these records."""
    records = [record(*row) for row in rows]
    view, owners = InMemoryZone(records), {one.owner for one in records}
    return [(one.field, one.detail) for one in check_own_records(view, owners, ADDRESSES, CATALOG)]


@pytest.mark.parametrize("rdtype", ["A", "AAAA"])
@pytest.mark.parametrize("name", ["ns1", "ns2.dns"])
def test_addresses_of_nameservers_come_from_the_settings(rdtype: str, name: str) -> None:
    ((field, detail),) = findings((rdtype, name, A if rdtype == "A" else "2001:db8::2"))
    assert (
        field == "value"
        and detail == f"{name}.example.com is a nameserver of the appliance: its addresses come from the settings"
    )


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("CNAME", "ns1", "www.example.com"), "ns1.example.com cannot hold a CNAME"),
        (("NS", "ns1", "ns.example.org"), "would hide the nameserver ns1.example.com"),
        (("NS", "dns", "ns.example.org"), "would hide the nameserver ns2.dns.example.com"),
        (("TXT", "catalog", "x"), "in the appliance's catalog zone"),
        (("A", "a.catalog", A), "in the appliance's catalog zone"),
    ],
)
def test_nothing_hides_what_the_appliance_serves(row: tuple[str, str, str], words: str) -> None:
    ((field, detail),) = findings(row)
    assert field == "name" and words in detail


def test_the_rest_of_the_zone_is_the_operators() -> None:
    assert not findings(
        ("A", "www", A),
        ("TXT", "ns1", "other data of a nameserver"),
        ("NS", "sub", "ns1.example.com"),
        ("NS", "@", "ns.example.org"),
        ("CNAME", "*", "www.example.com"),
        ("A", "xcatalog", A),
    )


def test_other_zones_are_not_concerned() -> None:
    view = InMemoryZone([record("A", "www", A)])
    elsewhere = OwnAddress(dns.name.from_text("www.example.net"), RdataType.A, A)
    assert not list(check_own_records(view, {dns.name.from_text("www", ORIGIN)}, [elsewhere], None))
