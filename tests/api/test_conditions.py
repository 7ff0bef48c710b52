"""ETag and If-Match: a write is refused if somebody else wrote in between."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from tests.api.conftest import Application, Bearer, counted, is_error


def etag(answer: TestResponse) -> str:
    """Return the ETag of a response, which is strong."""
    found = str(answer.headers["ETag"])
    assert found.startswith('"')
    return found


def test_every_stored_change_moves_the_etag_and_the_deployment_does_not(application: Application, me: Bearer) -> None:
    path = "/dns-zones/example.com/"
    created = me("POST", "/dns-zones/", {"domain": "example.com"})
    zone, seen = created.get_json(), [etag(created)]
    first = me.record(zone, "A", "www", "192.0.2.1")
    record = f"/dns-records/{first['uuid']}/"
    seen.append(etag(me("GET", path)))
    tags = [etag(me("GET", record))]
    for write in (
        lambda: me("PATCH", path, {"comment": "x"}),
        lambda: me("PATCH", path, {"protected": True}),
        lambda: me("PATCH", record, {"comment": "x"}),
        lambda: me.record(zone, "A", "www", "192.0.2.2", ttl=60),
        lambda: me("POST", f"{path}changes/", {"changes": [{"action": "update", "uuid": first["uuid"], "ttl": 5}]}),
    ):
        write()
        seen.append(etag(me("GET", path)))
        tags.append(etag(me("GET", record)))
    assert len(set(seen)) == len(seen) == 7
    assert len(set(tags)) == 4 and tags[0] == tags[1] == tags[2], "settings of the zone are not of the record"
    assert etag(me("GET", path)) == seen[-1]


def test_writes_return_the_etag_that_a_later_read_has(me: Bearer) -> None:
    zone = me.zone("example.com")
    path = f"/dns-zones/{zone['uuid']}/"
    body = {"record_type": "A", "name": "www", "value": "192.0.2.1"}
    created = me("POST", f"{path}records/", body)
    record = f"/dns-records/{created.get_json()['uuid']}/"
    assert etag(created) == etag(me("GET", record))
    for method, sent in (("PATCH", {"ttl": 60}), ("PUT", body), ("PATCH", {})):
        assert etag(me(method, record, sent)) == etag(me("GET", record))
    for answer in (me("PATCH", path, {"comment": "y"}), me("POST", f"{path}changes/", {"changes": []})):
        assert etag(answer) == etag(me("GET", path))


def test_a_head_has_the_etag_and_reads_no_record(me: Bearer) -> None:
    me(
        "POST",
        "/dns-zones/",
        {"domain": "example.com", "records": [{"record_type": "A", "name": "www", "value": "192.0.2.1"}]},
    )
    read = {}
    for method in ("GET", "HEAD"):
        with counted() as statements:
            read[method] = me(method, "/dns-zones/example.com/")
        assert any('from "record"' in one.lower() for one in statements) is (method == "GET")
    assert (read["HEAD"].status_code, read["HEAD"].data) == (200, b"")
    assert etag(read["HEAD"]) == etag(read["GET"])


@pytest.mark.parametrize("wrong", ['"6e7fc837-1"', "", 'W/"{etag}"', '"x", "y"'])
def test_a_write_with_another_etag_is_refused(me: Bearer, wrong: str) -> None:
    zone = me.zone("example.com")
    record = me.record(zone, "A", "www", "192.0.2.1")
    before = me("GET", "/dns-zones/example.com/")
    body = {"record_type": "A", "name": "n", "value": "192.0.2.1"}
    for method, path, sent in (
        ("PATCH", f"/dns-records/{record['uuid']}/", {"ttl": 60}),
        ("PUT", f"/dns-records/{record['uuid']}/", body),
        ("DELETE", f"/dns-records/{record['uuid']}/", None),
        ("POST", "/dns-zones/example.com/records/", body),
        ("POST", "/dns-records/", {**body, "zone": "example.com"}),
        ("POST", "/dns-zones/example.com/changes/", {"changes": [{"action": "create", **body}]}),
        ("POST", "/dns-zones/example.com/changes/?dry_run=true", {"changes": []}),
        ("POST", "/dns-zones/", {"domain": "example.org"}),
        ("PATCH", "/dns-zones/example.com/", {"comment": "x"}),
        ("DELETE", "/dns-zones/example.com/", None),
    ):
        current = me("GET", path).headers.get("ETag", "") if method in ("PATCH", "PUT", "DELETE") else etag(before)
        sent_tag = wrong.replace("{etag}", current.strip('"'))
        assert is_error(me(method, path, sent, {"If-Match": sent_tag}), 412, "precondition_failed"), (method, path)
    assert me("GET", "/dns-zones/example.com/").data == before.data


@pytest.mark.parametrize("kind", ["zone", "record"])
def test_what_is_read_again_unchanged_has_no_body(me: Bearer, kind: str) -> None:
    zone = me.zone("example.com")
    record = me.record(zone, "A", "www", "192.0.2.1")
    path = "/dns-zones/example.com/" if kind == "zone" else f"/dns-records/{record['uuid']}/"
    tag = etag(me("GET", path))
    for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = me("GET", path, headers={"If-None-Match": sent})
        assert (answer.status_code, answer.data, etag(answer)) == (304, b"", tag)
        assert "Content-Type" not in answer.headers
    assert me("GET", path, headers={"If-None-Match": '"other"'}).status_code == 200
    me("PATCH", f"/dns-records/{record['uuid']}/", {"comment": "x"})
    assert me("GET", path, headers={"If-None-Match": tag}).status_code == 200


def test_a_write_with_the_present_etag_is_stored(me: Bearer) -> None:
    zone = me.zone("example.com")
    record = me.record(zone, "A", "www", "192.0.2.1")
    path, one = "/dns-zones/example.com/", f"/dns-records/{record['uuid']}/"
    create = {"changes": [{"action": "create", "record_type": "A", "name": "n", "value": "192.0.2.1"}]}
    assert me("POST", f"{path}changes/", create, {"If-Match": etag(me("GET", path))}).status_code == 200
    assert me("PATCH", one, {"ttl": 60}, {"If-Match": f'"x", {etag(me("GET", one))}'}).status_code == 200
    assert me("PATCH", path, {"comment": "x"}, {"If-Match": "*"}).status_code == 200
    assert me("DELETE", one, None, {"If-Match": etag(me("GET", one))}).status_code == 204
    assert me("DELETE", path, None, {"If-Match": etag(me("GET", path))}).status_code == 204
