"""Zones in the JSON of PowerDNS's API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appliance.errors import InvalidValue
from appliance.imports.powerdns import read_zone, reason_against, zones_in


def rrset(name: str, record_type: str, *contents: str, disabled: bool = False) -> dict[str, Any]:
    rows = [{"content": one, "disabled": disabled} for one in contents]
    return {"name": name, "type": record_type, "ttl": 300, "records": rows, "comments": []}


ZONE = {
    "name": "example.com.",
    "kind": "Native",
    "serial": 7,
    "edited_serial": 2026010101,
    "rrsets": [
        rrset("example.com.", "SOA", "a.old.example. admin.old.example. 7 10800 3600 604800 3600"),
        rrset("example.com.", "MX", "10 mail.example.com.", "20 mail.example.net."),
        rrset("www.example.com.", "TXT", '"one; two" "three"'),
        rrset("off.example.com.", "A", "192.0.2.1", disabled=True),
        rrset("example.com.", "ALIAS", "host.example.net."),
    ],
}


def test_a_zone_of_the_api() -> None:
    (zone,) = zones_in(json.dumps(ZONE), "pdns.json")
    assert reason_against(zone) is None
    data = read_zone(zone, "pdns.json")
    assert [(one.where, one.record.value, one.record.priority) for one in data.records] == [
        ("pdns.json: example.com MX", "mail.example.com.", 10),
        ("pdns.json: example.com MX", "mail.example.net.", 20),
        ("pdns.json: www.example.com TXT", '"one; two" "three"', None),
    ]
    assert data.serial == 2026010101
    assert [one.where for one in data.refused] == ["pdns.json: example.com ALIAS"]
    assert [one.text for one in data.notes] == ["disabled in PowerDNS: left out"]


def test_several_zones_and_those_of_other_primaries() -> None:
    both = zones_in(json.dumps([ZONE, ZONE | {"kind": "Slave"}]), "all.json")
    assert [reason_against(one) for one in both] == [None, "a zone of the kind Slave: import it from its primary"]


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "has no zones"),
        ('{"name": "example.com."}', "no records of example.com.: request each zone by itself"),
    ],
)
def test_other_documents(document: str, detail: str) -> None:
    with pytest.raises(InvalidValue, match=detail):
        zones_in(document, "pdns.json")


@pytest.mark.parametrize(
    "rrsets",
    [
        [1],
        [{"name": "a."}],
        [rrset("a.", "A") | {"ttl": "x"}],
        [rrset("a.", "A") | {"records": [1]}],
        [rrset("a.", "TXT", "one\ntwo")],
        [rrset("a.\nb.", "TXT", "one")],
        [rrset("a.", "A", "1") | {"name": 1}],
    ],
)
def test_rrsets_that_are_none(rrsets: list[object]) -> None:
    with pytest.raises(InvalidValue):
        read_zone(ZONE | {"rrsets": rrsets}, "pdns.json")
