"""A form whose session has ended, or whose page is from before signing in, is kept; its user sends it again."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import urlencode

import pytest
from pyotp import TOTP
from werkzeug.test import TestResponse

from appliance.store import credentials
from tests.console.conftest import PASSWORD, Browser, Console, forms_in, texts
from tests.console.zone_page import ME, ZonePage, found_in, open_page

SAME = {"Origin": "http://localhost"}
TYPED = {"name": "www", "part_value": 'x"><b>\n two  ', "comment": "bücher & mehr", "intent": "save", "empty": ""}


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


@pytest.fixture
def path(page: ZonePage) -> str:
    """The path of the form for a new TXT record."""
    return f"{page.path}records/new/?type=TXT"


def sign_in_with(browser: Browser, asked: TestResponse) -> TestResponse:
    """Submit the sign-in form on that page."""
    return browser.post("/sign-in/", {**forms_in(asked.text, "")["/sign-in/"], "email": ME, "password": PASSWORD})


def kept_by(browser: Browser, form: str) -> str:
    """Return the signed form in the sign-in page that the browser is shown when it sends that form."""
    path, fields = json.loads(form)
    return forms_in(browser.post(path, dict(fields), headers=SAME).text, "")["/sign-in/"]["kept"]


def fields_of(shown: TestResponse, path: str) -> dict[str, str]:
    """Return the fields of the form that is shown again."""
    (form,) = found_in(shown.text, rf'<form method="post" action="{re.escape(path)}">(.*?)</form>')
    kept = found_in(form, r'<textarea name="(.*?)" hidden>\n(.*?)</textarea>')
    (token,) = found_in(form, r'name="csrf_token" value="(.*?)"')
    return {name: html.unescape(text) for name, text in kept} | {"csrf_token": token}


def test_a_form_survives_an_expired_session(page: ZonePage, path: str) -> None:
    token = page.browser.forms(path)[path]
    page.console.application.clock.forward(hours=12)
    asked = page.browser.post(path, {**token, **TYPED})
    assert asked.status_code == 403 and "Your session has ended" in asked.text and "<b>" not in asked.text
    shown = sign_in_with(page.browser, asked)
    assert shown.status_code == 200 and page.records() == [], "signing in carries nothing out"
    assert texts(shown, "<dt>(.*?)</dt>") == ["Sent to", "Name", "Value", "Comment", "Intent"]
    assert "<b>" not in shown.text
    fields = fields_of(shown, path)
    assert fields.items() >= TYPED.items()
    sent = page.browser.post(path, {**fields, "part_value": "two"})
    assert sent.status_code == 303 and [record.comment for record in page.records()] == [TYPED["comment"]]


def test_a_form_survives_signing_out_in_another_tab(page: ZonePage, path: str) -> None:
    token = page.browser.forms(path)[path]
    page.browser.send("/sign-out/", {}, page="/account/")
    assert page.browser.post(path, {**token, **TYPED}).status_code == 403
    asked = page.browser.post(path, {**token, **TYPED}, headers=SAME)
    assert fields_of(sign_in_with(page.browser, asked), path)["part_value"] == TYPED["part_value"]


def test_a_form_survives_signing_in_again_in_another_tab(page: ZonePage, path: str) -> None:
    token = page.browser.forms(path)[path]
    page.browser.send("/sign-out/", {}, page="/account/")
    page.browser.sign_in(ME)
    refused = page.browser.post(path, {**token, **TYPED})
    assert refused.status_code == 403 and "expired" in refused.text
    shown = page.browser.post(path, {**token, **TYPED}, headers={"Sec-Fetch-Site": "same-origin"})
    assert shown.status_code == 403 and fields_of(shown, path).items() >= TYPED.items() and page.records() == []


def test_a_form_survives_wrong_passwords_and_the_second_factor(page: ZonePage, path: str) -> None:
    token, secret, clock = page.browser.forms(path)[path], "A" * 32, page.console.application.clock
    with page.console.application.writing():
        credentials.set_totp(page.console.application.account(ME).uuid, secret)
    clock.forward(hours=12)
    asked = page.browser.post(path, {**token, **TYPED})
    for password in ("wrong horse battery", PASSWORD):
        form = forms_in(asked.text, "")["/sign-in/"]
        asked = page.browser.post("/sign-in/", {**form, "email": ME, "password": password})
    code = {**forms_in(asked.text, "")["/sign-in/code/"], "code": TOTP(secret).at(clock())}
    assert fields_of(page.browser.post("/sign-in/code/", code), path).items() >= TYPED.items()


def test_secrets_and_large_forms_are_not_kept(page: ZonePage, path: str) -> None:
    token = page.browser.forms(path)[path]
    page.console.application.clock.forward(hours=12)
    password = {"current": PASSWORD, "password": "another long password", "again": "another long password"}
    for where, sent in (("/account/password/", password), (path, {**TYPED, "part_value": '"' * 10_000})):
        asked = page.browser.post(where, {**token, **sent})
        assert asked.status_code == 403 and 'name="kept"' not in asked.text and "another long" not in asked.text
    asked = page.browser.post("/account/password/", {**token, **password})
    assert sign_in_with(page.browser, asked).location == "/account/password/"


def test_an_import_is_kept_unless_it_has_the_secret_of_a_key(page: ZonePage) -> None:
    path = f"{page.path}import/"
    sent = {**page.browser.forms(path)[path], "mode": "merge", "text": "www A 192.0.2.1", "secret": ""}
    page.console.application.clock.forward(hours=12)
    assert 'name="kept"' not in page.browser.post(path, {**sent, "secret": "c2VjcmV0"}).text
    shown = sign_in_with(page.browser, page.browser.post(path, sent))
    assert page.browser.post(path, fields_of(shown, path)).location == f"{page.path}changes/"


def test_a_path_that_is_no_page_leads_home(page: ZonePage) -> None:
    token = page.browser.forms("/account/")["/sign-out/"]
    page.console.application.clock.forward(hours=12)
    asked = page.browser.post("/people/invitations/", {**token, "password": "x"})
    assert sign_in_with(page.browser, asked).location == "/"


INVITATION = json.dumps(["/people/invitations/", [["email", "evil@example.net"], ["is_admin", "yes"]]])


@pytest.mark.parametrize("kept", ["x", "[]", '["/zones/", []]', ".", f"9999999999.{64 * '0'}.{INVITATION}", INVITATION])
def test_a_field_without_a_signature_is_ignored(page: ZonePage, kept: str) -> None:
    page.browser.send("/sign-out/", {}, page="/account/")
    assert page.browser.sign_in(ME, kept=kept).location == "/"


def test_a_link_puts_no_form_into_the_sign_in_page(console: Console) -> None:
    browser = console.browser()
    for signed in (INVITATION, kept_by(console.browser(), INVITATION)):
        page = browser.get(f"/sign-in/?{urlencode({'kept': signed, 'email': ME, 'next': '/zones/'})}")
        assert forms_in(page.text, "")["/sign-in/"].keys() == {"csrf_token", "next"} and ME not in page.text


def test_the_form_of_another_browser_or_of_long_ago_is_ignored(page: ZonePage, path: str) -> None:
    browser, foreign = page.console.browser(), kept_by(page.console.browser(), INVITATION)
    own = kept_by(browser, INVITATION)
    stale = browser.post("/sign-in/", {"kept": foreign}, headers=SAME)
    assert stale.status_code == 403 and "kept" not in forms_in(stale.text, "")["/sign-in/"]
    assert browser.sign_in(ME, kept=foreign).location == "/"
    browser.send("/sign-out/", {}, page="/account/")
    assert browser.sign_in(ME, kept=own).location == "/", "it was signed for the browser before it signed in"
    late = page.console.browser()
    own = kept_by(late, INVITATION)
    page.console.application.clock.forward(hours=12)
    assert late.sign_in(ME, kept=own).location == "/"


def test_what_a_form_does_is_shown(console: Console) -> None:
    console.account(ME, is_admin=True)
    browser = console.browser()
    shown = browser.sign_in(ME, kept=kept_by(browser, INVITATION))
    assert texts(shown, "<dt>(.*?)</dt>") == ["Sent to", "Email", "Is admin"]
    assert texts(shown, "<dd.*?>(.*?)</dd>") == ["/people/invitations/", "evil@example.net", "yes"]


def test_an_expired_sign_in_page_keeps_the_email(page: ZonePage) -> None:
    browser = page.console.browser()
    stale = {"csrf_token": "0" * 64, "email": ME, "password": PASSWORD, "next": "/account/", "kept": "[]"}
    assert "Sign in" not in browser.post("/sign-in/", stale).text.partition("<main")[2]
    shown = browser.post("/sign-in/", stale, headers=SAME)
    assert shown.status_code == 403 and f'value="{ME}"' in shown.text and PASSWORD not in shown.text
    assert sign_in_with(browser, shown).location == "/account/"
