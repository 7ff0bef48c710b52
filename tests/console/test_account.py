"""The account page: password, two-factor authentication, sessions and history."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from pyotp import TOTP
from werkzeug.test import TestResponse

from appliance.app import create_app
from appliance.identity import sign_in
from appliance.principal import Principal, SecondFactorRule
from appliance.settings import IdentitySettings
from tests.api.conftest import Application
from tests.console.conftest import PASSWORD, Browser, Console, texts
from tests.workspace import read_rows

ME = "me@example.org"
NEW, OTHER = "another long password", "a third long password"


FACTOR, OFF, RECOVERY = "/account/second-factor/", "/account/second-factor/off/", "/account/recovery-codes/"


def turn_on(console: Console, browser: Browser) -> TOTP:
    """Turn two-factor authentication on, and return the codes of the authenticator."""
    return turn_on_with_recovery(console, browser)[0]


def turn_on_with_recovery(console: Console, browser: Browser) -> tuple[TOTP, list[str]]:
    """Turn two-factor authentication on, and return the codes of the authenticator and the recovery codes."""
    form = browser.forms(FACTOR)[FACTOR]
    codes = TOTP(form["secret"])
    shown = browser.post(FACTOR, {**form, "current": PASSWORD, "code": code_of(console, codes)})
    assert shown.status_code == 200
    return codes, recovery_codes_in(shown)


def recovery_codes_in(page: TestResponse) -> list[str]:
    """Return the recovery codes that a page shows."""
    return texts(page, r"\b(?:[a-z2-7]{4}-){5}[a-z2-7]{4}\b")


def code_of(console: Console, codes: TOTP) -> str:
    """Return the current code."""
    return codes.at(console.application.clock())


def test_changing_the_password_ends_other_sessions(console: Console) -> None:
    browser, others = console.signed_in(ME), console.browser()
    others.sign_in(ME)
    first = browser.cookie()
    changed = browser.send("/account/password/", {"current": PASSWORD, "password": NEW, "again": NEW})
    assert changed.location == "/account/"
    assert browser.cookie() != first
    assert "Password changed" in browser.get("/account/").text
    assert others.get("/account/").status_code == 303
    assert console.browser().sign_in(ME).status_code == 403
    assert console.browser().sign_in(ME, NEW).status_code == 303


@pytest.mark.parametrize(
    ("current", "password", "again", "field"),
    [
        ("wrong horse battery", NEW, NEW, "current"),
        (PASSWORD, NEW, "another", "again"),
        (PASSWORD, "eleven char", "eleven char", "password"),
        (PASSWORD, "x" * 1025, "x" * 1025, "password"),
        (PASSWORD, "nul\x00 nul nul nul", "nul\x00 nul nul nul", "password"),
    ],
)
def test_an_invalid_password_change_is_refused(
    console: Console, current: str, password: str, again: str, field: str
) -> None:
    browser = console.signed_in(ME)
    refused = browser.send("/account/password/", {"current": current, "password": password, "again": again})
    assert refused.status_code == 400
    assert f'id="{field}-error"' in refused.text and f'href="#{field}"' in refused.text
    assert console.browser().sign_in(ME).status_code == 303


def test_password_attempts_of_a_session_are_limited(console: Console) -> None:
    browser = console.signed_in(ME)
    wrong = {"current": "wrong horse battery", "password": NEW, "again": NEW}
    statuses = [browser.send("/account/password/", wrong).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]


def test_signing_in_requires_a_code(console: Console) -> None:
    browser = console.signed_in(ME)
    codes = turn_on(console, browser)
    console.application.clock.forward(minutes=1)
    for wrong in ("", "000000", "x" * 1000, code_of(console, TOTP("A" * 32))):
        assert console.browser().sign_in(ME, code=wrong).status_code == 403
    spaced = re.sub(r"(...)(...)", r"\1 \2", code_of(console, codes))
    assert console.browser().sign_in(ME, code=spaced).status_code == 303


def test_code_attempts_are_limited_across_addresses(console: Console, caplog: pytest.LogCaptureFixture) -> None:
    codes = turn_on(console, console.signed_in(ME))
    console.application.clock.forward(minutes=1)
    right, wrong = code_of(console, codes), code_of(console, TOTP("A" * 32))
    others = [console.browser(f"198.51.100.{number}") for number in range(11)]
    responses = [browser.sign_in(ME, code=wrong) for browser in others]
    assert {answer.status_code for answer in responses} == {403}
    late = others[0].sign_in(ME, code=right)
    assert (late.status_code, late.data) == (403, others[0].sign_in(ME, code=wrong).data), "as for a wrong code"
    assert console.browser().sign_in(ME, code=right).status_code == 303, "the address has signed in before"
    assert caplog.text.count(f"event=code-refused account={console.application.account(ME).uuid} ") == 13


def test_a_new_password_resets_the_limit_of_code_attempts(console: Console) -> None:
    browser = console.signed_in(ME)
    codes = turn_on(console, browser)
    console.application.clock.forward(minutes=1)
    for number in range(11):
        console.browser(f"198.51.100.{number}").sign_in(ME, code="000000")
    browser.send("/account/password/", {"current": PASSWORD, "password": NEW, "again": NEW})
    assert console.browser("198.51.100.77").sign_in(ME, NEW, code_of(console, codes)).status_code == 303


def test_a_code_is_valid_once(console: Console) -> None:
    codes = turn_on(console, console.signed_in(ME))
    used = code_of(console, codes)
    assert console.browser().sign_in(ME, code=used).status_code == 403
    console.application.clock.forward(minutes=1)
    fresh = code_of(console, codes)
    assert console.browser().sign_in(ME, code=fresh).status_code == 303
    assert console.browser().sign_in(ME, code=fresh).status_code == 403


@pytest.mark.parametrize(("seconds", "status"), [(-60, 403), (-30, 303), (30, 303), (60, 403)])
def test_a_code_is_valid_within_30_seconds(console: Console, seconds: int, status: int) -> None:
    codes = turn_on(console, console.signed_in(ME))
    console.application.clock.forward(minutes=10)
    code = codes.at(int(console.application.clock().timestamp()) + seconds)
    assert console.browser().sign_in(ME, code=code).status_code == status


def test_turning_on_requires_a_valid_code(console: Console) -> None:
    browser = console.signed_in(ME)
    for values in ({"code": "000000"}, {"code": "000000", "secret": "short"}):
        assert browser.send("/account/second-factor/", {**values, "current": PASSWORD}).status_code == 400
    assert console.browser().sign_in(ME).status_code == 303


def test_turning_on_requires_the_password(console: Console) -> None:
    browser = console.signed_in(ME)
    form = browser.forms("/account/second-factor/")["/account/second-factor/"]
    values = {**form, "current": "wrong", "code": code_of(console, TOTP(form["secret"]))}
    assert browser.post("/account/second-factor/", values).status_code == 400
    assert console.browser().sign_in(ME).status_code == 303


def test_a_second_factor_is_not_replaced(console: Console) -> None:
    browser = console.signed_in(ME)
    form = browser.forms("/account/second-factor/")["/account/second-factor/"]
    turn_on(console, browser)
    console.application.clock.forward(seconds=60)
    values = {**form, "current": PASSWORD, "code": code_of(console, TOTP(form["secret"]))}
    answer = browser.post("/account/second-factor/", values)
    assert (answer.status_code, "remove it first" in answer.text) == (400, True)
    assert console.browser().sign_in(ME, code=values["code"]).status_code == 403


def test_the_secret_is_shown_as_a_qr_code(console: Console) -> None:
    answer = console.signed_in(ME).get("/account/second-factor/")
    assert "<svg" in answer.text and "otpauth://totp/DNS%20appliance:me%40example.org?secret=" in answer.text


def test_turning_off_requires_password_and_code(console: Console) -> None:
    browser = console.signed_in(ME)
    codes = turn_on(console, browser)
    used = code_of(console, codes)
    console.application.clock.forward(minutes=1)
    code = code_of(console, codes)
    for current, given in (("wrong", code), (PASSWORD, ""), (PASSWORD, used), (PASSWORD, "000000")):
        assert browser.send(OFF, {"current": current, "code": given}, page=FACTOR).status_code == 400
    assert console.browser().sign_in(ME).status_code == 403
    assert browser.send(OFF, {"current": PASSWORD, "code": code}, page=FACTOR).status_code == 303
    assert console.browser().sign_in(ME).status_code == 303


def test_a_second_factor_that_is_set_up_or_removed_ends_other_sessions(console: Console) -> None:
    browser, other = console.signed_in(ME), console.browser()
    other.sign_in(ME)
    codes = turn_on(console, browser)
    assert [one.get("/account/").status_code for one in (browser, other)] == [200, 303]
    console.application.clock.forward(minutes=1)
    other.sign_in(ME, code=code_of(console, codes))
    console.application.clock.forward(minutes=1)
    browser.send(OFF, {"current": PASSWORD, "code": code_of(console, codes)}, page=FACTOR)
    assert [one.get("/account/").status_code for one in (browser, other)] == [200, 303]


def test_each_recovery_code_signs_in_once(console: Console) -> None:
    _, found = turn_on_with_recovery(console, console.signed_in(ME))
    assert len(set(found)) == 10
    assert console.browser().sign_in(ME, "wrong horse battery", found[0]).status_code == 403
    for code in (found[0], found[1].upper().replace("-", " ")):
        assert console.browser().sign_in(ME, code=code).status_code == 303
        assert console.browser().sign_in(ME, code=code).status_code == 403
    browser = console.browser()
    browser.sign_in(ME, code=found[2])
    assert "7 unused codes left" in browser.get(RECOVERY).text and "7 left" in browser.get("/account/").text
    assert "Recovery code used" in browser.get("/account/audit/").text


def test_a_recovery_code_removes_the_second_factor_and_all_other_codes(console: Console) -> None:
    browser = console.signed_in(ME)
    _, found = turn_on_with_recovery(console, browser)
    assert browser.send(OFF, {"current": PASSWORD, "code": found[0]}, page=FACTOR).status_code == 303
    _, fresh = turn_on_with_recovery(console, browser)
    assert console.browser().sign_in(ME, code=found[1]).status_code == 403
    assert console.browser().sign_in(ME, code=fresh[1]).status_code == 303


def test_new_recovery_codes_need_password_and_code_and_replace_the_others(console: Console) -> None:
    browser = console.signed_in(ME)
    assert RECOVERY not in browser.forms(RECOVERY), "there is no second factor"
    _, found = turn_on_with_recovery(console, browser)
    for current, code in (("wrong", found[0]), (PASSWORD, "000000"), (PASSWORD, "")):
        assert browser.send(RECOVERY, {"current": current, "code": code}).status_code == 400
    fresh = recovery_codes_in(browser.send(RECOVERY, {"current": PASSWORD, "code": found[0]}))
    assert len(set(fresh)) == 10 and not set(fresh) & set(found)
    assert recovery_codes_in(browser.get(RECOVERY)) == []
    assert console.browser().sign_in(ME, code=found[1]).status_code == 403
    assert console.browser().sign_in(ME, code=fresh[0]).status_code == 303


def test_recovery_codes_need_a_second_factor(console: Console) -> None:
    browser = console.signed_in(ME)
    token = browser.forms("/account/")["/sign-out/"]
    assert "set one up first" in browser.post(RECOVERY, {**token, "current": PASSWORD, "code": "1"}).text


def test_single_sessions_are_signed_out(console: Console) -> None:
    browser, second, third = console.signed_in(ME), console.browser("198.51.100.7"), console.browser()
    second.headers = {"User-Agent": "<script>alert(1)</script>"}
    second.sign_in(ME)
    third.sign_in(ME)
    page = browser.get("/account/")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text and "<script>alert" not in page.text
    ends = [path for path in browser.forms("/account/") if re.search(r"/sessions/[0-9a-f-]{36}/", path)]
    assert len(ends) == 2
    for path in ends:
        assert browser.send(path, {}, page="/account/").status_code == 303
    assert [one.get("/account/").status_code for one in (browser, second, third)] == [200, 303, 303]
    token = browser.forms("/account/")["/sign-out/"]
    assert browser.post(ends[0], token).status_code == 404


def test_sessions_of_other_accounts_are_not_found(console: Console) -> None:
    mine, other = console.signed_in(ME), console.signed_in("other@example.org")
    console.browser().sign_in("other@example.org")
    (path,) = [path for path in other.forms("/account/") if re.search(r"/sessions/[0-9a-f-]{36}/", path)]
    assert mine.post(path, mine.forms("/account/")["/sign-out/"]).status_code == 404


def test_all_other_sessions_are_signed_out(console: Console) -> None:
    browser, others = console.signed_in(ME), [console.browser() for _ in range(3)]
    for other in others:
        other.sign_in(ME)
    browser.send("/account/sessions/others/end/", {}, page="/account/")
    assert browser.get("/account/").status_code == 200
    assert {other.get("/account/").status_code for other in others} == {303}


def test_a_password_that_somebody_else_chose_is_changed_first(console: Console) -> None:
    browser = console.signed_in(ME)
    principal = Principal.local("run", console.application.account(ME))
    with console.application.store.connection():
        sign_in.set_password(console.application.store, principal, NEW, console.application.clock(), is_first=True)
    browser.sign_in(ME, NEW)
    token = browser.forms("/account/password/")["/sign-out/"]
    for answer in (browser.get("/zones/"), browser.get("/account/"), browser.post("/zones/new/", token)):
        assert (answer.status_code, answer.location) == (303, "/account/password/")
    assert "somebody else chose" in browser.get("/account/password/").text
    changed = browser.send("/account/password/", {"current": NEW, "password": OTHER, "again": OTHER})
    assert changed.location == "/account/" and browser.get("/account/").status_code == 200


@pytest.mark.parametrize(("rule", "user", "operator"), [("off", 200, 200), ("operators", 200, 303), ("all", 303, 303)])
def test_a_second_factor_may_be_required(console: Console, rule: str, user: int, operator: int) -> None:
    application = console.application
    identity = IdentitySettings(SecondFactorRule(rule))
    settings = replace(application.settings, identity=identity)
    required = Console(Application(settings, application.clock, create_app(settings, application.clock)))
    me, root = required.signed_in(ME), required.signed_in("root@example.org", is_admin=True)
    assert (me.get("/zones/").status_code, root.get("/zones/").status_code) == (user, operator)
    for browser, status in ((me, user), (root, operator)):
        if status == 303:
            assert browser.get("/zones/").location == FACTOR
            assert "requires two-factor authentication" in browser.get(FACTOR).text
            turn_on(required, browser)
            assert browser.get("/zones/").status_code == 200


def test_the_history_shows_audit_events(console: Console) -> None:
    browser = console.signed_in(ME)
    turn_on(console, browser)
    browser.send("/sign-out/", {}, page="/account/")
    console.application.clock.forward(minutes=1)
    other = console.signed_in("other@example.org")
    assert texts(other.get("/account/audit/"), r"(Signed in|Two-factor)") == ["Signed in"]
    console.account(ME)
    console.application.clock.forward(minutes=1)
    events = read_rows(console.application.store.path, "select kind, actor, address from audit_event order by id")
    rows = [(event["kind"], event["actor"], event["address"]) for event in events]
    assert ("session.begin", ME, "192.0.2.1") in rows and ("totp.begin", ME, "192.0.2.1") in rows
    assert ("session.end", ME, "192.0.2.1") in rows
