"""The DNSSEC of a zone in the API: what is shown of it, reports of users about the DS, rollovers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import dns.name
import pytest

from appliance.store import zones
from appliance.web.context import context_of
from appliance.zones.signing import Signing, Timing
from tests.api.conftest import NS1, NS2, Application, Bearer, counted, created, is_error
from tests.signing import at_parent, key, signed, store_signing

ZONE = dns.name.from_text("example.com.")
PATH = "/dns-zones/example.com/dnssec/"
READY, WAITING = key(ds=Timing.RUMOURED), key()


@pytest.fixture
def zone(me: Bearer) -> dict[str, Any]:
    """A zone that is to be signed."""
    created = me.zone("example.com")
    changed = me("PATCH", f"/dns-zones/{created['uuid']}/", {"dnssec": True}).get_json()
    assert changed["dnssec"] is True and changed["serial"] > created["serial"]
    return dict(changed)


def seen(application: Application, known: Signing) -> None:
    """Store what the deployer would have seen."""
    with application.writing():
        stored = zones.get_by_name(ZONE)
        assert stored
        store_signing(stored, known)


def test_a_zone_that_was_never_signed_is_unsigned(me: Bearer) -> None:
    me.zone("example.com")
    answer = me("GET", PATH)
    assert answer.status_code == 200 and answer.headers["ETag"] == me("GET", "/dns-zones/example.com/").headers["ETag"]
    assert answer.get_json() == {
        "enabled": False,
        "state": "unsigned",
        "since": None,
        "next": None,
        "ds": [],
        "keys": [],
        "parent": None,
        "signatures_expire_at": None,
        "nameservers": [{"name": name, "serial": None, "signed": False, "expires_at": None} for name in (NS1, NS2)],
        "problems": [],
    }


@pytest.mark.usefixtures("zone")
def test_a_signed_zone_shows_what_the_registrar_needs(application: Application, me: Bearer) -> None:
    before = me("GET", PATH).get_json()
    assert (before["state"], before["since"], before["ds"]) == ("signing", "2031-05-04T12:00:00Z", [])
    seen(application, signed(READY, parent=at_parent(ZONE)))
    shown = me("GET", PATH).get_json()
    assert (shown["enabled"], shown["state"]) == (True, "ds-ready")
    assert shown["next"] == {"at": None, "what": "DS at the registrar"}
    first, second = shown["ds"]
    assert list(first) == ["key_tag", "algorithm", "digest_type", "digest", "record", "publish", "at_parent"]
    assert first["record"] == f"example.com. 3600 IN DS {READY.tag} 13 2 {first['digest'].upper()}"
    assert (first["digest_type"], len(first["digest"]), first["publish"], first["at_parent"]) == (2, 64, True, False)
    assert (second["digest_type"], len(second["digest"]), second["publish"]) == (4, 96, False)
    (shown_key,) = shown["keys"]
    assert shown_key["dnskey"] == f"257 3 13 {READY.public_key}"
    assert (shown_key["algorithm_name"], shown_key["role"], shown_key["state"]) == ("ECDSAP256SHA256", "csk", "active")
    assert "private" not in str(shown)
    assert shown["parent"] == {"name": "com", "checked_at": "2031-05-04T12:00:00Z", "agrees": False, "problem": ""}
    assert shown["signatures_expire_at"] == "2031-06-03T12:00:00Z"
    assert [one["signed"] for one in shown["nameservers"]] == [True, False]
    assert shown["problems"] == ["key-not-backed-up"]
    seen(application, signed(READY, parent=at_parent(ZONE, READY)))
    secured = me("GET", PATH).get_json()
    assert (secured["state"], secured["next"], secured["parent"]["agrees"]) == ("secured", None, True)
    assert [one["at_parent"] for one in secured["ds"]] == [True, False]


def test_a_ds_is_confirmed_once_and_keys_are_rolled(application: Application, me: Bearer, zone: dict[str, Any]) -> None:
    assert is_error(me("POST", f"{PATH}rollover/"), 409, "conflict")
    seen(application, signed(READY))
    body = {"ds": "published", "key_tag": READY.tag}
    tag = me("GET", PATH).headers["ETag"]
    answer = me("POST", f"{PATH}confirm/", body, {"Idempotency-Key": "first", "If-Match": tag})
    assert (answer.status_code, answer.get_json()["state"]) == (200, "secured")
    assert answer.headers["X-Zone-Serial"] == str(zone["serial"]), "nothing is published"
    assert is_error(me("POST", f"{PATH}confirm/", body, {"If-Match": tag}), 412, "precondition_failed")
    again = me("POST", f"{PATH}confirm/", body, {"Idempotency-Key": "first", "If-Match": tag})
    assert again.data == answer.data and again.headers["Idempotency-Replayed"] == "true"
    assert is_error(me("POST", f"{PATH}confirm/", body), 409, "conflict")
    assert is_error(me("POST", f"{PATH}confirm/", {"ds": "withdrawn"}), 409, "conflict")
    entries = application.bearer("me@example.org", "account:read")("GET", "/account/audit/?page_size=2").get_json()
    assert [(one["action"], one["detail"]) for one in entries if one["zone"]] == [
        ("zone.ds", "DS confirmed as published"),
        ("zone.dnssec", "DNSSEC on"),
    ]
    rolled = me("POST", f"{PATH}rollover/")
    assert rolled.status_code == 202
    assert rolled.get_json()["next"] == {"at": None, "what": "the rollover begins"}
    assert is_error(me("POST", f"{PATH}rollover/"), 409, "conflict")
    former = key(is_wanted=False, ds=Timing.OMNIPRESENT)
    seen(application, signed(former, key(1, ds=Timing.RUMOURED)))
    shown = me("GET", PATH).get_json()
    assert shown["state"] == "rolling" and [one["state"] for one in shown["keys"]] == ["retired", "active"]
    assert [one["publish"] for one in shown["ds"]] == [False, False, True, False]
    assert is_error(me("PATCH", "/dns-zones/example.com/", {"dnssec": False}), 409, "conflict")


@pytest.mark.usefixtures("zone")
def test_it_is_read_in_as_many_statements_whatever_is_known(application: Application, me: Bearer) -> None:
    def statements() -> int:
        with counted() as found:
            assert me("GET", PATH).status_code == 200
        return len(found)

    statements()  # the first use of the token writes when that was
    before = statements()
    seen(application, signed(key(is_wanted=False), key(1), parent=at_parent(ZONE, key())))
    assert statements() == before


@pytest.mark.usefixtures("zone")
def test_off_waits_until_the_ds_is_gone(application: Application, me: Bearer) -> None:
    seen(application, signed(READY, parent=at_parent(ZONE, READY)))
    assert me("PATCH", "/dns-zones/example.com/", {"dnssec": False}).get_json()["dnssec"] is False
    shown = me("GET", PATH).get_json()
    assert (shown["enabled"], shown["state"]) == (False, "ds-remove")
    assert shown["next"] == {"at": None, "what": "removal of the DS at the registrar"}
    assert is_error(me("POST", f"{PATH}confirm/", {"ds": "withdrawn"}), 409, "conflict")
    seen(application, signed(READY, parent=at_parent(ZONE)))
    gone = me("POST", f"{PATH}confirm/", {"ds": "withdrawn"}).get_json()
    assert (gone["state"], gone["next"]["at"]) == ("ds-expiring", "2031-05-05T12:00:00Z")
    again = me("POST", f"{PATH}confirm/", {"ds": "withdrawn"})
    assert is_error(again, 409, "conflict") and "the state is ds-expiring" in again.text
    on = me("PATCH", "/dns-zones/example.com/", {"dnssec": True, "default_ttl": 300, "comment": "signed again"})
    assert on.status_code == 200 and on.get_json()["default_ttl"] == 300
    assert me("GET", PATH).get_json()["state"] == "ds-ready", "it never was unsigned"


def test_an_unsigned_zone_shows_no_keys_of_former_times(
    application: Application, me: Bearer, zone: dict[str, Any]
) -> None:
    seen(application, signed(READY, parent=at_parent(ZONE)))
    me("PATCH", "/dns-zones/example.com/", {"dnssec": False})
    assert me("POST", f"{PATH}confirm/", {"ds": "withdrawn"}).status_code == 200
    application.clock.forward(days=2)
    with application.store.connection():
        assert context_of(application.app).editor.unsign_zone(UUID(zone["uuid"]), None)
    shown = me("GET", PATH).get_json()
    assert (shown["state"], shown["ds"], shown["keys"]) == ("unsigning", [], [])
    assert shown["next"]["what"] == "every nameserver serves the zone unsigned"


@pytest.mark.usefixtures("zone")
def test_reports_are_strict(me: Bearer) -> None:
    for body, field in (
        ({}, "ds"),
        ({"ds": "there"}, "ds"),
        ({"ds": True}, "ds"),
        ({"ds": "published", "key_tag": 65536}, "key_tag"),
        ({"ds": "published", "key_tag": "1"}, "key_tag"),
        ({"ds": "published", "private": "x"}, "private"),
    ):
        assert is_error(me("POST", f"{PATH}confirm/", body), 400, "validation_error", field)


@pytest.mark.usefixtures("zone")
def test_each_call_needs_its_permission(application: Application, me: Bearer, other: Bearer) -> None:
    seen(application, signed(READY))
    confirm, body = f"{PATH}confirm/", {"ds": "published"}
    for permission in ("dns:list", "dns:read"):
        reader = application.bearer("me@example.org", permission)
        assert reader("GET", PATH).status_code == 200
        assert is_error(reader("POST", confirm, body), 403, "permission_denied")
        assert is_error(reader("POST", f"{PATH}rollover/"), 403, "permission_denied")
    writer = application.bearer("me@example.org", "dns:update")
    assert is_error(writer("GET", PATH), 403, "permission_denied")
    assert writer("POST", confirm, body).get_json() == {"state": "secured"}, "it may not read the rest"
    for method, path, sent in (("GET", PATH, None), ("POST", confirm, body), ("POST", f"{PATH}rollover/", None)):
        assert is_error(other(method, path, sent), 404, "not_found")


def test_a_zone_is_created_signed(application: Application, me: Bearer) -> None:
    body = {
        "domain": "example.com",
        "dnssec": True,
        "records": [{"record_type": "A", "name": "@", "value": "192.0.2.1"}],
    }
    zone = created(me("POST", "/dns-zones/", body))
    assert zone["dnssec"] is True and me("GET", PATH).get_json()["state"] == "signing"
    high = {**body, "domain": "example.net", "default_ttl": 86_401}
    assert is_error(me("POST", "/dns-zones/", high), 400, "validation_error", "default_ttl")
    record = {"record_type": "A", "name": "www", "value": "192.0.2.1", "ttl": 86_401}
    assert is_error(me("POST", "/dns-zones/example.com/records/", record), 400, "validation_error", "ttl")
    unsigned = created(me("POST", "/dns-zones/", {"domain": "example.net", "dnssec": False}))
    assert unsigned["dnssec"] is False


@pytest.mark.usefixtures("zone")
def test_a_zone_with_a_ds_is_deleted_when_that_is_gone(application: Application, me: Bearer) -> None:
    seen(application, signed(READY, parent=at_parent(ZONE, READY)))
    path = "/dns-zones/example.com/"
    assert is_error(me("DELETE", path), 428, "confirmation_required")
    assert is_error(me("DELETE", f"{path}?ds=gone"), 400, "validation_error", "ds")
    assert me("DELETE", f"{path}?ds=withdrawn").status_code == 204
    restored = me("POST", f"{path}restore/").get_json()
    assert restored["dnssec"] is True and me("GET", PATH).get_json()["state"] == "signing"


@pytest.mark.usefixtures("zone")
def test_no_record_has_a_type_that_the_signer_writes(me: Bearer) -> None:
    for name in ("TYPE65280", "TYPE65534", "DNSKEY", "CDS", "CDNSKEY", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM"):
        record = {"record_type": name, "name": "@", "value": r"\# 4 00000001"}
        answer = me("POST", "/dns-zones/example.com/records/", record)
        assert is_error(answer, 400, "validation_error", "record_type")
        change = {"action": "replace", "record_type": name, "name": "@", "values": [record["value"]]}
        answer = me("POST", "/dns-zones/example.com/changes/", {"changes": [change]})
        assert is_error(answer, 400, "validation_error", "changes.0.record_type")
    file = "@ 0 IN TYPE65280 \\# 4 00000001\n@ 300 IN A 192.0.2.1\n"
    path, headers = "/dns-zones/example.com/zonefile/", {"Content-Type": "text/dns"}
    answer = me("PUT", path, None, headers, data=file).get_json()
    assert [one["record_type"] for one in answer["added"]] == ["A"]
    assert ["TYPE65280" in one["detail"] for one in answer["warnings"] if one["code"] == "passed-over"] == [True]
    assert "TYPE65280" not in me("GET", path).text, "what is exported is what users have"
