"""`POST /dns-zones/` with records and settings: all of it or nothing, under one serial."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Application, Bearer, created, is_error
from tests.workspace import read_all_rows

Json = dict[str, Any]
RECORDS = [
    {"record_type": "A", "name": "@", "value": "192.0.2.1"},
    {"record_type": "A", "name": "www", "value": "192.0.2.1", "ttl": 60, "comment": "the website"},
    {"record_type": "MX", "name": "@", "value": "mail.example.net", "priority": 10},
    {"record_type": "NS", "name": "sub", "value": "ns.sub.example.com"},
    {"record_type": "A", "name": "ns.sub", "value": "192.0.2.2"},
]


def test_a_zone_is_created_with_records_and_settings(application: Application, me: Bearer) -> None:
    settings = {"default_ttl": 300, "protected": True, "comment": "the shop"}
    zone = created(me("POST", "/dns-zones/", {"domain": "example.com", "records": RECORDS, **settings}))
    assert {name: zone[name] for name in settings} == settings
    shown = {(one["record_type"], one["name"]): one for one in zone["records"]}
    assert (zone["record_count"], len(shown)) == (5, 5)
    assert (shown["A", "@"]["ttl"], shown["A", "www"]["ttl"], shown["A", "www"]["comment"]) == (300, 60, "the website")
    assert me("GET", f"/dns-zones/{zone['uuid']}/").get_json() == zone
    rows = read_all_rows(application.settings.store.path)["change"]
    assert [(row["kind"], row["serial"]) for row in rows] == [("zone.create", zone["serial"])]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"record_type": "A", "name": "x", "value": "nonsense"}, "value"),
        ({"record_type": "A", "name": "x", "value": "192.0.2.1", "ttl": -1}, "ttl"),
        ({"record_type": "A", "name": "x"}, "value"),
        ({"record_type": "CNAME", "name": "www", "value": "example.net"}, "name"),
        (RECORDS[0], "value"),
        ({"record_type": "NS", "name": "@", "value": "ns1.appliance.test"}, "value"),
    ],
)
def test_a_refused_record_is_named_and_no_zone_is_created(me: Bearer, wrong: Json, field: str) -> None:
    answer = me("POST", "/dns-zones/", {"domain": "example.com", "records": [*RECORDS, wrong]})
    assert is_error(answer, 400, "validation_error", f"records.5.{field}")
    assert me("GET", "/dns-zones/").get_json() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("records", {}),
        ("records", [{}] * 10_001),
        ("default_ttl", -1),
        ("protected", 1),
        ("comment", "x" * 501),
        ("serial", -1),
        ("serial", 2**32),
    ],
)
def test_wrong_settings(me: Bearer, field: str, value: object) -> None:
    answer = me("POST", "/dns-zones/", {"domain": "example.com", field: value})
    assert is_error(answer, 400, "validation_error", field)


def test_the_first_serial_is_later_than_those_of_other_servers(me: Bearer) -> None:
    def serial(domain: str, former: int) -> int:
        return int(created(me("POST", "/dns-zones/", {"domain": domain, "serial": former}))["serial"])

    assert serial("old.example.com", 1) == 2031050400
    assert serial("new.example.com", 2031050400) == 2031050401
    assert serial("end.example.com", 2**32 - 1) == 2031050400
    assert serial("late.example.com", 3_000_000_000) == 3_000_000_001
    me("DELETE", "/dns-zones/late.example.com/")
    assert serial("late.example.com", 5) == 6, "later than both: serials wrap around"
    me("DELETE", "/dns-zones/late.example.com/")
    answer = me("POST", "/dns-zones/", {"domain": "late.example.com", "serial": 6 + 2**31})
    assert is_error(answer, 400, "validation_error", "serial")


def test_records_are_added_to_those_that_are_taken(me: Bearer) -> None:
    above = me.zone("example.com")
    taken = me.record(above, "A", "www.dev", "192.0.2.1")
    body = {"domain": "dev.example.com", "take_records": True, "records": RECORDS[:1]}
    zone = created(me("POST", "/dns-zones/", body))
    assert [(one["name"], one["uuid"] == taken["uuid"]) for one in zone["records"]] == [("@", False), ("www", True)]
    assert me("GET", f"/dns-zones/{above['uuid']}/records/").get_json() == []
    me("DELETE", "/dns-zones/dev.example.com/")
    me.record(above, "A", "www.dev", "192.0.2.1")
    same = {"record_type": "A", "name": "www", "value": "192.0.2.1"}
    assert is_error(me("POST", "/dns-zones/", {**body, "records": [same]}), 400, "validation_error", "records.0.value")


def test_records_may_not_be_hidden_by_a_zone_below(me: Bearer) -> None:
    me.zone("dev.example.com")
    hidden = {"record_type": "A", "name": "www.dev", "value": "192.0.2.1"}
    answer = me("POST", "/dns-zones/", {"domain": "example.com", "records": [hidden]})
    assert is_error(answer, 400, "validation_error", "records.0.name")
