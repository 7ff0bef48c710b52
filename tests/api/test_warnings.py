"""Warnings over HTTP: the list of a zone, and their number in the header of a write."""

from __future__ import annotations

from tests.api.conftest import UNKNOWN, Application, Bearer, is_error
from tests.workspace import current_database

HEADER = "X-DNS-Warnings"


def test_a_delegation_without_an_address_is_a_warning(me: Bearer) -> None:
    zone = me.zone("warned.example")
    records, warnings = (f"/dns-zones/{zone['uuid']}/{name}/" for name in ("records", "warnings"))
    created = me("POST", records, {"record_type": "NS", "name": "sub", "value": "ns.sub.warned.example"})
    assert created.status_code == 201 and created.headers[HEADER] == "1"
    (shown,) = me("GET", warnings).get_json()
    assert (shown["code"], shown["name"]) == ("ns-without-address", "sub")
    assert "ns.sub.warned.example" in shown["detail"] and "ns.sub.warned.example" in shown["remedy"]
    assert me("POST", records, {"record_type": "TXT", "name": "x", "value": "x"}).headers[HEADER] == "0"
    glue = me("POST", records, {"record_type": "A", "name": "ns.sub", "value": "192.0.2.53"})
    assert glue.headers[HEADER] == "0" and me("GET", warnings).get_json() == []
    path = f"/dns-records/{glue.get_json()['uuid']}/"
    assert me("PATCH", path, {"ttl": 60}).headers[HEADER] == "0"
    assert me("DELETE", path).headers[HEADER] == "1", "the address of a nameserver is gone"
    assert is_error(me("GET", f"/dns-zones/{UNKNOWN}/warnings/"), 404, "not_found")


def test_records_that_a_zone_below_hides_are_a_warning(application: Application, me: Bearer) -> None:
    parent, child = me.zone("hiding.example"), me.zone("other.hiding.example")
    me.record(parent, "A", "www.sub", "192.0.2.1")
    with application.writing():  # as an older release accepted it
        current_database().execute_sql(
            "update zone set name = 'sub.hiding.example', name_key = 'example.hiding.sub.' where name = ?",
            (child["domain"],),
        )
    shown = me("GET", f"/dns-zones/{parent['uuid']}/warnings/").get_json()
    assert [(one["code"], one["name"]) for one in shown] == [("occluded", "www.sub")]
    assert me("GET", f"/dns-zones/{child['uuid']}/warnings/").get_json() == []


def test_the_warnings_of_a_zone_with_records(me: Bearer) -> None:
    records = [
        {"record_type": "MX", "name": "@", "value": "mail.example.com", "priority": 10},
        {"record_type": "CNAME", "name": "mail", "value": "host.example.com"},
        {"record_type": "CNAME", "name": "host", "value": "a.example.org"},
        {"record_type": "A", "name": "*", "value": "192.0.2.1"},
        {"record_type": "TXT", "name": "text", "value": "x"},
        {"record_type": "NS", "name": "@", "value": "ns.example.org"},
        {"record_type": "TXT", "name": "@", "value": "v=spf1 -all"},
        {"record_type": "TXT", "name": "@", "value": "v=spf1 mx -all"},
    ]
    created = me("POST", "/dns-zones/", {"domain": "example.com", "records": records})
    shown = me("GET", "/dns-zones/example.com/warnings/").get_json()
    assert [(one["name"], one["code"]) for one in shown] == [
        ("@", "target-is-alias"),
        ("@", "spf-twice"),
        ("@", "foreign-ns"),
        ("@", "mx-without-dmarc"),
        ("@", "spf-without-dmarc"),
        ("mail", "cname-chain"),
        ("text", "wildcard-shadowed"),
    ]
    assert created.status_code == 201 and created.headers[HEADER] == str(len(shown))
    me("DELETE", "/dns-zones/example.com/")
    assert me("POST", "/dns-zones/example.com/restore/").status_code == 200
    assert me("GET", "/dns-zones/example.com/warnings/").get_json() == shown
    assert me("POST", "/dns-zones/", {"domain": "example.net"}).headers[HEADER] == "0"


def test_the_header_has_the_warnings_at_the_name(me: Bearer) -> None:
    zone = me.zone("example.com")
    path = f"/dns-zones/{zone['uuid']}/records/"
    mail = {"record_type": "MX", "name": "@", "value": "mail.example.com", "priority": 10}
    assert me("POST", path, mail).headers[HEADER] == "2", "no address, no DMARC"
    assert me("POST", path, {"record_type": "A", "name": "www", "value": "192.0.2.1"}).headers[HEADER] == "0"
    assert me("POST", path, {"record_type": "A", "name": "mail", "value": "192.0.2.1"}).headers[HEADER] == "1"
    dmarc = {"record_type": "TXT", "name": "_dmarc", "value": "v=DMARC1; p=none"}
    assert me("POST", path, dmarc).headers[HEADER] == "0"
    restored = me("POST", f"/dns-zones/{zone['uuid']}/versions/{zone['serial']}/restore/").get_json()
    assert restored["warnings"] == []
