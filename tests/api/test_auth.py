"""Authentication, permissions, and the order in which a request is checked."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest

from appliance.principal import TokenLimits
from appliance.store import accounts
from tests.api.conftest import UNKNOWN, Application, Bearer, is_error

CALLS = [
    ("dns:list", "GET", "/dns-zones/", None),
    ("dns:create", "POST", "/dns-zones/", {"domain": "fresh.com"}),
    ("dns:list dns:read", "GET", "/dns-zones/{zone}/", None),
    ("dns:update", "PATCH", "/dns-zones/{zone}/", {"comment": "x"}),
    ("dns:delete", "DELETE", "/dns-zones/{zone}/", None),
    ("dns:list dns:read", "GET", "/dns-zones/{zone}/records/", None),
    ("dns:create", "POST", "/dns-zones/{zone}/records/", {"record_type": "A", "name": "n", "value": "192.0.2.1"}),
    ("dns:list dns:read", "GET", "/dns-zones/{zone}/deployment/", None),
    ("dns:list", "GET", "/dns-records/", None),
    ("dns:create", "POST", "/dns-records/", {"zone": "{zone}", "record_type": "A", "name": "n", "value": "192.0.2.1"}),
    ("dns:list dns:read", "GET", "/dns-records/{record}/", None),
    ("dns:update", "PUT", "/dns-records/{record}/", {"record_type": "A", "name": "m", "value": "192.0.2.1"}),
    ("dns:update", "PATCH", "/dns-records/{record}/", {"ttl": 60}),
    ("dns:delete", "DELETE", "/dns-records/{record}/", None),
]
PERMISSIONS = ("dns:list", "dns:read", "dns:create", "dns:update", "dns:delete", "account:read")


@pytest.mark.parametrize("permission", [*PERMISSIONS, "dns:*", "admin:*"])
@pytest.mark.parametrize(("needed", "method", "path", "body"), CALLS)
def test_permissions(
    application: Application,
    me: Bearer,
    permission: str,
    needed: str,
    method: str,
    path: str,
    body: dict[str, object] | None,
) -> None:
    zone = me.zone("example.com")
    words = {"zone": zone["uuid"], "record": me.record(zone, "A", "www", "192.0.2.1")["uuid"]}
    sent = body and {key: _filled(value, words) for key, value in body.items()}
    client = application.bearer("root@example.org" if permission == "admin:*" else "me@example.org", permission)
    answer = client(method, path.format(**words), sent)
    if permission in {*needed.split(), "dns:*", "admin:*"}:
        assert answer.status_code in (200, 201, 204)
    else:
        assert is_error(answer, 403, "permission_denied")


def _filled(value: object, words: dict[str, str]) -> object:
    return value.format(**words) if isinstance(value, str) else value


def test_every_call_names_its_permissions(application: Application) -> None:
    for rule in application.app.url_map.iter_rules():
        if rule.endpoint.split(".")[0] not in ("console", "document", "doors", "health"):
            view = getattr(application.app.view_functions[rule.endpoint], "view_class", None)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert hasattr(getattr(view, method.lower()), "permissions"), rule


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer {}x",
        "Bearer  {}",
        "Basic {}",
        "{}",
        "Bearer {}, Bearer {}",
        "Bearer vps_",
        "Bearer abc_0123456789abcdef0123456789",
    ],
)
def test_malformed_authorization_headers_are_refused(application: Application, header: str | None) -> None:
    secret = application.secret("me@example.org", "dns:*")
    headers = {} if header is None else {"Authorization": header.format(secret, secret)}
    answer = application.app.test_client().get(f"/api/v1/dns-zones/?token={secret}", headers=headers)
    assert is_error(answer, 401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_letter_case(application: Application, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {application.secret('me@example.org', 'dns:*')}"}
    assert application.app.test_client().get("/api/v1/dns-zones/", headers=headers).status_code == 200


def test_expired_and_revoked_tokens_are_refused(application: Application, me: Bearer) -> None:
    limits = TokenLimits(expires_at=application.clock() + timedelta(hours=1))
    short_lived, revoked = (
        application.bearer("me@example.org", "dns:*", limits=limits),
        application.bearer("me@example.org"),
    )
    assert short_lived("GET", "/dns-zones/").status_code == 200
    application.clock.forward(hours=1)
    assert is_error(short_lived("GET", "/dns-zones/"), 401, "invalid_token")
    with application.writing():
        token = accounts.find_token(revoked.secret)
        assert token
        accounts.revoke_token(token.uuid, application.clock())
    assert is_error(revoked("GET", "/dns-zones/"), 401, "invalid_token")
    assert me("GET", "/dns-zones/").status_code == 200
    with application.writing():
        accounts.disable_account("me@example.org", application.clock())
    assert is_error(me("GET", "/dns-zones/"), 401, "invalid_token")


@pytest.mark.parametrize(
    ("address", "status"), [("192.0.2.7", 200), ("::ffff:192.0.2.7", 200), ("198.51.100.1", 401), ("2001:db8::1", 401)]
)
def test_a_token_limited_to_networks(application: Application, address: str, status: int) -> None:
    limited = application.bearer("me@example.org", limits=TokenLimits(networks=(ip_network("192.0.2.0/24"),)))
    answer = limited("GET", "/dns-zones/", environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == status


def test_a_token_limited_to_zones(application: Application, me: Bearer) -> None:
    inside, outside = me.zone("inside.com"), me.zone("outside.com")
    limited = application.bearer("me@example.org", limits=TokenLimits(zones=frozenset({UUID(inside["uuid"])})))
    assert [zone["domain"] for zone in limited("GET", "/dns-zones/").get_json()] == ["inside.com"]
    assert limited("GET", "/dns-zones/").headers["X-Total-Count"] == "1"
    assert limited("GET", f"/dns-zones/{inside['uuid']}/").status_code == 200
    assert is_error(limited("GET", f"/dns-zones/{outside['uuid']}/"), 404, "not_found")
    assert is_error(limited("POST", "/dns-zones/", {"domain": "third.com"}), 403, "permission_denied")


def test_a_token_limited_to_records(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    limits = TokenLimits(record_types=("TXT",), record_names=("_acme-challenge*",))
    limited = application.bearer("me@example.org", limits=limits)
    limited.record(zone, "TXT", "_acme-challenge.www", "token")
    for record_type, name, value in (("TXT", "www", "x"), ("A", "_acme-challenge", "192.0.2.1")):
        body = {"record_type": record_type, "name": name, "value": value}
        assert is_error(limited("POST", f"/dns-zones/{zone['uuid']}/records/", body), 403, "permission_denied")


def test_last_use_is_stored_once_a_minute(application: Application, me: Bearer) -> None:
    def last_used() -> object:
        with application.store.connection():
            token = accounts.find_token(me.secret)
            assert token
            return token.last_used_at

    me("GET", "/dns-zones/")
    first = last_used()
    assert first == application.clock()
    application.clock.forward(seconds=59)
    me("GET", "/dns-zones/")
    assert last_used() == first
    application.clock.forward(seconds=1)
    me("GET", "/dns-zones/")
    assert last_used() == application.clock()


def test_objects_of_other_accounts_do_not_exist(me: Bearer, other: Bearer) -> None:
    zone = me.zone("example.com")
    record = me.record(zone, "A", "www", "192.0.2.1")
    shape = {"record_type": "A", "name": "n", "value": "192.0.2.1"}
    for method, path, body in (
        ("GET", "/dns-zones/{}/", None),
        ("PATCH", "/dns-zones/{}/", {"comment": "x"}),
        ("DELETE", "/dns-zones/{}/", None),
        ("GET", "/dns-zones/{}/records/", None),
        ("POST", "/dns-zones/{}/records/", shape),
        ("GET", "/dns-zones/{}/deployment/", None),
        ("GET", "/dns-records/{}/", None),
        ("PUT", "/dns-records/{}/", shape),
        ("PATCH", "/dns-records/{}/", {"ttl": 60}),
        ("DELETE", "/dns-records/{}/", None),
    ):
        foreign = other(method, path.format((zone if "zones" in path else record)["uuid"]), body)
        for unknown in (UNKNOWN, "no-uuid"):
            answer = other(method, path.format(unknown), body)
            assert is_error(answer, 404, "not_found")
            assert (foreign.status_code, foreign.data) == (answer.status_code, answer.data)
    flat = [other("POST", "/dns-records/", {**shape, "zone": uuid}) for uuid in (zone["uuid"], UNKNOWN)]
    assert flat[0].data == flat[1].data
    assert is_error(flat[0], 404, "not_found")
    assert other("GET", "/dns-zones/").get_json() == other("GET", "/dns-records/").get_json() == []
    assert me("GET", f"/dns-records/{record['uuid']}/").get_json() == record


def test_operators_see_everything(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    root = application.bearer("root@example.org", "admin:*")
    assert [one["uuid"] for one in root("GET", "/dns-zones/").get_json()] == [zone["uuid"]]
    assert root("PATCH", f"/dns-zones/{zone['uuid']}/", {"protected": True}).status_code == 200
    assert is_error(me("DELETE", f"/dns-zones/{zone['uuid']}/"), 409, "zone_protected")


def test_order_of_errors(application: Application, me: Bearer) -> None:
    anonymous, reader = Bearer(application.app.test_client(), "none"), application.bearer("me@example.org", "dns:read")
    zone = me.zone("example.com")
    for method, path in (("GET", "/nothing/"), ("GET", ""), ("PUT", "/dns-zones/"), ("GET", "/dns-zones/no-uuid/")):
        assert is_error(anonymous(method, path), 401, "invalid_token")
    assert is_error(reader("GET", "/nothing/"), 404, "not_found")
    assert is_error(reader("GET", ""), 404, "not_found")
    assert is_error(reader("PUT", "/dns-zones/", {}), 405, "method_not_allowed")
    broken: dict[str, Any] = {"data": b"{", "content_type": "text/plain"}
    records = f"/dns-zones/{zone['uuid']}/records/"
    assert is_error(reader("POST", records, **broken), 403, "permission_denied")
    assert is_error(me("POST", records, **broken), 415, "unsupported_media_type")
    large: dict[str, Any] = {"data": b"[" * 300_000, "content_type": "application/json"}
    assert is_error(me("POST", records, **large), 413, "payload_too_large")
    assert is_error(me("POST", f"/dns-zones/{UNKNOWN}/records/", {}), 400, "validation_error", "record_type")
    whole = {"record_type": "A", "name": "bad name", "value": "192.0.2.1"}
    assert is_error(me("POST", f"/dns-zones/{UNKNOWN}/records/", whole), 404, "not_found")
    assert is_error(me("POST", records, whole), 400, "validation_error", "name")


def test_other_methods(me: Bearer, application: Application) -> None:
    refused = me("OPTIONS", "/dns-zones/")
    assert is_error(refused, 405, "method_not_allowed")
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}
    head, get = me("HEAD", "/dns-zones/"), me("GET", "/dns-zones/")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["X-Total-Count"] == get.headers["X-Total-Count"]
    assert application.bearer("me@example.org", "dns:read")("HEAD", "/dns-zones/").status_code == 403


def test_a_write_shows_no_more_than_was_sent_to_a_token_that_may_not_read(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    record = me.record(zone, "A", "www", "192.0.2.1", comment="a secret")
    blind = application.bearer("me@example.org", "dns:update")
    own, of_zone = f"/dns-records/{record['uuid']}/", f"/dns-zones/{zone['uuid']}/"
    whole = {"record_type": "A", "name": "www", "value": "192.0.2.2"}
    for method, path, body, shown in (
        ("PATCH", own, {}, {}),
        ("PATCH", own, {"ttl": 60}, {"ttl": 60}),
        ("PATCH", own, {"ttl": None}, {}),
        ("PUT", own, whole, whole),
        ("PATCH", of_zone, {}, {}),
        ("PATCH", of_zone, {"default_ttl": 60, "deployment": 0}, {"default_ttl": 60}),
    ):
        answer = blind(method, path, body)
        assert answer.status_code == 200
        uuid = (record if path == own else zone)["uuid"]
        assert answer.get_json() == {"uuid": uuid, **shown}
    reader = application.bearer("me@example.org", "dns:update", "dns:read")
    assert reader("PATCH", own, {}).get_json()["value"] == "192.0.2.2"
