"""Deleted zones: listed for 30 days, and restored."""

from __future__ import annotations

from tests.api.conftest import UNKNOWN, Application, Bearer, is_error


def test_a_deleted_zone_is_listed_and_restored(application: Application, me: Bearer, other: Bearer) -> None:
    zone = me.zone("example.com")
    record = me.record(zone, "A", "www", "192.0.2.1")
    me("DELETE", f"/dns-zones/{zone['uuid']}/")
    application.clock.forward(days=1)
    (shown,) = me("GET", "/dns-zones/?deleted=true").get_json()
    assert shown["uuid"] == zone["uuid"] and shown["deleted_at"] == "2031-05-04T12:00:00Z"
    assert me("GET", "/dns-zones/?deleted=true&domain=other.example").get_json() == []
    assert other("GET", "/dns-zones/?deleted=true").get_json() == me("GET", "/dns-zones/").get_json() == []
    assert is_error(me("GET", "/dns-zones/?deleted=yes"), 400, "validation_error", "deleted")
    assert is_error(other("POST", f"/dns-zones/{zone['uuid']}/restore/"), 404, "not_found")
    updates = application.bearer("me@example.org", "dns:update")
    assert is_error(updates("POST", f"/dns-zones/{zone['uuid']}/restore/"), 403, "permission_denied")
    answer = me("POST", f"/dns-zones/{zone['uuid']}/restore/")
    restored = answer.get_json()
    assert answer.status_code == 200 and answer.headers["X-Zone-Serial"] == str(restored["serial"])
    assert restored["serial"] > zone["serial"] and "deleted_at" not in restored
    assert restored["deployment"]["state"] == "pending"
    assert me("GET", f"/dns-zones/{zone['uuid']}/").get_json()["records"] == [record]
    assert me("GET", "/dns-zones/?deleted=true").get_json() == []
    assert is_error(me("POST", f"/dns-zones/{zone['uuid']}/restore/"), 404, "not_found")


def test_a_zone_is_restored_by_its_domain(me: Bearer) -> None:
    former = me.zone("example.com")
    me("DELETE", "/dns-zones/example.com/")
    latest = me.zone("example.com")
    assert is_error(me("POST", f"/dns-zones/{former['uuid']}/restore/"), 400, "validation_error", "domain")
    me("DELETE", "/dns-zones/example.com/")
    assert me("POST", "/dns-zones/Example.COM/restore/").get_json()["uuid"] == latest["uuid"]
    for key in ("never.example", "..", UNKNOWN):
        assert is_error(me("POST", f"/dns-zones/{key}/restore/"), 404, "not_found")


def test_a_token_that_may_not_read_gets_the_uuid_of_a_restored_zone_alone(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    me("DELETE", f"/dns-zones/{zone['uuid']}/")
    answer = application.bearer("me@example.org", "dns:create")("POST", "/dns-zones/example.com/restore/")
    assert answer.status_code == 200 and answer.get_json() == {"uuid": zone["uuid"]} and answer.headers["X-Zone-Serial"]
