"""Values and names at the edge of what is accepted, as a client sends and receives them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Bearer, is_error

PRINTER = r"office\032printer._ipp._tcp"


@pytest.fixture
def zone(me: Bearer) -> dict[str, Any]:
    """A zone."""
    return me.zone("example.com")


def test_a_value_that_is_longer_when_printed_can_be_patched_and_sent_back(me: Bearer, zone: dict[str, Any]) -> None:
    sent = f'10 1 "https://a.example/{"é" * 19_900}"'
    record = me.record(zone, "URI", "_http._tcp", sent)
    assert len(record["value"]) > 4 * 19_900 * 2
    path = f"/dns-records/{record['uuid']}/"
    assert me("PATCH", path, {"ttl": 60}).get_json()["value"] == record["value"]
    fields = {name: record[name] for name in ("record_type", "name", "value", "priority")}
    assert me("PUT", path, fields).get_json()["value"] == record["value"]
    assert me("PUT", path, {**me("GET", path).get_json(), "comment": "sent back"}).status_code == 200


@pytest.mark.parametrize("target", ["xn--ls8h.example", "foo-.example.net"])
def test_a_target_is_data(me: Bearer, zone: dict[str, Any], target: str) -> None:
    assert me.record(zone, "CNAME", "alias", target)["value"] == target
    assert me.record(zone, "MX", "@", f"{target}.", priority=10)["value"] == target
    for name in (target.split(".", maxsplit=1)[0], f"{target}.example.com."):
        body = {"record_type": "A", "name": name, "value": "192.0.2.1"}
        assert is_error(me("POST", f"/dns-zones/{zone['uuid']}/records/", body), 400, "validation_error", "name")


def test_services_are_named_as_dns_sd_has_them(me: Bearer, zone: dict[str, Any]) -> None:
    pointer = me.record(zone, "PTR", "_ipp._tcp", r"Office\032Printer._ipp._tcp.example.com")
    service = me.record(zone, "SRV", r"Office\ Printer._ipp._tcp", "0 631 printer.example.com", priority=0)
    me.record(zone, "TXT", f"{PRINTER}.example.com.", "txtvers=1")
    assert pointer["value"] == service["fqdn"] == f"{PRINTER}.example.com"
    assert service["name"] == PRINTER
    found = me("GET", "/dns-records/", query_string={"zone": zone["uuid"], "name": r"Office\032Printer._ipp._tcp"})
    assert {one["record_type"] for one in found.get_json()} == {"SRV", "TXT"}
    moved = me("PATCH", f"/dns-records/{service['uuid']}/", {"name": r"Front\046Desk._ipp._tcp"}).get_json()
    assert moved["name"] == r"front\046desk._ipp._tcp"
    shown = {one["name"] for one in me("GET", f"/dns-zones/{zone['uuid']}/records/").get_json()}
    assert shown == {"_ipp._tcp", PRINTER, r"front\046desk._ipp._tcp"}


def test_brackets_around_strings_are_refused_with_a_hint(me: Bearer, zone: dict[str, Any]) -> None:
    body = {"record_type": "TXT", "name": "mail._domainkey", "value": '( "v=DKIM1; k=rsa; " "p=AAAA" )'}
    refused = me("POST", f"/dns-zones/{zone['uuid']}/records/", body)
    assert is_error(refused, 400, "validation_error", "value")
    assert "leave out the brackets" in refused.get_json()["detail"]
