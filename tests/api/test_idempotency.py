"""Idempotency-Key: a repeated POST gets the first response, and nothing is done twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from werkzeug.test import TestResponse

from appliance.store import retention
from appliance.store.file import sqlite
from tests.api.conftest import Application, Bearer, is_error
from tests.workspace import read_rows

Json = dict[str, Any]
RECORD = {"record_type": "A", "name": "www", "value": "192.0.2.1"}
CALLS: list[tuple[str, Json, Json]] = [
    ("/dns-zones/", {"domain": "new.example.com"}, {"domain": "other.example.com"}),
    ("/dns-zones/example.com/records/", RECORD, {**RECORD, "value": "192.0.2.2"}),
    ("/dns-records/", {**RECORD, "zone": "example.com"}, {**RECORD, "zone": "example.com", "name": "n"}),
    ("/dns-zones/example.com/changes/", {"changes": [{"action": "create", **RECORD}]}, {"changes": []}),
]


def send(caller: Bearer, path: str, body: Json, key: str = "k1") -> TestResponse:
    return caller("POST", path, body, {"Idempotency-Key": key})


def stored(application: Application) -> int:
    return len(read_rows(application.settings.store.path, "select id from idempotency"))


@pytest.mark.parametrize(("path", "body", "another"), CALLS, ids=[path for path, _, _ in CALLS])
def test_a_repeated_request_gets_the_first_response(
    application: Application, me: Bearer, path: str, body: Json, another: Json
) -> None:
    me.zone("example.com")
    first = send(me, path, body)
    changes = len(read_rows(application.settings.store.path, "select id from change"))
    me("PATCH", "/dns-zones/example.com/", {"comment": "changed meanwhile"})
    again = send(me, path, dict(reversed(body.items())))
    assert first.status_code in (200, 201) and "Idempotency-Replayed" not in first.headers
    assert (again.status_code, again.get_json()) == (first.status_code, first.get_json())
    assert again.headers["Idempotency-Replayed"] == "true"
    for name in ("Location", "ETag", "X-Zone-Serial", "Content-Type"):
        assert again.headers.get(name) == first.headers.get(name)
    assert is_error(send(me, path, another), 409, "idempotency_conflict")
    assert len(read_rows(application.settings.store.path, "select id from change")) == changes + 1
    assert send(me, path, another, "k2").status_code in (200, 201)


def test_a_key_belongs_to_its_token_and_path(application: Application, me: Bearer) -> None:
    me.zone("example.com")
    assert send(me, "/dns-zones/", {"domain": "a.example.org"}).status_code == 201
    assert send(me, "/dns-zones/example.com/records/", RECORD).status_code == 201
    second = application.bearer("me@example.org")
    assert is_error(send(second, "/dns-zones/", {"domain": "a.example.org"}), 400, "validation_error", "domain")


def test_refused_requests_and_dry_runs_leave_no_key(application: Application, me: Bearer) -> None:
    me.zone("example.com")
    path = "/dns-zones/example.com/changes/"
    wrong = {"changes": [{"action": "create", **RECORD, "value": "x"}]}
    right = {"changes": [{"action": "create", **RECORD}]}
    assert send(me, path, wrong).status_code == 400
    assert send(me, f"{path}?dry_run=true", right).get_json()["applied"] is False
    assert stored(application) == 0
    assert send(me, path, right).get_json()["applied"] is True
    assert send(me, path, right).headers["Idempotency-Replayed"] == "true"
    assert stored(application) == 1


def test_a_request_that_changes_nothing_has_a_first_response_too(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    me.record(zone, record_type="A", name="www", value="192.0.2.1")
    path = "/dns-zones/example.com/changes/"
    body = {"changes": [{"action": "replace", "record_type": "A", "name": "www", "values": ["192.0.2.1"]}]}
    first = send(me, path, body)
    me("POST", path, {"changes": [{"action": "replace", "record_type": "A", "name": "www", "values": []}]})
    assert send(me, path, body).get_json() == first.get_json()
    assert me("GET", "/dns-zones/example.com/").get_json()["record_count"] == 0


def test_a_key_is_free_again_after_a_day(application: Application, me: Bearer) -> None:
    me.zone("example.com")
    path = "/dns-zones/example.com/records/"
    send(me, path, RECORD)
    application.clock.forward(hours=23)
    assert is_error(send(me, path, {**RECORD, "name": "n"}), 409, "idempotency_conflict")
    application.clock.forward(hours=1)
    assert send(me, path, {**RECORD, "name": "n"}).status_code == 201
    application.clock.forward(hours=24)
    with application.writing():
        assert retention.PURGES["idempotency"](application.clock(), 10).rows == 1
    assert stored(application) == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "ü"])
def test_wrong_keys(me: Bearer, key: str) -> None:
    assert is_error(send(me, "/dns-zones/", {"domain": "example.com"}, key), 400, "validation_error")


def rows(application: Application) -> tuple[int, int]:
    """Return how many entries the audit log has, and how many rows the journal."""
    path = application.settings.store.path
    return len(read_rows(path, "select id from audit_event")), len(read_rows(path, "select id from change"))


def calls_without_body(me: Bearer) -> dict[str, str]:
    """Return, by name, the paths of calls that have no body, each on a zone of its own."""
    paths: dict[str, str] = {}
    for name in ("restore-version", "undo", "confirm", "restore-zone"):
        zone = me.zone(f"{name}.example")
        path = f"/dns-zones/{zone['uuid']}"
        body = {"changes": [{"action": "create", **RECORD}], "confirm_within": 60}
        diff = me("POST", f"{path}/changes/", body).get_json()
        paths |= {
            "restore-version": {name: f"{path}/versions/{zone['serial']}/restore/"},
            "undo": {name: f"{path}/versions/{diff['serial']}/undo/"},
            "confirm": {name: f"{path}/changes/{diff['change_id']}/confirm/"},
            "restore-zone": {name: f"{path}/restore/"},
        }[name]
    me("DELETE", "/dns-zones/restore-zone.example/")
    return paths


def test_calls_without_body_are_done_once_too(application: Application, me: Bearer) -> None:
    for name, path in calls_without_body(me).items():
        first = me("POST", path, headers={"Idempotency-Key": name})
        assert first.status_code in (200, 204) and "Idempotency-Replayed" not in first.headers, (name, first.text)
        entries, changes = rows(application)
        me("DELETE", f"/dns-zones/{name}.example/")
        again = me("POST", path, headers={"Idempotency-Key": name})
        assert (again.status_code, again.get_json(silent=True)) == (first.status_code, first.get_json(silent=True))
        assert {**again.headers, "Idempotency-Replayed": None} == {**first.headers, "Idempotency-Replayed": None}
        assert rows(application) == (entries, changes + 1), "the deletion alone"
    assert stored(application) == 4


def test_a_change_that_is_confirmed_already_leaves_no_key(application: Application, me: Bearer) -> None:
    path = calls_without_body(me)["confirm"]
    assert [me("POST", path, headers={"Idempotency-Key": str(number)}).status_code for number in range(3)] == [204] * 3
    assert stored(application) == 1


def test_a_repeated_creation_of_a_token_gets_its_secret_again_which_is_not_stored(application: Application) -> None:
    caller = application.bearer("me@example.org", "account:tokens", "dns:*")
    body = {"name": "x", "permissions": ["dns:list"], "allowed_networks": ["127.0.0.0/8"], "max_unused": "90d"}
    first, again = (send(caller, "/account/tokens/", body) for _ in range(2))
    assert (first.status_code, first.get_json()) == (again.status_code, again.get_json())
    assert again.headers["Location"] == first.headers["Location"] and again.headers["Idempotency-Replayed"] == "true"
    secret = first.get_json()["secret"]
    assert Bearer(caller.client, secret)("GET", "/account/me/").get_json()["token"]["name"] == "x"
    assert secret.encode() not in b"".join(one.read_bytes() for one in application.settings.store.path.parent.iterdir())
    other = send(caller, "/account/tokens/", body, "k2")
    assert other.get_json()["secret"] != secret != caller("POST", "/account/tokens/", body).get_json()["secret"]


def test_requests_with_the_same_key_at_the_same_time_get_one_response(application: Application, me: Bearer) -> None:
    path = f"/dns-zones/{me.zone('example.com')['uuid']}/records/"
    callers = [Bearer(application.app.test_client(), me.secret) for _ in range(4)]
    with ThreadPoolExecutor() as pool, closing(sqlite.connect(application.settings.store.path)) as another_program:
        another_program.execute("begin immediate")
        answers = [pool.submit(send, caller, path, RECORD) for caller in callers]
        another_program.execute("rollback")
        bodies = [answer.result().get_json() for answer in answers]
    assert bodies == bodies[:1] * 4 and bodies[0]["name"] == "www"


def test_nothing_is_stored_without_the_write(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    with closing(sqlite.connect(application.settings.store.path)) as another_program:
        another_program.execute("begin immediate")
        answer = send(me, f"/dns-zones/{zone['uuid']}/records/", RECORD)
        another_program.execute("rollback")
    assert is_error(answer, 503, "unavailable") and stored(application) == 0
    assert send(me, f"/dns-zones/{zone['uuid']}/records/", RECORD).status_code == 201
