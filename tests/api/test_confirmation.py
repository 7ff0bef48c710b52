"""Changes that are to be confirmed, and records that expire, in the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import UNKNOWN, Application, Bearer, is_error

CHANGE = {"action": "create", "record_type": "A", "name": "www", "value": "192.0.2.1"}


def changed(me: Bearer, zone: dict[str, Any], seconds: int) -> str:
    """Change the zone with `confirm_within`; return the uuid of the change."""
    answer = me("POST", f"/dns-zones/{zone['uuid']}/changes/", {"changes": [CHANGE], "confirm_within": seconds})
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["change_id"])


def test_a_change_is_confirmed_in_time(application: Application, me: Bearer, other: Bearer) -> None:
    zone = me.zone("example.com")
    change_id = changed(me, zone, 10)
    path = f"/dns-zones/{zone['uuid']}/changes/{change_id}/confirm/"
    (newest, _) = me("GET", f"/dns-zones/{zone['uuid']}/versions/").get_json()
    assert (newest["change_id"], newest["confirm_by"]) == (change_id, "2031-05-04T12:00:10Z")
    assert is_error(other("POST", path), 404, "not_found")
    for unknown in (UNKNOWN, "x"):
        assert is_error(me("POST", f"/dns-zones/{zone['uuid']}/changes/{unknown}/confirm/"), 404, "not_found")
    for key in ("first", "first", "second"):
        answer = me("POST", path, headers={"Idempotency-Key": key})
        assert answer.status_code == 204 and answer.headers["X-Zone-Serial"] == str(newest["serial"])
    application.clock.forward(seconds=20)
    assert me("POST", path).status_code == 204


def test_a_confirmation_needs_what_the_change_needed(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    tag = me("GET", "/dns-zones/example.com/").headers["ETag"]
    path = f"/dns-zones/{zone['uuid']}/changes/{changed(me, zone, 10)}/confirm/"
    for permission, status in (("dns:read", 403), ("dns:delete", 403), ("dns:create", 204)):
        assert application.bearer("me@example.org", permission)("POST", path).status_code == status
    assert is_error(me("POST", path, headers={"If-Match": tag}), 412, "precondition_failed")


def test_a_confirmation_can_be_too_late(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    change_id = changed(me, zone, 10)
    application.clock.forward(seconds=10)
    path = f"/dns-zones/{zone['uuid']}/changes/{change_id}/confirm/"
    assert is_error(me("POST", path), 409, "confirmation_expired")


@pytest.mark.parametrize("seconds", [9, 86401, "60", 60.5])
def test_confirm_within_has_a_range(me: Bearer, seconds: object) -> None:
    zone = me.zone("example.com")
    body = {"changes": [CHANGE], "confirm_within": seconds}
    answer = me("POST", f"/dns-zones/{zone['uuid']}/changes/", body)
    assert is_error(answer, 400, "validation_error", "confirm_within")


def test_expires_at_is_written_kept_and_removed(me: Bearer) -> None:
    zone, moment = me.zone("example.com"), "2031-05-04T13:00:00Z"
    record = me.record(zone, "A", "www", "192.0.2.1", expires_at=moment)
    path = f"/dns-records/{record['uuid']}/"
    assert record["expires_at"] == moment
    assert me("PATCH", path, {"comment": "kept"}).get_json()["expires_at"] == moment
    data = {"record_type": "A", "name": "www", "value": "192.0.2.1"}
    assert me("PUT", path, data).get_json()["expires_at"] is None
    assert me("PATCH", path, {"expires_at": moment}).get_json()["expires_at"] == moment
    assert me("PATCH", path, {"expires_at": None}).get_json()["expires_at"] is None
    for wrong in ("2031-05-04T12:00:00Z", "2030-01-01T00:00:00Z", "tomorrow", "2031-05-04T13:00:00+02:00", 5):
        assert is_error(me("PATCH", path, {"expires_at": wrong}), 400, "validation_error", "expires_at")
