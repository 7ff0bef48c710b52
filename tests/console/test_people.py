"""Operators: who has an account, and who is invited."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from appliance.store import accounts
from tests.console.conftest import HERE, PASSWORD, Browser, Console, texts

OPERATOR, ME, GUEST = "root@example.org", "me@example.org", "guest@example.org"
INVITE = "/people/invitations/"


def invited(operator: Browser, email: str = GUEST, **more: str) -> str:
    """The path of the link that a guest is given."""
    answer = operator.send(INVITE, {"email": email, **more}, page="/people/")
    assert answer.status_code == 200, answer.text
    (link,) = texts(answer, r"http://localhost/invitations/[\w-]{43}/")
    assert link not in operator.get("/people/").text
    return urlsplit(link).path


def take_up(browser: Browser, path: str) -> int:
    """Choose a password at that link."""
    return browser.send(path, {"password": PASSWORD, "again": PASSWORD}).status_code


def test_it_is_for_operators(console: Console) -> None:
    browser = console.signed_in(ME)
    assert browser.get("/people/").status_code == 404
    assert "/people/" not in browser.get("/account/").text
    token = browser.forms("/account/")["/sign-out/"]
    assert browser.post(INVITE, {**token, "email": GUEST}).status_code == 404
    assert "/people/" in console.signed_in(OPERATOR, is_admin=True).get("/account/").text


@pytest.mark.parametrize("is_admin", [False, True])
def test_a_guest_makes_an_account(console: Console, is_admin: bool) -> None:
    operator, guest = console.signed_in(OPERATOR, is_admin=True), console.browser()
    path = invited(operator, GUEST.upper(), **({"is_admin": "yes"} if is_admin else {}))
    assert GUEST in operator.get("/people/").text
    assert take_up(guest, path) == 303
    assert "Welcome" in guest.get("/account/").text
    assert guest.get("/people/").status_code == (200 if is_admin else 404)
    assert console.browser().sign_in(GUEST).status_code == 303


def test_an_invitation_is_good_once(console: Console) -> None:
    path = invited(console.signed_in(OPERATOR, is_admin=True))
    late = console.browser()
    form = late.forms(path)[path]
    assert take_up(console.browser(), path) == 303
    assert late.get(path).status_code == 404
    assert late.post(path, {**form, "password": PASSWORD, "again": PASSWORD}).status_code == 404


def test_an_invitation_ends(console: Console) -> None:
    operator = console.signed_in(OPERATOR, is_admin=True)
    first = invited(operator)
    second = invited(operator)
    assert console.browser().get(first).status_code == 404
    (withdraw,) = [path for path in operator.forms("/people/") if path.endswith("/withdraw/")]
    assert console.browser().get(second).status_code == 200
    operator.send(withdraw, {}, page="/people/")
    assert console.browser().get(second).status_code == 404
    third = invited(operator)
    console.application.clock.forward(days=7)
    assert console.browser().get(third).status_code == 404


def test_an_invitation_ends_with_the_operator_who_gave_it(console: Console) -> None:
    leaving, staying = (console.signed_in(email, is_admin=True) for email in ("leaving@example.org", OPERATOR))
    path = invited(leaving, is_admin="yes")
    press(staying, "disable")
    assert console.browser().get(path).status_code == 404


@pytest.mark.parametrize("email", [ME, ME.upper(), "", "nobody", "a b@example.org"])
def test_who_cannot_be_invited(console: Console, email: str) -> None:
    console.account(ME)
    refused = console.signed_in(OPERATOR, is_admin=True).send(INVITE, {"email": email}, page="/people/")
    assert refused.status_code == 400 and 'id="email-error"' in refused.text


def test_a_password_is_checked_before_the_link_is_used_up(console: Console) -> None:
    path = invited(console.signed_in(OPERATOR, is_admin=True))
    guest = console.browser()
    for password, again in (("short", "short"), (PASSWORD, "another"), ("x" * 1025, "x" * 1025)):
        assert guest.send(path, {"password": password, "again": again}).status_code == 400
    assert take_up(guest, path) == 303


def test_a_disabled_account_ends_at_once(console: Console) -> None:
    operator, me = console.signed_in(OPERATOR, is_admin=True), console.signed_in(ME)
    api = console.application.bearer(ME)
    assert me.get("/account/").status_code == api("GET", "/account/me/").status_code == 200
    press(operator, "disable")
    assert f"{ME} is disabled" in operator.get("/people/").text
    assert me.get("/account/").status_code == 303
    assert api("GET", "/account/me/").status_code == 401
    assert console.browser().sign_in(ME).status_code == 403


def test_an_account_is_enabled_again_with_nothing_that_it_held(console: Console) -> None:
    operator, me = console.signed_in(OPERATOR, is_admin=True), console.signed_in(ME)
    api = console.application.bearer(ME)
    press(operator, "disable")
    press(operator, "enable")
    assert f"{ME} may sign in again" in operator.get("/people/").text
    assert me.get("/account/").status_code == 303 and api("GET", "/account/me/").status_code == 401
    assert console.browser().sign_in(ME).status_code == 303
    assert console.application.bearer(ME)("GET", "/account/me/").status_code == 200


def test_tokens_of_before_stay_void_where_a_former_release_disabled(console: Console) -> None:
    operator, api = console.signed_in(OPERATOR, is_admin=True), console.application.bearer(ME)
    with console.application.writing():
        accounts.disable_account(ME, console.application.clock())
    press(operator, "enable")
    assert api("GET", "/account/me/").status_code == 401


def test_an_account_that_is_not_disabled_loses_nothing_by_being_enabled(console: Console) -> None:
    operator, me = console.signed_in(OPERATOR, is_admin=True), console.signed_in(ME)
    api, token = console.application.bearer(ME), operator.forms("/people/")[INVITE]
    mine = f"/people/{console.application.account(ME).uuid}/enable/"
    assert me.post(mine, me.forms("/account/")["/sign-out/"]).status_code == 404
    assert operator.post(mine, token).status_code == 303
    assert me.get("/account/").status_code == api("GET", "/account/me/").status_code == 200


def press(operator: Browser, act: str) -> None:
    """Disable or enable the one account that can be."""
    (path,) = [path for path in operator.forms("/people/") if path.endswith(f"/{act}/")]
    assert operator.send(path, {}, page="/people/").status_code == 303


def test_nobody_disables_themselves(console: Console) -> None:
    operator = console.signed_in(OPERATOR, is_admin=True)
    assert not any(path.endswith("/disable/") for path in operator.forms("/people/"))
    token = operator.forms("/people/")[INVITE]
    own = console.application.account(OPERATOR).uuid
    assert operator.post(f"/people/{own}/disable/", token).status_code == 403
    assert operator.get("/people/").status_code == 200


def test_all_of_it_is_noted(console: Console) -> None:
    operator = console.signed_in(OPERATOR, is_admin=True)
    invited(operator, "other@example.org")
    (withdraw,) = [path for path in operator.forms("/people/") if path.endswith("/withdraw/")]
    form = operator.forms("/people/")[withdraw]
    operator.post(withdraw, form)
    assert operator.post(withdraw, form).status_code == 404
    take_up(console.browser(), invited(operator))
    press(operator, "disable")
    press(operator, "enable")
    seen = console.application.bearer(OPERATOR, "admin:*")("GET", "/account/audit/").get_json()
    told = [(entry["action"], re.sub(",.*", "", entry["subject"]), entry["actor"], entry["address"]) for entry in seen]
    assert told[:6] == [
        ("account.enable", GUEST, OPERATOR, HERE),
        ("account.disable", GUEST, OPERATOR, HERE),
        ("session.begin", GUEST, GUEST, HERE),
        ("account.create", GUEST, GUEST, HERE),
        ("account.invite", GUEST, OPERATOR, HERE),
        ("account.withdraw", "other@example.org", OPERATOR, HERE),
    ]
