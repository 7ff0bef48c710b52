"""Zone files: exported as they are and as they were, and imported."""

from __future__ import annotations

from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from appliance.principal import TokenLimits
from appliance.store.retention import purge_journal
from tests.api.conftest import UNKNOWN, Application, Bearer, is_error

PATH = "/dns-zones/example.com/zonefile/"
FILE = "$TTL 300\n@ MX 10 mail ; a comment\nmail A 192.0.2.25\n     A 192.0.2.26\n"


def put(me: Bearer, text: str | bytes, query: str = "", media_type: str = "text/dns", **headers: str) -> TestResponse:
    """Import a zone file."""
    return me("PUT", PATH + query, data=text, content_type=media_type, headers=headers)


def exported(me: Bearer, query: str = "") -> list[str]:
    """Return the lines of the zone file without those of the appliance."""
    answer = me("GET", PATH + query)
    assert (answer.status_code, answer.mimetype) == (200, "text/dns"), answer.text
    own, _, lines = answer.text.partition("\n\n")
    assert [line.split()[3] for line in own.splitlines()] == ["SOA", "NS", "NS"]
    return lines.splitlines()[:-1]


def test_a_zone_is_imported_and_exported(me: Bearer) -> None:
    me.zone("example.com")
    kept = me.record(me("GET", "/dns-zones/example.com/").get_json(), "A", "mail", "192.0.2.25", ttl=300, comment="x")
    gone = me.record({"uuid": kept["zone"]}, "A", "www", "192.0.2.1")
    diff = put(me, FILE, "?comment=moved+in")
    assert diff.status_code == 200, diff.text
    body = diff.get_json()
    assert [(one["name"], one["value"], one["priority"]) for one in body["added"]] == [
        ("@", "mail.example.com", 10),
        ("mail", "192.0.2.26", None),
    ]
    assert body["applied"] and not body["changed"] and body["removed"] == [gone]
    assert diff.headers["X-Zone-Serial"] == str(body["serial"])
    assert exported(me) == [
        "example.com. 300 IN MX 10 mail.example.com.",
        "mail.example.com. 300 IN A 192.0.2.25",
        "mail.example.com. 300 IN A 192.0.2.26",
    ]
    assert me("GET", f"/dns-records/{kept['uuid']}/").get_json() == kept
    newest = me("GET", "/dns-zones/example.com/versions/").get_json()[0]
    assert [newest[name] for name in ("serial", "comment", "added", "removed")] == [body["serial"], "moved in", 2, 1]
    again = put(me, me("GET", PATH).text)
    assert again.get_json()["change_id"] is None and again.headers["X-Zone-Serial"] == str(body["serial"])
    assert [one["code"] for one in again.get_json()["warnings"]] == ["passed-over"] * 2


def test_a_dry_run_stores_nothing(me: Bearer) -> None:
    zone = me.zone("example.com")
    planned = put(me, FILE, "?dry_run=true").get_json()
    assert not planned["applied"] and len(planned["added"]) == 3 and planned["serial"] > zone["serial"]
    assert exported(me) == []


def test_the_time_of_a_version_is_one_when_the_zone_has_it(application: Application, me: Bearer) -> None:
    application.clock.forward(milliseconds=600)
    me.zone("example.com")
    put(me, "www 60 A 192.0.2.1")
    application.clock.forward(milliseconds=600)
    put(me, "www 60 A 192.0.2.2")
    newest, *_, oldest = me("GET", "/dns-zones/example.com/versions/").get_json()
    assert exported(me, f"?at={newest['created_at']}") == ["www.example.com. 60 IN A 192.0.2.2"]
    assert exported(me, f"?at={oldest['created_at']}") == ["www.example.com. 60 IN A 192.0.2.1"]


def test_an_export_shows_former_states(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    first = put(me, "www 60 A 192.0.2.1").get_json()["serial"]
    application.clock.forward(hours=1)
    put(me, "www 60 A 192.0.2.2")
    now = ["www.example.com. 60 IN A 192.0.2.2"]
    before = ["www.example.com. 60 IN A 192.0.2.1"]
    assert exported(me) == now == exported(me, "?at=2031-05-04T13:00:00Z")
    assert exported(me, "?at=2031-05-04T12:59:59Z") == before == exported(me, f"?version={first}")
    assert exported(me, f"?version={zone['serial']}") == []
    assert me("GET", f"{PATH}?version={first}").text.split()[6] == str(first)
    assert me("GET", PATH).headers["ETag"] == me("GET", "/dns-zones/example.com/").headers["ETag"]
    assert is_error(me("GET", f"{PATH}?version=5"), 400, "validation_error", "version")
    assert is_error(me("GET", f"{PATH}?at=2031-05-03T12:00:00Z"), 400, "validation_error", "at")
    assert is_error(me("GET", f"{PATH}?at=yesterday"), 400, "validation_error", "at")
    assert is_error(me("GET", f"{PATH}?at=2031-05-04T12:00:00Z&version={first}"), 400, "validation_error", "at")
    with application.writing():
        purge_journal(application.clock() - timedelta(seconds=1), application.clock(), 100)
    assert is_error(me("GET", f"{PATH}?version={first}"), 409, "conflict") and exported(me) == now


def test_what_cannot_be_imported_names_its_line(me: Bearer) -> None:
    me.zone("example.com")
    put(me, FILE)
    before = exported(me)
    for line in ("www HINFO a b", "$INCLUDE x", "www A 192.0.2.300", "mail CNAME a.example.net.", "a (", "ü\x00 A 1"):
        for query in ("", "?dry_run=true"):
            assert is_error(put(me, f"{FILE}{line}\n", query), 400, "validation_error", "line.5")
    skipped = put(me, f"{FILE}www HINFO a b\nmail CNAME a.example.net.", "?skip_refused=true").get_json()
    assert [one["detail"][:7] for one in skipped["warnings"]] == ["line 5 ", "line 6 "]
    assert exported(me) == before


def test_bytes_that_are_not_utf8_are_octets(me: Bearer) -> None:
    me.zone("example.com")
    assert put(me, b'; caf\xe9\r\n@ TXT "caf\xe9"\r\n').status_code == 200
    assert exported(me) == ['example.com. 3600 IN TXT "caf\\233"']


def test_removing_much_is_confirmed(me: Bearer) -> None:
    me.zone("example.com")
    many = "".join(f"h{number} A 192.0.2.1\n" for number in range(20))
    put(me, many)
    few = "".join(f"h{number} A 192.0.2.1\n" for number in range(13))
    assert is_error(put(me, few), 428, "confirmation_required")
    assert put(me, few, "?dry_run=true").status_code == 200 and len(exported(me)) == 20
    assert len(put(me, few, "?confirm=true").get_json()["removed"]) == 7


def test_only_the_expected_version_is_replaced(me: Bearer) -> None:
    me.zone("example.com")
    etag = me("GET", PATH).headers["ETag"]
    first = put(me, FILE, **{"If-Match": etag})
    assert first.status_code == 200 and first.headers["ETag"] != etag
    assert is_error(put(me, "", **{"If-Match": etag}), 412, "precondition_failed")
    assert put(me, FILE, **{"If-Match": first.headers["ETag"]}).status_code == 200


def test_permissions(application: Application, me: Bearer) -> None:
    me.zone("example.com")
    put(me, FILE)
    email = "me@example.org"
    reader, creator = (application.bearer(email, "dns:read", *more) for more in ((), ("dns:create",)))
    assert exported(reader) and is_error(put(reader, FILE), 403, "permission_denied")
    assert len(put(creator, f"{FILE}new TXT x").get_json()["added"]) == 1
    assert is_error(put(creator, FILE), 403, "permission_denied")
    limited = application.bearer(email, "dns:*", limits=TokenLimits(record_types=("A",)))
    assert len(exported(limited)) == 4 and is_error(put(limited, FILE), 403, "permission_denied")
    blind = application.bearer(email, "dns:update")
    assert is_error(blind("GET", PATH), 403, "permission_denied")
    assert list(put(blind, FILE).get_json()["removed"][0]) == ["uuid"]
    other = application.bearer("other@example.org")
    assert is_error(other("GET", PATH), 404, "not_found") and is_error(put(other, FILE), 404, "not_found")
    assert is_error(me("GET", f"/dns-zones/{UNKNOWN}/zonefile/"), 404, "not_found")


@pytest.mark.parametrize("media_type", ["application/json", "", "text/html"])
def test_other_media_types_are_refused(me: Bearer, media_type: str) -> None:
    me.zone("example.com")
    assert is_error(put(me, FILE, media_type=media_type), 415, "unsupported_media_type")
    assert put(me, FILE, media_type="text/plain; charset=utf-8").status_code == 200


def test_unknown_parameters_are_refused(me: Bearer) -> None:
    me.zone("example.com")
    for query in ("confirm=yes", "dry_run=1", "merge=1", "unknown=true", "comment=a&comment=b"):
        assert put(me, FILE, f"?{query}").status_code == 400
    assert is_error(put(me, FILE, f"?comment={'x' * 501}"), 400, "validation_error", "comment")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"\x00" * 1000, 1),
        (b"(" * 100_000, 1),
        (b"a A 192.0.2.1\n" + b"\xff\xfe" * 500 + b" A 192.0.2.1", 2),
        (b"a TXT " + b"x" * 400_000, 1),
        (b'\n\na TXT "' + b"x" * 5_000 + b'"', 3),
        (b"$GENERATE 1-4294967295 a$ A 192.0.2.1", 1),
        (b"$GENERATE 0-65535 ${0,999,d} A 192.0.2.1", 1),
        (b"$GENERATE 1-4000 a$ NONSENSE\n", 1),
        (b"$INCLUDE /etc/passwd", 1),
        (b"$ORIGIN " + b"a." * 1_000 + b"\nb A 192.0.2.1", 1),
        (b"a 99999999999999999999999999 A 192.0.2.1", 1),
        (b"_x._tcp PTR " + b"\\" * 1_001, 1),
        (b"@ SOA a. b. 1 2 3 4 99999999999", 1),
        (b"\x1b[2J A 192.0.2.1", 1),
        ("\u202ewww A 192.0.2.1".encode(), 1),
    ],
)
def test_hostile_files_are_refused_with_their_line(me: Bearer, body: bytes, line: int) -> None:
    me.zone("example.com")
    assert is_error(put(me, body), 400, "validation_error", f"line.{line}")
    assert exported(me) == []


def test_a_body_over_the_limit_is_refused(me: Bearer) -> None:
    me.zone("example.com")
    assert is_error(put(me, b";" * (32 * 1024 * 1024 + 1)), 413, "payload_too_large")
