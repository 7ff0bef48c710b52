"""Tokens created with tokens: never with more rights, their secret shown once; and the audit log."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest

from appliance.principal import TokenLimits
from tests.api.conftest import UNKNOWN, Application, Bearer, created, is_error

ALL = ("dns:*", "account:read", "account:tokens")
WHOLE = {"name": "laptop", "permissions": ["dns:list"]}
LIMITS = TokenLimits(
    networks=(ip_network("127.0.0.0/8"), ip_network("2001:db8::/32")),
    record_types=("TXT", "A"),
    record_names=("_acme-challenge.*", "www"),
)


@pytest.fixture
def me(application: Application) -> Bearer:
    """A client that may create and revoke tokens."""
    return application.bearer("me@example.org", *ALL)


def create(bearer: Bearer, **fields: object) -> dict[str, Any]:
    """Create a token."""
    return created(bearer("POST", "/account/tokens/", {**WHOLE, **fields}))


def test_a_token_is_created_read_used_and_revoked(application: Application, me: Bearer) -> None:
    answer = me("POST", "/account/tokens/", WHOLE)
    token = created(answer)
    location = answer.headers["Location"].removeprefix("/api/v1")
    other = Bearer(me.client, token.pop("secret"))
    assert other("GET", "/dns-zones/").status_code == 200
    shown = me("GET", location).get_json()
    assert shown == {**token, "last_used_at": application.clock().strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert list(shown)[:4] == ["uuid", "name", "prefix", "permissions"]
    assert shown in me("GET", "/account/tokens/").get_json()
    gone = me("DELETE", location)
    assert (gone.status_code, gone.data) == (204, b"")
    assert is_error(other("GET", "/dns-zones/"), 401, "invalid_token")
    for method in ("GET", "DELETE"):
        assert is_error(me(method, location), 404, "not_found")
    assert me("GET", "/account/tokens/").headers["X-Total-Count"] == "1"


@pytest.mark.parametrize("permission", ["dns:*", "account:read", "account:tokens"])
def test_permissions(application: Application, me: Bearer, permission: str) -> None:
    path = f"/account/tokens/{create(me)['uuid']}/"
    client = application.bearer("me@example.org", permission, "dns:list")
    reads, writes = permission == "account:read", permission == "account:tokens"
    for readable in ("/account/tokens/", path, "/account/audit/"):
        assert client("GET", readable).status_code == (200 if reads else 403)
    assert client("POST", "/account/tokens/", WHOLE).status_code == (201 if writes else 403)
    assert client("DELETE", path).status_code == (204 if writes else 403)


def test_another_accounts_tokens_do_not_exist(application: Application, me: Bearer) -> None:
    other = application.bearer("other@example.org", *ALL)
    path = f"/account/tokens/{create(me)['uuid']}/"
    for method in ("GET", "DELETE"):
        foreign, unknown = other(method, path), other(method, f"/account/tokens/{UNKNOWN}/")
        assert is_error(foreign, 404, "not_found") and foreign.data == unknown.data
        assert is_error(other(method, "/account/tokens/no-uuid/"), 404, "not_found")
    assert len(other("GET", "/account/tokens/").get_json()) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": None}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"permissions": []}, "permissions"),
        ({"permissions": ["dns:fly"]}, "permissions"),
        ({"permissions": "dns:list"}, "permissions"),
        ({"permissions": [1]}, "permissions.0"),
        ({"zones": []}, "zones"),
        ({"zones": ["no-uuid"]}, "zones"),
        ({"zones": [UNKNOWN]}, "zones"),
        ({"record_types": ["txt"]}, "record_types"),
        ({"record_types": ["SOA"]}, "record_types"),
        ({"record_names": ["A"]}, "record_names"),
        ({"record_names": ["[ab]"]}, "record_names"),
        ({"allowed_networks": ["192.0.2.1/24"]}, "allowed_networks"),
        ({"expires_at": "2031-05-04T11:59:59Z"}, "expires_at"),
        ({"expires_at": "2031-05-04"}, "expires_at"),
        ({"expires_at": 1}, "expires_at"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_invalid_tokens_are_refused(me: Bearer, fields: dict[str, object], field: str) -> None:
    assert is_error(me("POST", "/account/tokens/", {**WHOLE, **fields}), 400, "validation_error", field)


def test_a_zone_of_another_account_is_refused(application: Application, me: Bearer) -> None:
    foreign = application.bearer("other@example.org").zone("foreign.com")["uuid"]
    answer = me("POST", "/account/tokens/", {**WHOLE, "zones": [foreign]})
    assert is_error(answer, 400, "validation_error", "zones")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"allowed_networks": ["126.0.0.0/7"]},
        {"allowed_networks": ["0.0.0.0/0"]},
        {"allowed_networks": ["::/0"]},
        {"record_types": ["TXT", "MX"]},
        {"record_types": None},
        {"record_names": ["*"]},
        {"record_names": ["_acme-challenge*"]},
        {"record_names": ["ww?"]},
        {"expires_at": None},
        {"expires_at": "2031-05-05T12:00:01Z"},
        {"permissions": ["dns:*"]},
        {"permissions": ["dns:delete"]},
        {"permissions": ["account:read"]},
        {"zones": None},
    ],
)
def test_no_token_creates_one_that_may_do_more(application: Application, fields: dict[str, object]) -> None:
    zone = application.bearer("me@example.org").zone("example.com")["uuid"]
    expires = application.clock() + timedelta(days=1)
    limits = TokenLimits(expires, LIMITS.networks, frozenset({UUID(zone)}), LIMITS.record_types, LIMITS.record_names)
    narrow = application.bearer("me@example.org", "dns:list", "dns:update", "account:tokens", limits=limits)
    fits: dict[str, object] = {
        "expires_at": "2031-05-05T12:00:00Z",
        "zones": [zone],
        "allowed_networks": ["127.0.0.1/32", "2001:db8:1::/48"],
        "record_types": ["TXT"],
        "record_names": ["_acme-challenge.www", "_acme-challenge.*.dev", "www"],
    }
    assert create(narrow, **fits)["zones"] == [zone]
    wide = {**WHOLE, **fits, **fields} if fields else WHOLE
    assert is_error(narrow("POST", "/account/tokens/", wide), 403, "permission_denied")


def test_only_operators_create_admin_tokens(application: Application, me: Bearer) -> None:
    body = {**WHOLE, "permissions": ["admin:*"]}
    assert is_error(me("POST", "/account/tokens/", body), 403, "permission_denied")
    root = application.bearer("root@example.org", "admin:*")
    assert create(root, permissions=["admin:*"])["permissions"] == ["admin:*"]
    plain = application.bearer("root@example.org", "account:tokens")
    assert is_error(plain("POST", "/account/tokens/", body), 403, "permission_denied")


def test_no_token_revokes_one_that_may_do_more(application: Application, me: Bearer) -> None:
    narrow = application.bearer("me@example.org", "account:tokens", "dns:list")
    wide, equal = create(me, permissions=["dns:*"]), create(me, permissions=["dns:list"])
    assert is_error(narrow("DELETE", f"/account/tokens/{wide['uuid']}/"), 403, "permission_denied")
    assert narrow("DELETE", f"/account/tokens/{equal['uuid']}/").status_code == 204
    (own,) = [one for one in me("GET", "/account/tokens/").get_json() if narrow.secret.startswith(one["prefix"])]
    assert narrow("DELETE", f"/account/tokens/{own['uuid']}/").status_code == 204


def test_a_token_limited_to_records_changes_no_zone(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    limited = application.bearer("me@example.org", limits=TokenLimits(record_types=("TXT",)))
    assert is_error(limited("POST", "/dns-zones/", {"domain": "other.com"}), 403, "permission_denied")
    path = f"/dns-zones/{zone['uuid']}/"
    assert is_error(limited("PATCH", path, {"protected": True}), 403, "permission_denied")
    assert is_error(limited("DELETE", path), 403, "permission_denied")


def test_the_list_is_paged(me: Bearer) -> None:
    for number in range(4):
        create(me, name=f"n{number}")
    answer = me("GET", "/account/tokens/?page=2&page_size=2")
    assert [one["name"] for one in answer.get_json()] == ["n1", "n2"]
    assert answer.headers["X-Total-Count"] == "5" and 'rel="next"' in answer.headers["Link"]


def test_the_audit_log_has_actor_action_and_address(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    application.clock.forward(seconds=1)
    record = me.record(zone, "A", "www", "192.0.2.1")
    application.clock.forward(seconds=1)
    token = create(me)
    application.clock.forward(seconds=1)
    me("DELETE", f"/dns-records/{record['uuid']}/")
    me("DELETE", f"/dns-zones/{zone['uuid']}/", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    application.clock.forward(seconds=1)
    me("DELETE", f"/account/tokens/{token['uuid']}/")
    log = me("GET", "/account/audit/").get_json()
    assert [(entry["action"], entry["subject"], entry["added"], entry["removed"]) for entry in log] == [
        ("token.revoke", f"{token['prefix']} (laptop)", 0, 0),
        ("zone.delete", "example.com", 0, 0),
        ("records", "example.com", 0, 1),
        ("token.create", f"{token['prefix']} (laptop)", 0, 0),
        ("records", "example.com", 1, 0),
        ("zone.create", "example.com", 0, 0),
    ]
    assert {entry["actor"] for entry in log} == {"me@example.org (test)"}
    assert [entry["address"] for entry in log] == ["127.0.0.1", "192.0.2.7", *["127.0.0.1"] * 4]
    assert [entry["zone"] for entry in log if entry["serial"]] == [zone["uuid"]] * 4
    second = me("GET", "/account/audit/?page=2&page_size=2")
    assert second.get_json() == log[2:4] and second.headers["X-Total-Count"] == "6"


def test_the_audit_log_is_limited_to_the_account(application: Application, me: Bearer) -> None:
    other = application.bearer("other@example.org", *ALL)
    mine, theirs = me.zone("mine.com"), other.zone("theirs.com")
    create(other)
    root = application.bearer("root@example.org", "admin:*")
    root("PATCH", f"/dns-zones/{mine['uuid']}/", {"comment": "looked at"})

    def seen(bearer: Bearer) -> list[tuple[str, str | None]]:
        return sorted((entry["action"], entry["zone"]) for entry in bearer("GET", "/account/audit/").get_json())

    assert seen(me) == [("zone.create", mine["uuid"]), ("zone.settings", mine["uuid"])]
    assert len(seen(other)) == 2 and len(seen(root)) == 4
    limits = TokenLimits(zones=frozenset({UUID(theirs["uuid"])}))
    limited = application.bearer("other@example.org", "account:read", limits=limits)
    assert seen(limited) == [("zone.create", theirs["uuid"])]


def test_a_secret_is_shown_once(application: Application, me: Bearer) -> None:
    token: Mapping[str, Any] = create(me)
    secret = token["secret"]
    for path in ("/account/tokens/", f"/account/tokens/{token['uuid']}/", "/account/audit/", "/account/me/"):
        assert secret not in me("GET", path).text
    assert secret.encode() not in application.store.path.read_bytes()


def test_a_revoked_token_takes_those_that_it_created_with_it(application: Application, me: Bearer) -> None:
    def child(bearer: Bearer, name: str) -> tuple[dict[str, Any], Bearer]:
        token = create(bearer, name=name, permissions=["dns:list", "account:tokens"])
        return token, Bearer(me.client, token["secret"])

    (first, parent), (_, stranger) = child(me, "first"), child(me, "stranger")
    second, second_client = child(parent, "second")
    _, third = child(second_client, "third")
    assert second["created_by"] == first["uuid"]
    assert me("DELETE", f"/account/tokens/{first['uuid']}/").status_code == 204
    statuses = [one("GET", "/dns-zones/").status_code for one in (parent, second_client, third, stranger, me)]
    assert statuses == [401, 401, 401, 200, 200]
    log = [entry["subject"] for entry in me("GET", "/account/audit/").get_json() if entry["action"] == "token.revoke"]
    assert sorted(subject.partition(" ")[2] for subject in log) == ["(first)", "(second)", "(third)"]


@pytest.mark.parametrize("limit", ["zones", "record_types", "policies"])
def test_a_limited_token_sees_itself_and_what_it_created(me: Bearer, limit: str) -> None:
    zone = me.zone("example.com")["uuid"]
    values = {"zones": [zone], "record_types": ["TXT"], "policies": [{"zone": zone, "write": True}]}
    fields: dict[str, Any] = {limit: values[limit], "permissions": list(ALL)}
    own = create(me, name="own", **fields)
    limited = Bearer(me.client, own["secret"])
    hidden = create(me, name="hidden", permissions=["dns:list"], **{limit: values[limit]})
    child = create(limited, name="child", **fields)
    grandchild = create(Bearer(me.client, child["secret"]), name="grandchild", **fields)
    answer = limited("GET", "/account/tokens/")
    assert [one["uuid"] for one in answer.get_json()] == [one["uuid"] for one in (own, child, grandchild)]
    assert answer.headers["X-Total-Count"] == "3"
    unknown = limited("GET", f"/account/tokens/{UNKNOWN}/")
    for method in ("GET", "DELETE"):
        answer = limited(method, f"/account/tokens/{hidden['uuid']}/")
        assert is_error(answer, 404, "not_found") and answer.data == unknown.data
    assert limited("DELETE", f"/account/tokens/{child['uuid']}/").status_code == 204
    assert len(limited("GET", "/account/tokens/").get_json()) == 1


def test_the_audit_log_says_what_was_changed(me: Bearer) -> None:
    zone = me.zone("example.com")
    me("PATCH", f"/dns-zones/{zone['uuid']}/", {"default_ttl": 60, "protected": True, "comment": ""})
    older = create(me, zones=["example.com"], record_types=["TXT"], expires_at="2032-01-01T00:00:00Z")
    create(me, policies=[{"zone": "example.com", "name": "www", "write": True}], create_zones=False, max_unused="90d")
    me("DELETE", f"/account/tokens/{older['uuid']}/")
    details: dict[str, list[str]] = defaultdict(list)
    for entry in me("GET", "/account/audit/").get_json():
        details[entry["action"]].append(entry["detail"])
    assert details["zone.settings"] == ["default_ttl: 3600 → 60; protected: False → True"]
    assert sorted(details["token.create"]) == [
        "permissions dns:list; policies zone=example.com name=www write; create zones False; max unused 90d",
        "permissions dns:list; zones example.com; types TXT; expires 2032-01-01T00:00:00Z",
    ]
    assert details["token.revoke"] == details["zone.create"] == [""]


def test_a_tsig_key_comes_with_a_token_and_is_shown_once(me: Bearer) -> None:
    sent = {**WHOLE, "tsig": True}
    first, again = (created(me("POST", "/account/tokens/", sent, {"Idempotency-Key": "k"})) for _ in range(2))
    key = first["tsig"]
    assert again == first and list(key) == ["name", "algorithm", "secret"]
    assert (key["name"], key["algorithm"]) == (first["uuid"], "hmac-sha256")
    assert len(base64.b64decode(key.pop("secret"), validate=True)) == 32
    assert me("GET", f"/account/tokens/{first['uuid']}/").get_json()["tsig"] == key
    assert create(me)["tsig"] is None
    assert is_error(me("POST", "/account/tokens/", {**WHOLE, "tsig": "yes"}), 400, "validation_error", "tsig")
