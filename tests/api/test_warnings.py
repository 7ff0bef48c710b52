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
