"""Zones by domain in place of their uuid: in paths, in the body of a record, and in filters."""

from __future__ import annotations

from uuid import UUID

import pytest

from appliance.principal import TokenLimits
from tests.api.conftest import UNKNOWN, Application, Bearer, is_error

RECORD = {"record_type": "A", "name": "www", "value": "192.0.2.1"}


@pytest.mark.parametrize(
    ("domain", "key"),
    [
        ("example.com", "example.com"),
        ("example.com", "Example.COM"),
        ("example.com", "example.com."),
        ("bücher.example", "bücher.example"),
        ("bücher.example", "BÜCHER.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("0/25.2.0.192.in-addr.arpa", "0=2F25.2.0.192.in-addr.arpa"),
        ("0/25.2.0.192.in-addr.arpa", "0=2f25.2.0.192.IN-ADDR.arpa"),
    ],
)
def test_every_path_accepts_the_domain(me: Bearer, domain: str, key: str) -> None:
    zone = me.zone(domain)
    record_type = "PTR" if "arpa" in domain else "A"
    value = "host.example.com" if record_type == "PTR" else "192.0.2.1"
    body = {"record_type": record_type, "name": "1", "value": value}
    assert me("PATCH", f"/dns-zones/{key}/", {"comment": "by domain"}).get_json()["uuid"] == zone["uuid"]
    created = me("POST", f"/dns-zones/{key}/records/", body)
    assert created.status_code == 201, created.text
    by_domain, by_uuid = (me("GET", f"/dns-zones/{one}/").get_json() for one in (key, zone["uuid"]))
    assert by_domain == by_uuid
    assert me("GET", f"/dns-zones/{key}/records/").get_json() == by_uuid["records"] == [created.get_json()]
    assert me("GET", f"/dns-zones/{key}/deployment/").get_json()["serial"] == by_uuid["serial"]
    assert me("DELETE", f"/dns-zones/{key}/").status_code == 204
    assert me("GET", f"/dns-zones/{zone['uuid']}/").status_code == 404


@pytest.mark.parametrize("domain", ["日本.example", "0/25.2.0.192.in-addr.arpa"])
def test_the_links_of_a_list_lead_to_the_domain(me: Bearer, domain: str) -> None:
    me.zone(domain)
    answer = me("GET", f"/dns-zones/{domain.replace('/', '=2F')}/versions/")
    link = answer.headers["Link"]
    assert link.isascii() and link.startswith("</api/v1/dns-zones/")
    path, _, query = link.partition(">")[0].removeprefix("</api/v1").partition("?")
    assert me("GET", f"{path}?{query}").get_json() == answer.get_json()


def test_bodies_and_filters_accept_it_too(me: Bearer) -> None:
    zone = me.zone("0/25.2.0.192.in-addr.arpa")
    for number, key in enumerate(("0/25.2.0.192.In-Addr.arpa", "0=2F25.2.0.192.in-addr.arpa", zone["uuid"])):
        body = {"zone": key, "record_type": "PTR", "name": str(number), "value": "host.example.com"}
        created = me("POST", "/dns-records/", body)
        assert created.status_code == 201, created.text
        found = me("GET", "/dns-records/", query_string={"zone": key, "name": str(number)}).get_json()
        assert found == [created.get_json()]
    assert me("GET", "/dns-records/?zone=missing.example").get_json() == []


@pytest.mark.parametrize(
    "key", ["theirs.example", "missing.example", "a..b", "-", "*", "@", "com", f"{'a' * 64}.example"]
)
def test_no_zone_of_that_domain_is_404_for_every_reason(me: Bearer, other: Bearer, key: str) -> None:
    other.zone("theirs.example")
    unknown = me("GET", f"/dns-zones/{UNKNOWN}/")
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"comment": "x"}),
        ("DELETE", "", None),
        ("GET", "records/", None),
        ("POST", "records/", RECORD),
        ("GET", "deployment/", None),
    ):
        answer = me(method, f"/dns-zones/{key}/{path}", body)
        assert is_error(answer, 404, "not_found")
        assert answer.data == unknown.data


def test_a_token_sees_only_its_zones_by_domain(application: Application, me: Bearer) -> None:
    mine = me.zone("mine.example")
    me.zone("second.example")
    narrow = application.bearer("me@example.org", limits=TokenLimits(zones=frozenset({UUID(mine["uuid"])})))
    assert narrow("GET", "/dns-zones/mine.example/").status_code == 200
    assert narrow("GET", "/dns-zones/second.example/").status_code == 404


def test_the_document_says_so(me: Bearer) -> None:
    paths = me("GET", "/openapi.json").get_json()["paths"]
    for path in ("", "records/", "deployment/"):
        (parameter,) = paths[f"/api/v1/dns-zones/{{uuid}}/{path}"]["parameters"]
        assert "or its domain" in parameter["description"]
        assert "format" not in parameter["schema"]
