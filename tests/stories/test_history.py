"""Former states served again: a version restored, a deleted zone back, a record expired, a change reverted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.appliance import Appliance, Client

ONE, TWO = (bytes((192, 0, 2, last)) for last in (1, 2))


def test_versions_and_deleted_zones_are_served_again(appliance: Appliance, api: Client) -> None:
    zone = api.zone("history.example")
    record = api.record(zone, "A", "www", "192.0.2.1")
    first = api.expect(200, "GET", "/dns-zones/history.example/versions/")[0]["serial"]
    api.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {"value": "192.0.2.2"}, Prefer="wait=30")
    appliance.wait_until_answered("www.history.example", "A", [TWO])
    api.expect(200, "POST", f"/dns-zones/history.example/versions/{first}/restore/", Prefer="wait=30")
    appliance.wait_until_answered("www.history.example", "A", [ONE])
    answer = api("DELETE", "/dns-zones/history.example/", headers={"Prefer": "wait=30"})
    assert answer.headers["X-Deployment"] == "live"
    back = api("POST", "/dns-zones/history.example/restore/", headers={"Prefer": "wait=30"})
    assert (back.status_code, back.headers["X-Deployment"]) == (200, "live"), back.text
    appliance.wait_until_answered("www.history.example", "A", [ONE])


def test_what_is_due_happens_by_itself(appliance: Appliance, api: Client) -> None:
    zone = api.zone("due.example")
    soon = (datetime.now(UTC) + timedelta(seconds=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    api.record(zone, "A", "www", "192.0.2.1")
    api.record(zone, "A", "www", "192.0.2.3", expires_at=soon)
    change = {"action": "replace", "record_type": "A", "name": "new", "values": ["192.0.2.2"]}
    body = {"changes": [change], "confirm_within": 10}
    api.expect(200, "POST", "/dns-zones/due.example/changes/", body, Prefer="wait=30")
    appliance.wait_until_answered("new.due.example", "A", [TWO])
    appliance.wait_until_answered("www.due.example", "A", [ONE])
    appliance.wait_until_answered("new.due.example", "A", [])
    newest = api.expect(200, "GET", "/dns-zones/due.example/versions/")[0]
    assert newest["actor"] == "deployer" and "was not confirmed: reverted" in newest["comment"]
