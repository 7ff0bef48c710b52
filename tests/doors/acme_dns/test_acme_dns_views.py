"""acme-dns over HTTP: an account is a token, the two newest texts stay, and registration needs a token."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from appliance.principal import TokenLimits
from tests.doors.callers import Caller, Doors

TEXTS = [letter * 43 for letter in "abcd"]
Account = dict[str, Any]


@pytest.fixture
def registrar(doors: Doors) -> Caller:
    """A client whose token may register accounts in the zone."""
    limits = TokenLimits(zones=frozenset({UUID(doors.zone["uuid"])}))
    return doors.caller("dns:list", "dns:create", "dns:delete", "account:tokens", limits=limits)


@pytest.fixture
def account(registrar: Caller) -> Account:
    """A registered account."""
    answer = registrar("POST", "/acme-dns/register")
    assert answer.status_code == 201, answer.text
    registered: Account = answer.get_json()
    return registered


def _update(doors: Doors, account: Account, txt: object, **more: object) -> TestResponse:
    headers = {"X-Api-User": account["username"], "X-Api-Key": account["password"]}
    body = {"subdomain": account["subdomain"], "txt": txt, **more}
    return doors.application.app.test_client().post("/acme-dns/update", json=body, headers=headers)


def test_an_account_has_the_form_that_clients_keep(account: Account) -> None:
    assert list(account) == ["username", "password", "fulldomain", "subdomain", "allowfrom"]
    assert account["username"] == account["subdomain"] and account["fulldomain"].endswith(".example.org")
    assert account["password"].startswith("vps_") and account["allowfrom"] == []


def test_the_two_newest_texts_stay(doors: Doors, account: Account) -> None:
    label = account["fulldomain"].removesuffix(".example.org")
    doors.me.record(doors.zone, "TXT", label, "another text")
    for text in TEXTS:
        answer = _update(doors, account, text)
        assert (answer.status_code, answer.get_json()) == (200, {"txt": text})
        doors.application.clock.forward(seconds=1)
    assert doors.stored(label, "TXT") == ["another text", *TEXTS[-2:]]
    assert doors.last_comment == "acme-dns"


def test_a_text_that_is_sent_again_is_the_newest_without_a_serial(doors: Doors, account: Account) -> None:
    label = account["fulldomain"].removesuffix(".example.org")
    for text in (TEXTS[0], TEXTS[1]):
        _update(doors, account, text)
        doors.application.clock.forward(seconds=1)
    serial = doors.serial
    for _ in range(2):
        assert _update(doors, account, TEXTS[0]).status_code == 200
        doors.application.clock.forward(seconds=1)
    assert doors.serial == serial and doors.stored(label, "TXT") == TEXTS[:2]
    _update(doors, account, TEXTS[2])
    assert doors.stored(label, "TXT") == [TEXTS[0], TEXTS[2]]


def test_a_text_that_was_written_with_quotes_is_counted(doors: Doors, account: Account) -> None:
    label = account["fulldomain"].removesuffix(".example.org")
    doors.me.record(doors.zone, "TXT", label, f'"{TEXTS[0]}"')
    doors.application.clock.forward(seconds=1)
    for text in (TEXTS[1], TEXTS[0], TEXTS[2]):
        assert _update(doors, account, text).status_code == 200
        doors.application.clock.forward(seconds=1)
    assert [value.strip('"') for value in doors.stored(label, "TXT")] == [TEXTS[0], TEXTS[2]]


def test_what_is_no_challenge_is_refused(doors: Doors, account: Account) -> None:
    for txt in ("short", TEXTS[0] + "a", 43, None, [TEXTS[0]]):
        answer = _update(doors, account, txt)
        assert (answer.status_code, answer.get_json()) == (400, {"error": "bad_txt"})


def test_user_key_and_subdomain_must_be_those_of_one_account(doors: Doors, account: Account) -> None:
    changes: list[Account] = [
        {"username": "00000000-0000-4000-8000-000000000000"},
        {"username": ""},
        {"password": f"vps_{'a' * 32}"},
        {"password": ""},
        {"subdomain": "other"},
        {"subdomain": ["other"]},
        {"subdomain": None},
    ]
    for change in changes:
        answer = _update(doors, {**account, **change}, TEXTS[0])
        assert (answer.status_code, answer.get_json()) == (401, {"error": "forbidden"})


def test_a_token_that_is_no_account_is_refused(doors: Doors, registrar: Caller, account: Account) -> None:
    answer = _update(doors, {**account, "password": registrar.secret}, TEXTS[0])
    assert (answer.status_code, answer.get_json()) == (401, {"error": "forbidden"})


def test_an_account_writes_nothing_but_its_texts(doors: Doors, account: Account) -> None:
    headers = {"Authorization": f"Bearer {account['password']}"}
    body = {"record_type": "TXT", "name": "www", "value": "x"}
    path = f"/api/v1/dns-zones/{doors.zone['uuid']}/records/"
    assert doors.application.app.test_client().post(path, json=body, headers=headers).status_code == 403


def test_registration_needs_no_body(registrar: Caller) -> None:
    for body in (b"null", b"{}", b'{"allowfrom": null}', b""):
        assert registrar("POST", "/acme-dns/register", data=body).status_code == 201


def test_networks_limit_an_account(doors: Doors, registrar: Caller) -> None:
    allowed = ["192.0.2.0/24", "2001:db8::/32"]
    answer = registrar("POST", "/acme-dns/register", json={"allowfrom": allowed})
    assert answer.get_json()["allowfrom"] == allowed
    assert _update(doors, answer.get_json(), TEXTS[0]).get_json() == {"error": "forbidden"}


def test_a_broken_registration_is_answered_with_the_words_of_acme_dns(registrar: Caller) -> None:
    for body, word in (
        (b'{"allowfrom": ["nothing"]}', "invalid_allowfrom_cidr"),
        (b'{"allowfrom": "192.0.2.0/24"}', "invalid_allowfrom_cidr"),
        (b"{", "malformed_json_payload"),
        (b"[]", "malformed_json_payload"),
    ):
        answer = registrar("POST", "/acme-dns/register", data=body)
        assert (answer.status_code, answer.get_json()) == (400, {"error": word})


def test_a_broken_body_belongs_to_no_account(doors: Doors, account: Account) -> None:
    headers = {"X-Api-User": account["username"], "X-Api-Key": account["password"]}
    answer = doors.application.app.test_client().post("/acme-dns/update", data=b"{", headers=headers)
    assert (answer.status_code, answer.get_json()) == (401, {"error": "forbidden"})


def test_only_a_token_of_one_zone_with_the_permission_registers(doors: Doors) -> None:
    nobody = doors.application.app.test_client().post("/acme-dns/register")
    assert (nobody.status_code, nobody.get_json()) == (401, {"error": "forbidden"})
    assert doors.caller("dns:*", "account:tokens")("POST", "/acme-dns/register").status_code == 403
    limits = TokenLimits(zones=frozenset({UUID(doors.zone["uuid"])}))
    assert doors.caller("dns:*", limits=limits)("POST", "/acme-dns/register").status_code == 403


def test_health_needs_no_credential(doors: Doors) -> None:
    assert doors.application.app.test_client().get("/acme-dns/health").status_code == 200
