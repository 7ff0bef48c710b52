"""The history of a zone: versions, and how they differ."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from appliance.principal import TokenLimits
from appliance.store.retention import purge_journal
from tests.api.conftest import UNKNOWN, Application, Bearer, counted, is_error

JSON = dict[str, Any]


def listed(me: Bearer, zone: JSON) -> list[JSON]:
    """Return the versions of the zone, newest first."""
    answer = me("GET", f"/dns-zones/{zone['uuid']}/versions/")
    assert answer.status_code == 200, answer.text
    found: list[JSON] = answer.get_json()
    return found


def test_versions_are_listed_by_page(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    record = me.record(zone, "A", "www", "192.0.2.1")
    application.clock.forward(hours=1)
    me("PATCH", f"/dns-records/{record['uuid']}/", {"value": "192.0.2.2"})
    newest, middle, oldest = listed(me, zone)
    assert list(newest) == [
        *("serial", "created_at", "actor", "address", "comment", "added", "changed", "removed"),
        *("restorable", "change_id", "confirm_by"),
    ]
    assert newest["created_at"] == "2031-05-04T13:00:00Z" and newest["actor"] == "me@example.org (test)"
    assert [(one["added"], one["changed"], one["removed"]) for one in (newest, middle, oldest)] == [
        (0, 1, 0),
        (1, 0, 0),
        (0, 0, 0),
    ]
    assert oldest["serial"] == zone["serial"] and newest["restorable"] and newest["confirm_by"] is None
    page = me("GET", "/dns-zones/example.com/versions/?page=2&page_size=1")
    assert page.get_json() == [middle] and page.headers["X-Total-Count"] == "3"
    assert 'rel="next"' in page.headers["Link"]


def test_a_list_costs_the_same_however_long_the_history_is(me: Bearer) -> None:
    zone = me.zone("example.com")
    numbers = []
    for address in range(1, 4):
        me.record(zone, "A", "www", f"192.0.2.{address}")
        with counted() as statements:
            assert len(listed(me, zone)) == address + 1
        numbers.append(len(statements))
    assert len(set(numbers)) == 1


def test_a_version_is_compared_with_the_one_before_or_any_other(me: Bearer) -> None:
    zone = me.zone("example.com")
    record = me.record(zone, "A", "www", "192.0.2.1")
    changed = me("PATCH", f"/dns-records/{record['uuid']}/", {"value": "192.0.2.2"}).get_json()
    newest, _, oldest = listed(me, zone)
    path = f"/dns-zones/{zone['uuid']}/versions/{newest['serial']}/"
    diff = me("GET", path).get_json()
    assert diff["changed"] == [{"before": record, "after": changed}] and diff["added"] == diff["removed"] == []
    assert (diff["serial"], diff["applied"], diff["change_id"]) == (newest["serial"], True, newest["change_id"])
    since = me("GET", f"{path}?from={oldest['serial']}").get_json()
    assert (since["added"], since["changed"], since["change_id"]) == ([changed], [], None)
    back = me("GET", f"/dns-zones/example.com/versions/{oldest['serial']}/?from={newest['serial']}").get_json()
    assert back["removed"] == [changed] and back["serial"] == oldest["serial"]
    none = me("GET", f"{path}?from={newest['serial']}").get_json()
    assert none["added"] == none["changed"] == none["removed"] == []


def test_versions_that_are_not_there(application: Application, me: Bearer, other: Bearer) -> None:
    zone = me.zone("example.com")
    path = f"/dns-zones/{zone['uuid']}/versions/"
    assert is_error(me("GET", f"{path}1/"), 404, "not_found")
    assert is_error(me("GET", f"{path}{zone['serial']}/?from=1"), 400, "validation_error", "from")
    assert is_error(me("GET", f"{path}{zone['serial']}/?from=x"), 400, "validation_error", "from")
    assert is_error(me("GET", f"/dns-zones/{UNKNOWN}/versions/"), 404, "not_found")
    assert is_error(other("GET", path), 404, "not_found") and is_error(other("GET", f"{path}1/"), 404, "not_found")
    lists = application.bearer("me@example.org", "dns:list")
    assert is_error(lists("GET", path), 403, "permission_denied")


def test_versions_without_content_are_listed_and_not_shown(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    me.record(zone, "A", "www", "192.0.2.1")
    with application.writing():
        purge_journal(application.clock() + timedelta(seconds=1), application.clock(), 100)
    newest, oldest = listed(me, zone)
    assert (newest["restorable"], newest["added"]) == (False, 1)
    path = f"/dns-zones/{zone['uuid']}/versions/{newest['serial']}/"
    assert is_error(me("GET", path), 409, "conflict")
    assert is_error(me("GET", f"{path}?from={oldest['serial']}"), 409, "conflict")


def test_a_version_is_restored_and_undone(me: Bearer) -> None:
    zone = me.zone("example.com")
    record = me.record(zone, "A", "www", "192.0.2.1")
    path = f"/dns-zones/{zone['uuid']}/versions/"
    me("PATCH", f"/dns-records/{record['uuid']}/", {"value": "192.0.2.2"})
    newest, middle, _ = listed(me, zone)
    planned = me("POST", f"{path}{middle['serial']}/restore/?dry_run=true")
    assert planned.status_code == 200 and "X-Zone-Serial" not in planned.headers
    assert planned.get_json()["applied"] is False and planned.get_json()["change_id"] is None
    restored = me("POST", f"/dns-zones/example.com/versions/{middle['serial']}/restore/")
    diff = restored.get_json()
    assert restored.status_code == 200 and restored.headers["X-Zone-Serial"] == str(diff["serial"])
    assert diff["changed"][0]["after"]["value"] == "192.0.2.1" and diff["serial"] > newest["serial"]
    assert me("GET", f"/dns-records/{record['uuid']}/").get_json()["value"] == "192.0.2.1"
    undone = me("POST", f"{path}{diff['serial']}/undo/").get_json()
    assert undone["changed"][0]["after"]["value"] == "192.0.2.2"
    assert listed(me, zone)[0]["change_id"] == undone["change_id"]
    me("DELETE", f"/dns-records/{record['uuid']}/")
    assert is_error(me("POST", f"{path}{diff['serial']}/undo/"), 409, "conflict")
    assert is_error(me("POST", f"{path}7/undo/"), 404, "not_found")
    assert is_error(me("POST", f"{path}7/restore/?dry_run=1"), 400, "validation_error", "dry_run")


def test_restore_and_undo_need_the_right_to_update_the_whole_zone(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    me.record(zone, "A", "www", "192.0.2.1")
    limited = application.bearer("me@example.org", "dns:update", limits=TokenLimits(record_names=("www",)))
    blind = application.bearer("me@example.org", "dns:update")
    reader = application.bearer("me@example.org", "dns:read", "dns:create", "dns:delete")
    newest = listed(me, zone)[0]["serial"]
    path = f"/dns-zones/{zone['uuid']}/versions/{newest}/undo/"
    assert is_error(limited("POST", path), 403, "permission_denied")
    assert is_error(reader("POST", path), 403, "permission_denied")
    (removed,) = blind("POST", path).get_json()["removed"]
    assert list(removed) == ["uuid"]
    for again in (f"{newest + 1}/undo/", f"{newest}/restore/"):
        (added,) = blind("POST", f"/dns-zones/{zone['uuid']}/versions/{again}?dry_run=true").get_json()["added"]
        assert list(added) == ["uuid"]
