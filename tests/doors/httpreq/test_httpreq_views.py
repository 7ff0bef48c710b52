"""httpreq over HTTP: challenges beside each other, idempotent, with as few permissions as an ACME client needs."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from appliance.principal import TokenLimits
from tests.api.conftest import is_error
from tests.doors.callers import Caller, Doors

NAME = "_acme-challenge"
FQDN = "_acme-challenge.example.org."
CHALLENGES = TokenLimits(record_types=("TXT",), record_names=(NAME, f"{NAME}.*"))


@pytest.fixture
def lego(doors: Doors) -> Caller:
    """A client whose token can do nothing but challenges."""
    return doors.caller("dns:list", "dns:create", "dns:delete", limits=CHALLENGES)


def _send(caller: Caller, call: str, value: str, fqdn: str = FQDN) -> int:
    answer = caller("POST", f"/httpreq/{call}", json={"fqdn": fqdn, "value": value})
    assert answer.get_json() == {}, answer.text
    return answer.status_code


def test_values_are_added_beside_each_other_and_removed_alone(doors: Doors, lego: Caller) -> None:
    first = doors.serial
    assert _send(lego, "present", "one") == _send(lego, "present", "two") == 200
    assert doors.stored(NAME, "TXT") == ["one", "two"] and doors.last_comment == "httpreq"
    assert _send(lego, "present", "two") == 200 and doors.serial == first + 2
    assert _send(lego, "cleanup", "one") == 200 and doors.stored(NAME, "TXT") == ["two"]
    assert _send(lego, "cleanup", "one") == 200 and doors.serial == first + 3


def test_a_new_set_has_a_short_ttl_and_an_old_one_keeps_its_own(doors: Doors, lego: Caller) -> None:
    doors.me.record(doors.zone, "TXT", f"{NAME}.www", "one", ttl=900)
    _send(lego, "present", "two", f"{NAME}.www.example.org.")
    _send(lego, "present", "three")
    records = doors.me("GET", "/dns-records/", query_string={"zone": doors.zone["uuid"]}).get_json()
    assert {(record["name"], record["ttl"]) for record in records} == {(f"{NAME}.www", 900), (NAME, 60)}


def test_the_raw_mode_and_other_media_types_are_accepted(doors: Doors, lego: Caller) -> None:
    body = '{"domain": "*.example.org", "token": "t", "keyAuth": "token.thumbprint"}'
    answer = lego("POST", "/httpreq/present/", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert doors.stored(NAME, "TXT") == ["61rBZ_4knHblO0MNoxFsXZ_eTFUHum0B6IVRbhvUn5I"]


def test_text_that_plain_text_cannot_hold_is_stored_quoted(doors: Doors) -> None:
    caller = doors.caller()
    assert _send(caller, "present", '"quoted', "a.example.org") == 200
    assert doors.stored("a", "TXT") == [r'"\"quoted"']
    assert _send(caller, "cleanup", '"quoted', "a.example.org") == 200 and not doors.stored("a", "TXT")


def test_what_is_wrong_is_named_in_the_form_of_the_api(doors: Doors, lego: Caller) -> None:
    def send(body: object) -> TestResponse:
        return lego("POST", "/httpreq/present", json=body)

    assert is_error(send({"fqdn": FQDN}), 400, "validation_error", "value")
    assert is_error(send({"fqdn": "a..b", "value": "x"}), 400, "validation_error", "fqdn")
    assert is_error(send([]), 400, "validation_error")
    assert is_error(send({"fqdn": "www.example.org", "value": "x"}), 403, "permission_denied")
    assert is_error(lego("POST", "/httpreq/nothing", json={}), 404, "not_found")
    assert is_error(lego("GET", "/httpreq/present"), 405, "method_not_allowed")
    assert not doors.stored("www", "TXT")


def test_zones_of_others_are_answered_as_zones_that_do_not_exist(doors: Doors, lego: Caller) -> None:
    doors.application.bearer("other@example.org").zone("example.net")
    answers = [
        lego("POST", "/httpreq/present", json={"fqdn": f"{NAME}.{domain}.", "value": "x"})
        for domain in ("example.net", "example.com")
    ]
    assert is_error(answers[0], 404, "not_found") and answers[0].data == answers[1].data


def test_without_a_token_basic_is_asked_for(doors: Doors) -> None:
    answer = doors.application.app.test_client().post("/httpreq/present", json={"fqdn": FQDN, "value": "x"})
    assert is_error(answer, 401, "invalid_token") and answer.headers["WWW-Authenticate"] == "Basic"
