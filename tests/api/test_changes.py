"""What PUT, PATCH and POST accept, and what they leave unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Bearer, is_error

Json = dict[str, Any]


@pytest.fixture
def zone(me: Bearer) -> Json:
    """A zone."""
    return me.zone("example.com")


@pytest.fixture
def record(me: Bearer, zone: Json) -> Json:
    """A record of that zone."""
    return me.record(zone, "A", "www", "192.0.2.1")


def test_an_empty_patch_changes_nothing(me: Bearer, zone: Json, record: Json) -> None:
    before = me("GET", f"/dns-zones/{zone['uuid']}/").get_json()
    answer = me("PATCH", f"/dns-records/{record['uuid']}/", {})
    assert (answer.status_code, answer.get_json()) == (200, record)
    assert answer.headers["X-Zone-Serial"] == str(before["serial"])
    assert me("PATCH", f"/dns-zones/{zone['uuid']}/", {}).status_code == 200
    assert me("GET", f"/dns-zones/{zone['uuid']}/").get_json() == before


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_record_is_accepted_as_it_was_received(me: Bearer, zone: Json, record: Json, method: str) -> None:
    path = f"/dns-records/{record['uuid']}/"
    assert me(method, path, record).get_json() == record
    moved = me(method, path, {**record, "name": "www2", "comment": "hello"}).get_json()
    assert (moved["name"], moved["fqdn"], moved["comment"]) == ("www2", "www2.example.com", "hello")
    for field in ("uuid", "zone", "created_at", "fqdn", "updated_at"):
        for other in ("other", None, 5):
            assert is_error(me(method, path, {**moved, field: other}), 400, "validation_error", field)
    assert is_error(
        me(method, path, {**moved, "expires_at": "2030-01-01T00:00:00Z"}), 400, "validation_error", "expires_at"
    )
    assert me("GET", path).get_json() == moved


@pytest.mark.parametrize("field", ["uuid", "created_at", "zone", "fqdn", "updated_at"])
def test_read_only_fields_are_refused_in_a_post(me: Bearer, zone: Json, record: Json, field: str) -> None:
    body = {"record_type": "A", "name": "n", "value": "192.0.2.1", field: record[field]}
    assert is_error(me("POST", f"/dns-zones/{zone['uuid']}/records/", body), 400, "validation_error", field)


def test_a_zone_is_accepted_as_it_was_received(me: Bearer, zone: Json, record: Json) -> None:
    path = f"/dns-zones/{zone['uuid']}/"
    shown = me("GET", path).get_json()
    assert me("PATCH", path, shown).status_code == 200
    for field in ("uuid", "domain", "created_at", "record_count", "domain_unicode", "serial", "updated_at", "records"):
        for other in ("other", None, 5):
            assert is_error(me("PATCH", path, {**shown, field: other}), 400, "validation_error", field)
    assert me("GET", path).get_json() == shown


def test_settings_of_a_zone(me: Bearer, zone: Json) -> None:
    path = f"/dns-zones/{zone['uuid']}/"
    answer = me("PATCH", path, {"default_ttl": 60, "protected": True, "comment": "mine", "dnssec": False})
    changed = answer.get_json()
    assert (changed["default_ttl"], changed["protected"], changed["comment"]) == (60, True, "mine")
    assert answer.headers["X-Zone-Serial"] == str(zone["serial"])
    assert me.record(zone, "A", "@", "192.0.2.1")["ttl"] == 60
    assert is_error(me("DELETE", path), 409, "zone_protected")
    assert me("PATCH", path, {"protected": False}).status_code == 200
    assert me("DELETE", path).status_code == 204


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dnssec", 1),
        ("dnssec", None),
        ("protected", 1),
        ("protected", "true"),
        ("protected", None),
        ("default_ttl", 2**31),
        ("default_ttl", -1),
        ("default_ttl", True),
        ("default_ttl", 60.0),
        ("default_ttl", None),
        ("comment", None),
        ("comment", "a\u0007"),
        ("comment", "x" * 501),
        ("account", "x"),
    ],
)
def test_wrong_settings_of_a_zone(me: Bearer, zone: Json, field: str, value: object) -> None:
    assert is_error(me("PATCH", f"/dns-zones/{zone['uuid']}/", {field: value}), 400, "validation_error", field)


def test_ttl_and_priority_of_a_record(me: Bearer, zone: Json) -> None:
    first = me.record(zone, "MX", "@", "a.example.com", priority=10, ttl=60)
    second = me.record(zone, "MX", "@", "b.example.com", priority=20)
    assert second["ttl"] == 60
    third = me.record(zone, "MX", "@", "c.example.com", priority=20, ttl=120)
    assert third["ttl"] == 120
    assert {one["ttl"] for one in me("GET", "/dns-records/").get_json()} == {120}
    put = {"record_type": "MX", "name": "@", "value": "d.example.com"}
    path = f"/dns-records/{first['uuid']}/"
    assert is_error(me("PUT", path, put), 400, "validation_error", "priority")
    assert me("PUT", path, {**put, "priority": 5, "ttl": None}).get_json()["ttl"] == 120
    alone = me("PATCH", path, {"record_type": "CNAME", "name": "alias"}).get_json()
    assert (alone["record_type"], alone["priority"], alone["ttl"]) == ("CNAME", None, 120)


@pytest.mark.parametrize("slash", ["/", ""])
def test_every_path_works_with_and_without_its_trailing_slash(me: Bearer, slash: str) -> None:
    zone = me("POST", f"/dns-zones{slash}", {"domain": "example.com"}).get_json()
    body = {"record_type": "A", "name": "n", "value": "192.0.2.1"}
    record = me("POST", f"/dns-zones/{zone['uuid']}/records{slash}", body).get_json()
    flat = me("POST", f"/dns-records{slash}", {**body, "name": "m", "zone": zone["uuid"]})
    assert flat.status_code == 201
    path = f"/dns-records/{record['uuid']}{slash}"
    for method, sent in (("GET", None), ("PUT", body), ("PATCH", {"ttl": 60})):
        assert me(method, path, sent).status_code == 200
    assert me("DELETE", path).status_code == 204
    for one in ("records", "deployment"):
        assert me("GET", f"/dns-zones/{zone['uuid']}/{one}{slash}").status_code == 200
    assert me("GET", f"/account/me{slash}").status_code == 200
    assert me("GET", f"/dns-zones{slash}?search=example").headers["X-Total-Count"] == "1"
    assert me("PATCH", f"/dns-zones/{zone['uuid']}{slash}", {}).status_code == 200
    assert me("DELETE", f"/dns-zones/{zone['uuid']}{slash}").status_code == 204
    assert is_error(me("GET", "//dns-zones/"), 404, "not_found")


def test_lone_surrogates_are_escaped_in_errors(me: Bearer) -> None:
    answer = me("POST", "/dns-zones/", data=rb'{"\ud800": 1, "domain": "x.com"}', content_type="application/json")
    assert is_error(answer, 400, "validation_error", r"\ud800")


@pytest.mark.parametrize(
    ("path", "size", "most"), [("/dns-records/", 300_000, "256 KiB"), ("/dns-zones/", 34_000_000, "32768 KiB")]
)
@pytest.mark.parametrize("length", [None, ""], ids=["known", "unknown"])
def test_bodies_of_known_and_unknown_length_have_the_same_limit(
    me: Bearer, path: str, size: int, most: str, length: str | None
) -> None:
    environment = {} if length is None else {"CONTENT_LENGTH": length, "wsgi.input_terminated": True}
    sent: dict[str, Any] = {"content_type": "application/json", "environ_overrides": environment}
    answer = me("POST", path, data=b'{"domain": "%s"}' % (b"a" * size), **sent)
    assert is_error(answer, 413, "payload_too_large")
    assert answer.get_json()["detail"] == f"the body is larger than {most}"


def test_a_call_that_takes_whole_zones_has_a_higher_limit(me: Bearer) -> None:
    sent: dict[str, Any] = {"content_type": "application/json"}
    answer = me("POST", "/dns-zones", data=b'{"domain": "%s"}' % (b"a" * 300_000), **sent)
    assert is_error(answer, 400, "validation_error", "domain")
