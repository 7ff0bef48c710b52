"""`/dns-zones/{uuid}/changes/`: all changes or none, in order, under one serial."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from appliance.principal import TokenLimits
from tests.api.conftest import UNKNOWN, Application, Bearer, is_error
from tests.workspace import read_all_rows

Json = dict[str, Any]


@pytest.fixture
def zone(me: Bearer) -> Json:
    """A zone."""
    return me.zone("example.com")


def change(caller: Bearer, zone: Json, *changes: Json, query: str = "", **more: object) -> TestResponse:
    """Send changes of a zone."""
    return caller("POST", f"/dns-zones/{zone['uuid']}/changes/{query}", {"changes": changes, **more})


def create(name: str, value: str, record_type: str = "A", **more: object) -> Json:
    """Return the change that creates a record."""
    return {"action": "create", "record_type": record_type, "name": name, "value": value, **more}


def replace(name: str, *values: object, record_type: str = "A", **more: object) -> Json:
    """Return the change that replaces a set."""
    return {"action": "replace", "record_type": record_type, "name": name, "values": values, **more}


def of_zone(caller: Bearer, zone: Json) -> list[Json]:
    """Return the records of the zone."""
    shown: list[Json] = caller("GET", f"/dns-zones/{zone['uuid']}/records/").get_json()
    return shown


def test_all_actions_in_order_under_one_serial(me: Bearer, zone: Json) -> None:
    kept, old = (me.record(zone, "A", "www", value, comment=value) for value in ("192.0.2.1", "192.0.2.2"))
    gone, moved = me.record(zone, "TXT", "@", "x"), me.record(zone, "MX", "@", "a.example.net", priority=10)
    before = me("GET", f"/dns-zones/{zone['uuid']}/").get_json()
    changes = (
        replace("www", "192.0.2.1", "192.0.2.3"),
        {"action": "delete", "uuid": gone["uuid"]},
        create("@", "y", "TXT", ttl=60),
        {**moved, "action": "update", "value": "b.example.net"},
        replace("in", {"value": "c.example.net", "priority": 5}, "d.example.net", record_type="MX", priority=20),
    )
    dry = change(me, zone, *changes, query="?dry_run=true")
    assert of_zone(me, zone) == before["records"] and "X-Zone-Serial" not in dry.headers
    answer = change(me, zone, *changes, comment="move")
    diff = answer.get_json()
    assert (answer.status_code, answer.headers["X-Zone-Serial"]) == (200, str(before["serial"] + 1))
    assert (diff["serial"], diff["applied"]) == (before["serial"] + 1, True)
    assert [one["value"] for one in diff["added"]] == ["192.0.2.3", "y", "c.example.net", "d.example.net"]
    assert [(one["priority"]) for one in diff["added"][2:]] == [5, 20]
    assert [one["uuid"] for one in diff["removed"]] == [old["uuid"], gone["uuid"]]
    (updated,) = diff["changed"]
    assert (updated["before"], updated["after"]["value"]) == (moved, "b.example.net")
    stored = {one["uuid"]: one for one in of_zone(me, zone)}
    assert stored[kept["uuid"]] == kept
    assert all(stored[one["uuid"]] == one for one in [*diff["added"], updated["after"]])
    planned = dry.get_json()
    assert (planned["serial"], planned["applied"], planned["change_id"]) == (diff["serial"], False, None)
    assert planned["removed"] == diff["removed"] and len(planned["added"]) == len(diff["added"])


def test_what_changes_nothing_gets_no_serial(me: Bearer, zone: Json) -> None:
    stored = me.record(zone, "A", "www", "192.0.2.1", ttl=60)
    serial = me("GET", f"/dns-zones/{zone['uuid']}/").get_json()["serial"]
    for changes in ([], [replace("www", "192.0.2.1")], [{**stored, "action": "update"}], [replace("none")]):
        diff = change(me, zone, *changes).get_json()
        assert (diff["serial"], diff["change_id"], diff["added"], diff["changed"]) == (serial, None, [], [])
    assert of_zone(me, zone) == [stored]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (create("www", "nonsense"), "value"),
        (create("www", "192.0.2.9", ttl=-1), "ttl"),
        (create("www", "192.0.2.9", uuid=UNKNOWN), "uuid"),
        (create("@", "www.example.net", "CNAME"), "name"),
        ({"action": "delete", "uuid": UNKNOWN}, "uuid"),
        ({"action": "delete", "uuid": "x"}, "uuid"),
        ({"action": "update", "uuid": UNKNOWN, "ttl": 5}, "uuid"),
        ({"action": "move", "uuid": UNKNOWN}, "action"),
        ({"uuid": UNKNOWN}, "action"),
        (replace("www", "192.0.2.9", "nonsense"), "values.1"),
        (replace("www", 5), "values.0"),
        (replace("@", {"value": "a.example.net", "priority": 70000}, record_type="MX"), "values.0.priority"),
        (replace("@", {"value": "a.example.net"}, record_type="MX"), "values.0.priority"),
        (replace("www", comment="x"), "comment"),
        ("create", None),
    ],
)
def test_a_refused_change_is_named_and_nothing_is_stored(
    application: Application, me: Bearer, zone: Json, wrong: object, field: str | None
) -> None:
    before = read_all_rows(application.settings.store.path)
    path = "changes.1" if field is None else f"changes.1.{field}"
    for query in ("", "?dry_run=true"):
        body = {"changes": [create("a", "192.0.2.1"), wrong]}
        answer = me("POST", f"/dns-zones/{zone['uuid']}/changes/{query}", body)
        assert is_error(answer, 400, "validation_error", path)
    after = read_all_rows(application.settings.store.path)
    assert {**after, "token": []} == {**before, "token": []}


def test_the_fields_of_the_call(me: Bearer, other: Bearer, zone: Json) -> None:
    def refused(field: str, query: str = "", **body: object) -> bool:
        path = f"/dns-zones/{zone['uuid']}/changes/{query}"
        return is_error(me("POST", path, {"changes": [], **body}), 400, "validation_error", field)

    assert refused("changes", changes=[{}] * 10_001) and refused("changes", changes={})
    assert refused("comment", comment="x" * 501) and refused("confirm_within", confirm_within=9)
    assert refused("dry_run", "?dry_run=1") and refused("other", "?other=1")
    assert is_error(change(other, zone), 404, "not_found")
    assert change(me, {"uuid": "EXAMPLE.com"}).status_code == 200


def test_a_change_of_a_read_only_field_is_refused(me: Bearer, zone: Json) -> None:
    stored = me.record(zone, "A", "www", "192.0.2.1")
    sent = {**stored, "action": "update", "fqdn": "other.example.com"}
    assert is_error(change(me, zone, sent), 400, "validation_error", "changes.0.fqdn")


@pytest.mark.parametrize(
    ("permissions", "allowed"),
    [
        (("dns:create",), {"add", "nothing"}),
        (("dns:delete",), {"remove", "nothing"}),
        (("dns:create", "dns:delete"), {"add", "remove", "replace", "ttl", "nothing"}),
        (("dns:update",), {"add", "remove", "replace", "ttl", "nothing"}),
        (("dns:list",), set()),
    ],
)
def test_the_permission_follows_from_what_changes(
    application: Application, me: Bearer, zone: Json, permissions: tuple[str, ...], allowed: set[str]
) -> None:
    stored = me.record(zone, "A", "www", "192.0.2.1")
    caller = application.bearer("me@example.org", *permissions)
    calls = {
        "add": create("new", "192.0.2.1"),
        "remove": {"action": "delete", "uuid": stored["uuid"]},
        "replace": replace("www", "192.0.2.2"),
        "ttl": replace("www", "192.0.2.1", ttl=60),
        "nothing": replace("www", "192.0.2.1"),
    }
    answers = {name: change(caller, zone, one, query="?dry_run=true").status_code for name, one in calls.items()}
    assert answers == {name: 200 if name in allowed else 403 for name in calls}
    if "add" in allowed:
        assert set(change(caller, zone, calls["add"]).get_json()["added"][0]) == set(stored)
    if "remove" in allowed:
        assert change(caller, zone, calls["remove"]).get_json()["removed"] == [{"uuid": stored["uuid"]}]


def test_a_token_for_some_records_may_change_those_alone(application: Application, zone: Json) -> None:
    limits = TokenLimits(record_types=("TXT",), record_names=("_acme-challenge",))
    caller = application.bearer("me@example.org", "dns:create", "dns:delete", limits=limits)
    assert change(caller, zone, replace("_acme-challenge", "x", "y", record_type="TXT")).status_code == 200
    answer = change(caller, zone, create("_acme-challenge", "z", "TXT"), create("www", "192.0.2.1"))
    assert is_error(answer, 403, "permission_denied")


def test_warnings_are_of_the_zone_after_the_changes(me: Bearer, zone: Json) -> None:
    delegation = create("sub", "ns.sub.example.com", "NS")
    for query in ("?dry_run=true", ""):
        diff = change(me, zone, delegation, query=query).get_json()
        assert [(one["code"], one["name"]) for one in diff["warnings"]] == [("ns-without-address", "sub")]
    assert change(me, zone, create("ns.sub", "192.0.2.1"), query="?dry_run=true").get_json()["warnings"] == []


NAMES, VALUES = st.sampled_from(["@", "www", "*", "sub"]), st.sampled_from(["192.0.2.1", "192.0.2.2", "nonsense"])
RANDOM = st.lists(
    st.one_of(
        st.builds(create, NAMES, VALUES, ttl=st.sampled_from([60, 300])),
        st.builds(lambda name, values: replace(name, *values), NAMES, st.lists(VALUES, max_size=3)),
        st.builds(create, NAMES, st.just("a.example.net"), st.just("CNAME")),
    ),
    min_size=1,
    max_size=5,
)


@given(changes=st.lists(RANDOM, min_size=1, max_size=4))
@settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_a_failed_call_changes_nothing_and_a_dry_run_foretells_the_other(
    me: Bearer, zone: Json, changes: list[list[Json]]
) -> None:
    path = f"/dns-zones/{zone['uuid']}/"
    for batch in changes:
        before = me("GET", path).get_json()
        dry, answer = (change(me, zone, *batch, query=query) for query in ("?dry_run=true", ""))
        after, records = me("GET", path).get_json(), {one["uuid"]: one for one in before["records"]}
        assert dry.status_code == answer.status_code
        if answer.status_code != 200:
            assert after == before and dry.get_json() == answer.get_json()
            continue
        diff = answer.get_json()
        assert (dry.get_json()["serial"], diff["serial"]) == (after["serial"],) * 2
        for one in diff["removed"]:
            assert records.pop(one["uuid"]) == one
        for one in diff["changed"]:
            assert records[one["after"]["uuid"]] == one["before"]
        records |= {one["uuid"]: one for one in [*diff["added"], *(pair["after"] for pair in diff["changed"])]}
        assert records == {one["uuid"]: one for one in after["records"]}


@given(first=st.sets(st.integers(1, 9), max_size=5), second=st.sets(st.integers(1, 9), max_size=5))
@settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_a_replaced_set_keeps_uuid_and_comment_of_equal_records(
    me: Bearer, zone: Json, first: set[int], second: set[int]
) -> None:
    change(me, zone, replace("www"))
    for one in first:
        me.record(zone, "A", "www", f"192.0.2.{one}", comment=f"c{one}")
    before = {one["value"]: one for one in of_zone(me, zone)}
    assert change(me, zone, replace("www", *(f"192.0.2.{one}" for one in second))).status_code == 200
    after = {one["value"]: one for one in of_zone(me, zone)}
    assert set(after) == {f"192.0.2.{one}" for one in second}
    assert all(after[value] == before[value] for value in after.keys() & before.keys())
