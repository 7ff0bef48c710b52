"""The calls of the service that this API re-implements, as a client of that service sends them."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from tests.api.conftest import UNKNOWN, Application, Bearer, is_error

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
RECORD_FIELDS = ["uuid", "record_type", "name", "value", "ttl", "priority", "created_at"]
ZONE_FIELDS = ["uuid", "domain", "created_at", "record_count"]


def test_a_zone_is_created(me: Bearer) -> None:
    answer = me("POST", "/dns-zones/", {"domain": "newdomain.com"})
    zone = answer.get_json()
    assert answer.status_code == 201
    assert (zone["domain"], zone["record_count"], zone["records"]) == ("newdomain.com", 0, [])
    assert list(zone)[:4] == ZONE_FIELDS
    assert UUID(zone["uuid"]).version == 4
    assert TIMESTAMP.fullmatch(zone["created_at"])
    assert answer.headers["Location"] == f"/api/v1/dns-zones/{zone['uuid']}/"
    assert answer.headers["X-Zone-Serial"] == str(zone["serial"])
    assert "Preference-Applied" not in answer.headers


@pytest.mark.parametrize(
    ("record_type", "name", "value", "priority", "shown"),
    [
        ("A", "@", "192.0.2.1", None, "192.0.2.1"),
        ("AAAA", "www", "2001:0db8::1", None, "2001:db8::1"),
        ("CNAME", "alias", "example.com", None, "example.com"),
        ("MX", "@", "mail.example.com", 10, "mail.example.com"),
        ("TXT", "spf", "v=spf1 include:_spf.google.com ~all", None, "v=spf1 include:_spf.google.com ~all"),
        ("NS", "sub", "ns1.example.com", None, "ns1.example.com"),
        ("SRV", "_sip._tcp", "10 5060 sip.example.com", 5, "10 5060 sip.example.com"),
        ("CAA", "@", '0 issue "letsencrypt.org"', None, '0 issue "letsencrypt.org"'),
    ],
)
def test_a_record_of_each_type(
    me: Bearer, record_type: str, name: str, value: str, priority: int | None, shown: str
) -> None:
    zone = me.zone("newdomain.com")
    more = {} if priority is None else {"priority": priority}
    body = {"record_type": record_type, "name": name, "value": value, **more}
    answer = me("POST", f"/dns-zones/{zone['uuid']}/records/", body)
    record = answer.get_json()
    assert answer.status_code == 201
    assert list(record)[:7] == RECORD_FIELDS
    assert record["zone"] == zone["uuid"]
    assert (record["record_type"], record["name"], record["value"]) == (record_type, name, shown)
    assert (record["ttl"], record["priority"]) == (3600, priority)
    assert answer.headers["Location"] == f"/api/v1/dns-records/{record['uuid']}/"
    assert int(answer.headers["X-Zone-Serial"]) > zone["serial"]
    assert me("GET", answer.headers["Location"].removeprefix("/api/v1")).get_json() == record


def test_reading(me: Bearer) -> None:
    zone = me.zone("example.com")
    expected = [me.record(zone, "A", "@", "192.0.2.1"), me.record(zone, "MX", "@", "mail.example.com", priority=10)]
    listed = me("GET", "/dns-zones/").get_json()
    assert [(one["domain"], one["record_count"]) for one in listed] == [("example.com", 2)]
    assert "records" not in listed[0]
    assert me("GET", f"/dns-zones/{zone['uuid']}/").get_json()["records"] == expected
    assert me("GET", f"/dns-zones/{zone['uuid']}/records/").get_json() == expected
    assert me("GET", f"/dns-records/?zone={zone['uuid']}&record_type=MX").get_json() == expected[1:]


def test_direct_access(me: Bearer) -> None:
    zone = me.zone("example.com")
    record = me.record(zone, "A", "www", "192.0.2.1")
    path = f"/dns-records/{record['uuid']}/"
    changed = me("PATCH", path, {"ttl": 1800}).get_json()
    assert (changed["ttl"], changed["value"]) == (1800, "192.0.2.1")
    replaced = me("PUT", path, {"record_type": "A", "name": "www2", "value": "192.0.2.7"}).get_json()
    assert (replaced["name"], replaced["ttl"], replaced["uuid"]) == ("www2", 3600, record["uuid"])
    flat = me("POST", "/dns-records/", {"zone": zone["uuid"], "record_type": "A", "name": "b", "value": "192.0.2.9"})
    assert (flat.status_code, flat.get_json()["fqdn"]) == (201, "b.example.com")
    gone = me("DELETE", path)
    assert (gone.status_code, gone.data, "Content-Type" in gone.headers) == (204, b"", False)
    assert is_error(me("GET", path), 404, "not_found")


def test_a_deleted_zone_is_created_again(me: Bearer) -> None:
    zone = me.zone("example.com")
    me.record(zone, "A", "@", "192.0.2.1")
    gone = me("DELETE", f"/dns-zones/{zone['uuid']}/")
    assert (gone.status_code, gone.data) == (204, b"")
    assert int(gone.headers["X-Zone-Serial"]) > zone["serial"]
    assert is_error(me("GET", f"/dns-zones/{zone['uuid']}/"), 404, "not_found")
    assert me("GET", "/dns-records/").get_json() == []
    again = me.zone("example.com")
    assert (again["uuid"] != zone["uuid"], again["record_count"]) == (True, 0)
    assert again["serial"] > int(gone.headers["X-Zone-Serial"])


def test_documented_errors(me: Bearer, other: Bearer, application: Application) -> None:
    zone = me.zone("newdomain.com")
    mail = {"record_type": "MX", "name": "x", "value": "mail.example.com"}
    refused = me("POST", f"/dns-zones/{zone['uuid']}/records/", mail)
    assert refused.get_json() == {
        "detail": "MX records require a priority value",
        "error_code": "validation_error",
        "field": "priority",
    }
    for bearer in (me, other):
        assert is_error(bearer("POST", "/dns-zones/", {"domain": "newdomain.com"}), 400, "validation_error", "domain")
    assert is_error(me("POST", "/dns-zones/", {"domain": "-bad-.com"}), 400, "validation_error", "domain")
    assert is_error(Bearer(application.app.test_client(), "abc")("GET", "/dns-zones/"), 401, "invalid_token")
    assert is_error(me("GET", f"/dns-zones/{UNKNOWN}/"), 404, "not_found")


def test_own_account(me: Bearer) -> None:
    body = me("GET", "/account/me/").get_json()
    assert body["account"]["email"] == "me@example.org"
    assert body["token"] == {"name": "test", "prefix": me.secret[:12], "permissions": ["dns:*"], "expires_at": None}
