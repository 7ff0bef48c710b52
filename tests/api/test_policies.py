"""Policies of tokens: the first that matches decides; zones that none matches do not exist; rights apart; disuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.api.conftest import UNKNOWN, Application, Bearer, counted, created, is_error

ALL = ("dns:*", "account:read", "account:tokens")
EVERY_PERMISSION = {"name": "limited", "permissions": list(ALL)}


@pytest.fixture
def me(application: Application) -> Bearer:
    """A client that may do everything in its account."""
    return application.bearer("me@example.org", *ALL)


def policy(write: bool = True, **limits: object) -> dict[str, object]:
    """Return an entry of policies."""
    return {**limits, "write": write}


def limited(bearer: Bearer, *policies: Mapping[str, object], **fields: object) -> Bearer:
    """Return a client with a new token that has these policies."""
    body = {**EVERY_PERMISSION, **({"policies": policies} if policies else {}), **fields}
    return Bearer(bearer.client, created(bearer("POST", "/account/tokens/", body))["secret"])


def add(bearer: Bearer, zone: Mapping[str, Any], rdtype: str, name: str, value: str = "192.0.2.1") -> int:
    """Create a record and return the status."""
    body = {"record_type": rdtype, "name": name, "value": value}
    return bearer("POST", f"/dns-zones/{zone['uuid']}/records/", body).status_code


def test_the_first_policy_that_matches_a_record_decides(me: Bearer) -> None:
    zone, other = me.zone("one.example"), me.zone("two.example")
    client = limited(
        me,
        policy(zone="one.example", name="fixed", write=False),
        policy(zone=zone["uuid"], types=["A", "AAAA"]),
        policy(name="_acme-challenge.*", types=["TXT"]),
        policy(zone=other["uuid"], write=False),
    )
    assert [add(client, zone, "A", name) for name in ("www", "fixed", "@")] == [201, 403, 201]
    assert [add(client, zone, "TXT", name) for name in ("www", "_acme-challenge.www")] == [403, 201]
    assert [add(client, other, *one) for one in (("A", "www"), ("TXT", "_acme-challenge.www"))] == [403, 201]


def test_a_record_is_not_moved_out_of_or_into_a_policy(me: Bearer) -> None:
    zone = me.zone("one.example")
    own, foreign = me.record(zone, "A", "own", "192.0.2.1"), me.record(zone, "A", "foreign", "192.0.2.1")
    client = limited(me, policy(name="own*", types=["A"]))

    def patch(record: Mapping[str, Any], **fields: object) -> int:
        return client("PATCH", f"/dns-records/{record['uuid']}/", fields).status_code

    assert patch(own, name="elsewhere") == patch(foreign, name="own2") == patch(foreign, ttl=60) == 403
    assert patch(own, record_type="TXT") == 403
    assert patch(own, name="own2") == patch(own, ttl=60) == 200
    body = {"record_type": "A", "name": "elsewhere", "value": "192.0.2.1"}
    assert client("PUT", f"/dns-records/{own['uuid']}/", body).status_code == 403
    assert client("DELETE", f"/dns-records/{foreign['uuid']}/").status_code == 403


def test_a_ttl_is_not_set_for_records_of_others_through_their_set(me: Bearer) -> None:
    zone = me.zone("one.example")
    client = limited(me, policy(name="www", write=False), policy())
    me.record(zone, "A", "www", "192.0.2.1")
    body = {"record_type": "A", "name": "www", "value": "192.0.2.2", "ttl": 60}
    assert client("POST", f"/dns-zones/{zone['uuid']}/records/", body).status_code == 403


def test_a_zone_that_no_policy_matches_does_not_exist(me: Bearer) -> None:
    shown, hidden = me.zone("one.example"), me.zone("two.example")
    record, _ = me.record(hidden, "A", "www", "192.0.2.1"), me.record(shown, "A", "www", "192.0.2.1")
    client = limited(me, policy(zone="one.example", name="www", write=False))
    assert [zone["domain"] for zone in client("GET", "/dns-zones/").get_json()] == ["one.example"]
    assert client("GET", "/dns-zones/").headers["X-Total-Count"] == "1"
    assert [one["zone"] for one in client("GET", "/dns-records/").get_json()] == [shown["uuid"]]
    assert client("GET", f"/dns-zones/{shown['uuid']}/").get_json()["records"]
    unknown = client("GET", f"/dns-zones/{UNKNOWN}/")
    for method, path in (
        ("GET", f"/dns-zones/{hidden['uuid']}/"),
        ("DELETE", f"/dns-zones/{hidden['uuid']}/"),
        ("GET", f"/dns-zones/{hidden['uuid']}/records/"),
    ):
        answer = client(method, path)
        assert is_error(answer, 404, "not_found") and answer.data == unknown.data
    assert is_error(client("PATCH", f"/dns-records/{record['uuid']}/", {"ttl": 60}), 404, "not_found")
    assert {entry["zone"] for entry in client("GET", "/account/audit/").get_json()} == {shown["uuid"]}


def test_a_list_through_policies_needs_a_fixed_number_of_statements(me: Bearer) -> None:
    domains = [f"z{number}.example" for number in range(30)]
    for domain in domains:
        me.zone(domain)
    few = limited(me, *(policy(zone=domain) for domain in domains[:2]))
    many = limited(me, *(policy(zone=domain) for domain in domains))
    for client in (few, many):
        client("GET", "/dns-zones/")  # stores the first use of the token
    with counted() as of_few:
        assert few("GET", "/dns-zones/").headers["X-Total-Count"] == "2"
    with counted() as of_many:
        assert many("GET", "/dns-zones/").headers["X-Total-Count"] == "30"
    assert len(of_few) == len(of_many)


@pytest.mark.parametrize(
    ("policies", "allowed"),
    [
        ([policy()], True),
        ([policy(zone="one.example")], True),
        ([policy(zone="two.example", write=False), policy(zone="one.example")], True),
        ([policy(name="www"), policy(zone="one.example")], True),
        ([policy(name="*")], False),
        ([policy(types=["A"])], False),
        ([policy(name="www", write=False), policy(zone="one.example")], False),
        ([policy(zone="one.example", write=False), policy()], False),
    ],
)
def test_calls_on_a_whole_zone_need_a_policy_of_the_whole_zone(
    me: Bearer, policies: list[dict[str, object]], allowed: bool
) -> None:
    zone, _ = me.zone("one.example"), me.zone("two.example")
    client, path = limited(me, *policies), f"/dns-zones/{zone['uuid']}/"
    statuses = (client("PATCH", path, {"comment": "x"}).status_code, client("DELETE", path).status_code)
    assert statuses == ((200, 204) if allowed else (403, 403))


@pytest.mark.parametrize(
    ("fields", "created_zones", "deleted"),
    [
        ({"permissions": ["dns:*"]}, True, True),
        ({"permissions": ["dns:list", "dns:create", "dns:delete"], "create_zones": False}, False, True),
        ({"permissions": ["dns:list", "dns:create", "dns:delete"], "delete_zones": False}, True, False),
        ({"permissions": ["dns:list"]}, False, False),
        ({"permissions": ["dns:list"], "create_zones": True, "delete_zones": False}, True, False),
        ({"permissions": ["dns:list"], "delete_zones": True}, False, True),
    ],
)
def test_rights_to_create_and_delete_zones_are_apart(
    me: Bearer, fields: dict[str, object], created_zones: bool, deleted: bool
) -> None:
    zone = me.zone("one.example")
    client = limited(me, **fields)
    assert client("POST", "/dns-zones/", {"domain": "new.example"}).status_code == (201 if created_zones else 403)
    assert client("DELETE", f"/dns-zones/{zone['uuid']}/").status_code == (204 if deleted else 403)
    assert add(client, me.zone("three.example"), "A", "www") == (201 if fields["permissions"] != ["dns:list"] else 403)


def test_a_zone_is_created_where_a_policy_matches_its_domain(me: Bearer) -> None:
    client = limited(me, policy(zone="new.example"), policy(zone="part.example", name="www"), create_zones=True)
    assert is_error(client("POST", "/dns-zones/", {"domain": "other.example"}), 403, "permission_denied")
    assert is_error(client("POST", "/dns-zones/", {"domain": "part.example"}), 403, "permission_denied")
    zone = client.zone("new.example")
    assert add(client, zone, "A", "www") == 201
    assert [one["domain"] for one in client("GET", "/dns-zones/").get_json()] == ["new.example"]
    assert client("DELETE", f"/dns-zones/{zone['uuid']}/").status_code == 204


def test_a_deleted_zones_policy_does_not_pass_to_the_next_zone_of_its_name(me: Bearer) -> None:
    zone = me.zone("one.example")
    client = limited(me, policy(zone="one.example"))
    me("DELETE", f"/dns-zones/{zone['uuid']}/")
    assert client("GET", f"/dns-zones/{me.zone('one.example')['uuid']}/").status_code == 404


def test_only_a_zone_that_was_to_come_is_created_again(me: Bearer) -> None:
    me.zone("old.example")
    client = limited(me, policy(zone="old.example"), policy(zone="new.example"), create_zones=True, delete_zones=True)
    client.zone("new.example")
    for domain in ("old.example", "new.example"):
        assert client("DELETE", f"/dns-zones/{domain}/").status_code == 204
    refused = client("POST", "/dns-zones/", {"domain": "old.example"})
    assert is_error(refused, 403, "permission_denied") and "end with its deletion" in refused.get_json()["detail"]
    client.zone("new.example")


HELD = [policy(zone="one.example", name="www*", types=["A", "TXT"])]


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"policies": HELD}, True),
        ({"policies": [policy(zone="one.example", name="www", types=["A"])]}, True),
        ({"policies": [policy(zone="one.example", name="www.*", types=["A"], write=False)]}, True),
        ({"policies": [*HELD, policy(zone="one.example", types=["A"])]}, False),
        ({"policies": [policy(name="www", types=["A"])]}, False),
        ({"policies": [policy(zone="one.example", name="www")]}, False),
        ({"policies": [policy(zone="one.example", write=False)]}, False),
        ({"policies": [policy(zone="two.example", name="www", types=["A"])]}, False),
        ({"policies": None}, False),
        ({"policies": None, "zones": ["one.example"], "record_names": ["www"], "record_types": ["A"]}, False),
        ({"policies": HELD, "max_unused": None}, False),
        ({"policies": HELD, "max_unused": "31d"}, False),
        ({"policies": HELD, "create_zones": None}, False),
        ({"policies": HELD, "create_zones": True}, False),
        ({"policies": HELD, "permissions": ["dns:list"], "create_zones": None}, True),
    ],
)
def test_a_token_hands_on_no_more_than_it_may_write(me: Bearer, fields: dict[str, object], allowed: bool) -> None:
    for domain in ("one.example", "two.example"):
        me.zone(domain)
    client = limited(me, *HELD, create_zones=False, max_unused="30d")
    body = {**EVERY_PERMISSION, "create_zones": False, "max_unused": "30d", **fields}
    answer = client("POST", "/account/tokens/", body)
    assert created(answer) if allowed else is_error(answer, 403, "permission_denied")


def test_a_token_with_the_older_limits_hands_on_policies_within_them(me: Bearer) -> None:
    me.zone("one.example")
    client = limited(me, zones=["one.example"], record_names=["_acme-challenge*"], record_types=["TXT"])
    limited(client, policy(zone="one.example", name="_acme-challenge.www", types=["TXT"]))
    wide = {**EVERY_PERMISSION, "policies": [policy(zone="one.example", types=["TXT"])]}
    assert is_error(client("POST", "/account/tokens/", wide), 403, "permission_denied")


def test_a_new_token_shows_its_policies(me: Bearer) -> None:
    zone = me.zone("one.example")
    body = {
        **EVERY_PERMISSION,
        "policies": [policy(zone="ONE.example."), policy(zone="new.example", name="www", types=["A"], write=False)],
        "create_zones": True,
        "max_unused": "36h",
    }
    token = created(me("POST", "/account/tokens/", body))
    assert token["policies"] == [
        {"zone": zone["uuid"], "name": None, "types": None, "write": True},
        {"zone": "new.example", "name": "www", "types": ["A"], "write": False},
    ]
    assert (token["create_zones"], token["delete_zones"], token["max_unused"]) == (True, None, "36h")
    assert me("GET", f"/account/tokens/{token['uuid']}/").get_json()["policies"] == token["policies"]
    older = created(me("POST", "/account/tokens/", EVERY_PERMISSION))
    assert [older[name] for name in ("policies", "create_zones", "delete_zones", "max_unused")] == [None] * 4


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"policies": []}, "policies"),
        ({"policies": {}}, "policies"),
        ({"policies": ["one.example"]}, "policies.0"),
        ({"policies": [{}]}, "policies.0.write"),
        ({"policies": [policy(write="yes")]}, "policies.0.write"),  # type: ignore[arg-type]
        ({"policies": [policy(), policy(zone=UNKNOWN)]}, "policies.1.zone"),
        ({"policies": [policy(zone="unknown.example")]}, "policies.0.zone"),
        ({"policies": [policy(zone="foreign.example")], "create_zones": None}, "policies.0.zone"),
        ({"policies": [policy(zone=UNKNOWN)], "create_zones": True}, "policies.0.zone"),
        ({"policies": [policy(zone="-.example")], "create_zones": True}, "policies.0.zone"),
        ({"policies": [policy(name="WWW")]}, "policies.0.name"),
        ({"policies": [policy(name="[w]")]}, "policies.0.name"),
        ({"policies": [policy(types=["txt"])]}, "policies.0.types"),
        ({"policies": [policy(types=[])]}, "policies.0.types"),
        ({"policies": [policy(names="www")]}, "policies.0.names"),
        ({"policies": [policy()] * 101}, "policies"),
        ({"policies": [policy()], "record_types": ["TXT"]}, "policies"),
        ({"policies": [policy()], "zones": ["one.example"]}, "policies"),
        ({"create_zones": "yes"}, "create_zones"),
        ({"max_unused": "90"}, "max_unused"),
        ({"max_unused": 90}, "max_unused"),
        ({"max_unused": "0s"}, "max_unused"),
        ({"max_unused": "3651d"}, "max_unused"),
    ],
)
def test_invalid_policies_are_refused(
    application: Application, me: Bearer, fields: dict[str, object], field: str
) -> None:
    application.bearer("other@example.org").zone("foreign.example")
    me.zone("one.example")
    answer = me("POST", "/account/tokens/", {**EVERY_PERMISSION, **fields})
    assert is_error(answer, 400, "validation_error", field)


def test_a_token_is_void_after_disuse(application: Application, me: Bearer) -> None:
    used, unused = limited(me, max_unused="30d"), limited(me, max_unused="30d")
    for _ in range(2):
        application.clock.forward(days=30)
        assert used("GET", "/dns-zones/").status_code == 200
    assert is_error(unused("GET", "/dns-zones/"), 401, "invalid_token")
    application.clock.forward(days=30, seconds=1)
    assert is_error(used("GET", "/dns-zones/"), 401, "invalid_token")


def test_use_keeps_a_token_valid_however_short_its_time(application: Application, me: Bearer) -> None:
    client = limited(me, max_unused="10s")
    for _ in range(9):
        application.clock.forward(seconds=9)
        assert client("GET", "/dns-zones/").status_code == 200
        application.clock.forward(seconds=1)
        assert client("GET", "/dns-zones/").status_code == 200
    application.clock.forward(seconds=11)
    assert client("GET", "/dns-zones/").status_code == 401


def test_a_token_revokes_what_it_created_for_a_zone_that_was_to_come(me: Bearer) -> None:
    client = limited(me, policy(zone="new.example"), create_zones=True)
    client.zone("new.example")
    child = {"name": "child", "permissions": list(ALL), "policies": [policy(zone="new.example")]}
    uuid = created(client("POST", "/account/tokens/", child))["uuid"]
    assert client("DELETE", f"/account/tokens/{uuid}/").status_code == 204
