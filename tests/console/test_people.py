"""The operators' page of accounts and invitations."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from appliance.store import accounts
from tests.console.conftest import ADDRESS, PASSWORD, Browser, Console, texts

OPERATOR, ME, GUEST = "root@example.org", "me@example.org", "guest@example.org"
INVITE = "/people/invitations/"


def invite(operator: Browser, email: str = GUEST, **more: str) -> str:
    """Create an invitation, and return the path of its link."""
    answer = operator.send(INVITE, {"email": email, **more}, page="/people/")
    assert answer.status_code == 200, answer.text
    (link,) = texts(answer, r"http://localhost/invitations/[\w-]{43}/")
    assert link not in operator.get("/people/").text
    return urlsplit(link).path


def accept(browser: Browser, path: str) -> int:
    """Accept the invitation at that path; return the status."""
    return browser.send(path, {"password": PASSWORD, "again": PASSWORD}).status_code


def test_the_page_is_for_operators_only(console: Console) -> None:
    browser = console.signed_in(ME)
    assert browser.get("/people/").status_code == 404
    assert "/people/" not in browser.get("/account/").text
    token = browser.forms("/account/")["/sign-out/"]
    assert browser.post(INVITE, {**token, "email": GUEST}).status_code == 404
    assert "/people/" in console.signed_in(OPERATOR, is_admin=True).get("/account/").text


@pytest.mark.parametrize("is_admin", [False, True])
def test_an_invitation_creates_an_account(console: Console, is_admin: bool) -> None:
    operator, guest = console.signed_in(OPERATOR, is_admin=True), console.browser()
    path = invite(operator, GUEST.upper(), **({"is_admin": "yes"} if is_admin else {}))
    assert GUEST in operator.get("/people/").text
    assert accept(guest, path) == 303
    assert "Welcome" in guest.get("/account/").text
    assert guest.get("/people/").status_code == (200 if is_admin else 404)
    assert console.browser().sign_in(GUEST).status_code == 303


def test_an_invitation_works_once(console: Console) -> None:
    path = invite(console.signed_in(OPERATOR, is_admin=True))
    late = console.browser()
    form = late.forms(path)[path]
    assert accept(console.browser(), path) == 303
    assert late.get(path).status_code == 404
    assert late.post(path, {**form, "password": PASSWORD, "again": PASSWORD}).status_code == 404


def test_an_invitation_is_replaced_revoked_or_expires(console: Console) -> None:
    operator = console.signed_in(OPERATOR, is_admin=True)
    first = invite(operator)
    second = invite(operator)
    assert console.browser().get(first).status_code == 404
    (withdraw,) = [path for path in operator.forms("/people/") if path.endswith("/withdraw/")]
    assert console.browser().get(second).status_code == 200
    operator.send(withdraw, {}, page="/people/")
    assert console.browser().get(second).status_code == 404
    third = invite(operator)
    console.application.clock.forward(days=7)
    assert console.browser().get(third).status_code == 404


def test_disabling_an_operator_revokes_their_invitations(console: Console) -> None:
    leaving, staying = (console.signed_in(email, is_admin=True) for email in ("leaving@example.org", OPERATOR))
    path = invite(leaving, is_admin="yes")
    submit(staying, "disable")
    assert console.browser().get(path).status_code == 404


@pytest.mark.parametrize("email", [ME, ME.upper(), "", "nobody", "a b@example.org"])
def test_invalid_and_known_emails_are_refused(console: Console, email: str) -> None:
    console.account(ME)
    refused = console.signed_in(OPERATOR, is_admin=True).send(INVITE, {"email": email}, page="/people/")
    assert refused.status_code == 400 and 'id="email-error"' in refused.text


def test_an_invalid_password_does_not_use_up_the_link(console: Console) -> None:
    path = invite(console.signed_in(OPERATOR, is_admin=True))
    guest = console.browser()
    for password, again in (("short", "short"), (PASSWORD, "another"), ("x" * 1025, "x" * 1025)):
        assert guest.send(path, {"password": password, "again": again}).status_code == 400
    assert accept(guest, path) == 303


def test_disabling_revokes_sessions_and_tokens(console: Console) -> None:
    operator, me = console.signed_in(OPERATOR, is_admin=True), console.signed_in(ME)
    api = console.application.bearer(ME)
    assert me.get("/account/").status_code == api("GET", "/account/me/").status_code == 200
    submit(operator, "disable")
    assert f"{ME} is disabled." in operator.get("/people/").text
    assert me.get("/account/").status_code == 303
    assert api("GET", "/account/me/").status_code == 401
    assert console.browser().sign_in(ME).status_code == 403


def test_enabling_does_not_restore_sessions_and_tokens(console: Console) -> None:
    operator, me = console.signed_in(OPERATOR, is_admin=True), console.signed_in(ME)
    api = console.application.bearer(ME)
    submit(operator, "disable")
    submit(operator, "enable")
    assert f"{ME} is enabled" in operator.get("/people/").text
    assert me.get("/account/").status_code == 303 and api("GET", "/account/me/").status_code == 401
    assert console.browser().sign_in(ME).status_code == 303
    assert console.application.bearer(ME)("GET", "/account/me/").status_code == 200


def test_enabling_revokes_tokens_that_a_former_release_left(console: Console) -> None:
    operator, api = console.signed_in(OPERATOR, is_admin=True), console.application.bearer(ME)
    with console.application.writing():
        accounts.disable_account(ME, console.application.clock())
    submit(operator, "enable")
    assert api("GET", "/account/me/").status_code == 401


def test_enabling_an_active_account_changes_nothing(console: Console) -> None:
    operator, me = console.signed_in(OPERATOR, is_admin=True), console.signed_in(ME)
    api, token = console.application.bearer(ME), operator.forms("/people/")[INVITE]
    mine = f"/people/{console.application.account(ME).uuid}/enable/"
    assert me.post(mine, me.forms("/account/")["/sign-out/"]).status_code == 404
    assert operator.post(mine, token).status_code == 303
    assert me.get("/account/").status_code == api("GET", "/account/me/").status_code == 200


def submit(operator: Browser, action: str) -> None:
    """Disable or enable the only account that can be."""
    (path,) = [path for path in operator.forms("/people/") if path.endswith(f"/{action}/")]
    assert operator.send(path, {}, page="/people/").status_code == 303


def test_operators_cannot_disable_themselves(console: Console) -> None:
    operator = console.signed_in(OPERATOR, is_admin=True)
    assert not any(path.endswith("/disable/") for path in operator.forms("/people/"))
    token = operator.forms("/people/")[INVITE]
    own = console.application.account(OPERATOR).uuid
    assert operator.post(f"/people/{own}/disable/", token).status_code == 403
    assert operator.get("/people/").status_code == 200


def test_changes_of_accounts_are_audited(console: Console) -> None:
    operator = console.signed_in(OPERATOR, is_admin=True)
    invite(operator, "other@example.org")
    (withdraw,) = [path for path in operator.forms("/people/") if path.endswith("/withdraw/")]
    form = operator.forms("/people/")[withdraw]
    operator.post(withdraw, form)
    assert operator.post(withdraw, form).status_code == 404
    accept(console.browser(), invite(operator))
    submit(operator, "disable")
    submit(operator, "enable")
    entries = console.application.bearer(OPERATOR, "admin:*")("GET", "/account/audit/").get_json()
    events = [
        (entry["action"], re.sub(",.*", "", entry["subject"]), entry["actor"], entry["address"]) for entry in entries
    ]
    assert events[:6] == [
        ("account.enable", GUEST, OPERATOR, ADDRESS),
        ("account.disable", GUEST, OPERATOR, ADDRESS),
        ("session.begin", GUEST, GUEST, ADDRESS),
        ("account.create", GUEST, GUEST, ADDRESS),
        ("account.invite", GUEST, OPERATOR, ADDRESS),
        ("account.withdraw", "other@example.org", OPERATOR, ADDRESS),
    ]
