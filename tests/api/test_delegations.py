"""Zones below zones over HTTP: the delegations shown, refusals, `take_records`, and a wait for both zones."""

from __future__ import annotations

from uuid import UUID

import dns.name
import pytest

from appliance.store import zones
from appliance.zones.deployment import NameserverState, Observation
from tests.api.conftest import NS1, NS2, Application, Bearer, created, is_error
from tests.api.test_policies import limited, policy
from tests.deployed import store_live, store_observations

ZONES = "/dns-zones/"


@pytest.fixture
def me(application: Application) -> Bearer:
    """A client that may do everything in its account, and create tokens."""
    return application.bearer("me@example.org", "dns:*", "account:tokens", "account:read")


def test_a_zone_shows_the_zones_that_it_delegates(me: Bearer) -> None:
    parent = me.zone("delegating.example")
    assert parent["delegations"] == []
    child = me.zone("a.b.delegating.example")
    shown = me("GET", f"{ZONES}{parent['uuid']}/").get_json()
    assert shown["delegations"] == [{"name": "a.b", "zone": child["uuid"], "ds": []}] and shown["record_count"] == 0
    assert shown["serial"] == parent["serial"] + 1 and list(shown)[-2:] == ["delegations", "records"]
    answer = me("PATCH", f"{ZONES}{parent['uuid']}/", shown)
    assert answer.status_code == 200, answer.text
    between = me.zone("b.delegating.example")
    assert between["delegations"] == [{"name": "a", "zone": child["uuid"], "ds": []}]
    assert me("DELETE", f"{ZONES}{between['uuid']}/").status_code == 204
    assert me("GET", f"{ZONES}{parent['uuid']}/").get_json()["delegations"][0]["name"] == "a.b"


def test_records_in_the_way_are_named_or_move_along(me: Bearer) -> None:
    parent = me.zone("splitting.example")
    record = me.record(parent, "A", "www.sub", "192.0.2.1", comment="kept")
    body = {"domain": "sub.splitting.example"}
    refused = me("POST", ZONES, body)
    assert is_error(refused, 400, "validation_error", "domain")
    assert "A www.sub.splitting.example" in refused.get_json()["detail"]
    child = created(me("POST", ZONES, body | {"take_records": True}))
    (moved,) = child["records"]
    same = ("uuid", "value", "ttl", "comment", "created_at", "fqdn")
    assert {key: moved[key] for key in same} == {key: record[key] for key in same}
    assert (moved["name"], moved["zone"], child["record_count"]) == ("www", child["uuid"], 1)
    below = {"record_type": "A", "name": "x.sub", "value": "192.0.2.1"}
    again = me("POST", f"{ZONES}{parent['uuid']}/records/", below)
    assert is_error(again, 400, "validation_error", "name")


def test_records_are_taken_only_with_the_permission_to_delete(application: Application, me: Bearer) -> None:
    parent = me.zone("guarded.example")
    me.record(parent, "A", "sub", "192.0.2.1")
    creator = application.bearer("me@example.org", "dns:create")
    refused = creator("POST", ZONES, {"domain": "sub.guarded.example", "take_records": True})
    assert is_error(refused, 403, "permission_denied")
    wrong = me("POST", ZONES, {"domain": "x.example", "take_records": 1})
    assert is_error(wrong, 400, "validation_error", "take_records")


def test_a_creator_without_permission_to_read_sees_nothing_of_what_it_took(
    application: Application, me: Bearer
) -> None:
    parent = me.zone("unread.example")
    me.record(parent, "TXT", "hidden.sub", "password")
    me.zone("a.sub.unread.example")
    writer = application.bearer("me@example.org", "dns:create", "dns:delete")
    sent = [{"record_type": "A", "name": "own", "value": "192.0.2.1"}]
    shown = created(writer("POST", ZONES, {"domain": "sub.unread.example", "take_records": True, "records": sent}))
    assert set(shown) == {"uuid", "domain"}
    assert me("GET", f"{ZONES}{shown['uuid']}/").get_json()["record_count"] == 2


def test_only_delegations_of_visible_zones_are_shown(me: Bearer) -> None:
    hidden, seen = me.zone("a.sub.partly.example"), me.zone("b.sub.partly.example")
    client = limited(me, policy(zone="sub.partly.example"), policy(zone=seen["uuid"]), create_zones=True)
    shown = client.zone("sub.partly.example")
    assert [one["zone"] for one in shown["delegations"]] == [seen["uuid"]]
    assert client("GET", f"{ZONES}{shown['uuid']}/").get_json()["delegations"] == shown["delegations"]
    assert client("GET", f"{ZONES}{hidden['uuid']}/").status_code == 404
    everything = me("GET", f"{ZONES}{shown['uuid']}/").get_json()["delegations"]
    assert [one["zone"] for one in everything] == [hidden["uuid"], seen["uuid"]]


def test_delegations_are_read_only(me: Bearer) -> None:
    parent = me.zone("constant.example")
    me.zone("sub.constant.example")
    path = f"{ZONES}{parent['uuid']}/"
    delegated = me("GET", path).get_json()["delegations"]
    assert is_error(me("PATCH", path, {"delegations": []}), 400, "validation_error", "delegations")
    assert me("PATCH", path, {"delegations": delegated, "comment": "x"}).status_code == 200


@pytest.mark.parametrize("more", [{}, {"take_records": True}], ids=["refused", "take_records"])
def test_nothing_is_said_of_a_zone_above_that_the_token_does_not_see(me: Bearer, more: dict[str, bool]) -> None:
    parent = me.zone("secret.example")
    me.record(parent, "TXT", "hidden.sub", "password")
    client = limited(me, policy(zone="sub.secret.example"), policy(zone="free.secret.example"), create_zones=True)
    refused = client("POST", ZONES, {"domain": "sub.secret.example", **more})
    assert is_error(refused, 400, "validation_error", "domain")
    assert refused.get_json()["detail"] == "sub.secret.example is not available"
    client.zone("free.secret.example")


def test_a_zone_is_created_beside_ns_records_that_the_token_may_not_write(me: Bearer) -> None:
    parent = me.zone("beside.example")
    record = me.record(parent, "NS", "sub", "ns.other.example", ttl=60)
    limited(me, policy(zone="sub.beside.example"), create_zones=True).zone("sub.beside.example")
    assert me("GET", f"/dns-records/{record['uuid']}/").get_json() == record


def serve(application: Application, domain: str) -> None:
    """Store that both nameservers serve the zone as it is now."""
    with application.writing():
        zone = zones.get_by_name(dns.name.from_text(domain))
        assert zone
        now = application.clock()
        seen = [Observation(name, zone.serial, NameserverState.LIVE, now) for name in (NS1, NS2)]
        store_live(zone.uuid, zone.serial, now)
        store_observations(zone.uuid, seen)


def test_a_wait_is_for_both_zones(application: Application, me: Bearer) -> None:
    me.zone("awaited.example")
    serve(application, "awaited.example")
    child = me.zone("sub.awaited.example")
    with application.store.connection():
        zone = zones.get_any(UUID(child["uuid"]))
    wait = application.deployment_wait
    serve(application, "sub.awaited.example")
    with application.store.connection():
        assert wait.current(zone)[1] == "live" and wait.current(zone, with_above=True)[1] is None
    serve(application, "awaited.example")
    with application.store.connection():
        assert wait.current(zone, with_above=True)[1] == "live"
