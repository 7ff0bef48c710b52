"""Former states served again: a version restored, a deleted zone back, a record expired, a change reverted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.appliance import Appliance, Client
from tests.kills import not_restarted
from tests.pair import wait_for

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


def test_what_was_due_while_the_deployer_was_dead_is_done_at_its_start(appliance: Appliance, api: Client) -> None:
    zone = api.zone("due.example")
    api.record(zone, "A", "www", "192.0.2.1")
    api.wait_until_live(zone)
    with not_restarted(appliance, "appliance deployer"):
        soon = datetime.now(UTC) + timedelta(seconds=10)
        api.record(zone, "A", "www", "192.0.2.3", expires_at=soon.strftime("%Y-%m-%dT%H:%M:%SZ"))
        change = {"action": "replace", "record_type": "A", "name": "new", "values": ["192.0.2.2"]}
        body = {"changes": [change], "confirm_within": 10}
        diff = api.expect(200, "POST", "/dns-zones/due.example/changes/", body)
        wait_for(lambda: datetime.now(UTC) > soon + timedelta(seconds=1), "both are due")
    path = "/dns-zones/due.example/versions/"
    wait_for(lambda: len(api.expect(200, "GET", path)) == 6, "both are done")
    api.wait_until_live(zone)
    appliance.wait_until_answered("www.due.example", "A", [ONE])
    appliance.wait_until_answered("new.due.example", "A", [])
    done = {one["comment"]: one["actor"] for one in api.expect(200, "GET", path)[:2]}
    assert done == dict.fromkeys(("expired", f"version {diff['serial']} was not confirmed: reverted"), "deployer")
