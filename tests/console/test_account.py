"""One's own account: the password, the second factor, where one is signed in, and what was done."""

from __future__ import annotations

import re

import pytest
from pyotp import TOTP

from appliance.identity import sign_in
from appliance.principal import Principal
from tests.console.conftest import PASSWORD, Browser, Console, texts

ME = "me@example.org"
NEW = "another long password"


def set_up(console: Console, browser: Browser) -> TOTP:
    """Set a second factor up as an authenticator would."""
    form = browser.forms("/account/second-factor/")["/account/second-factor/"]
    codes = TOTP(form["secret"])
    typed = {**form, "current": PASSWORD, "code": code_of(console, codes)}
    assert browser.post("/account/second-factor/", typed).status_code == 303
    return codes


def code_of(console: Console, codes: TOTP) -> str:
    """What the authenticator shows now."""
    return codes.at(console.application.clock())


def test_another_password(console: Console) -> None:
    browser, elsewhere = console.signed_in(ME), console.browser()
    elsewhere.sign_in(ME)
    first = browser.cookie()
    changed = browser.send("/account/password/", {"current": PASSWORD, "password": NEW, "again": NEW})
    assert changed.location == "/account/"
    assert browser.cookie() != first
    assert "Your password is changed" in browser.get("/account/").text
    assert elsewhere.get("/account/").status_code == 303
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
def test_no_other_password(console: Console, current: str, password: str, again: str, field: str) -> None:
    browser = console.signed_in(ME)
    refused = browser.send("/account/password/", {"current": current, "password": password, "again": again})
    assert refused.status_code == 400
    assert f'id="{field}-error"' in refused.text and f'href="#{field}"' in refused.text
    assert console.browser().sign_in(ME).status_code == 303


def test_a_stolen_session_does_not_guess_the_password(console: Console) -> None:
    browser = console.signed_in(ME)
    wrong = {"current": "wrong horse battery", "password": NEW, "again": NEW}
    statuses = [browser.send("/account/password/", wrong).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]


def test_a_second_factor_is_asked_for(console: Console) -> None:
    browser = console.signed_in(ME)
    codes = set_up(console, browser)
    console.application.clock.forward(minutes=1)
    for wrong in ("", "000000", "x" * 1000, code_of(console, TOTP("A" * 32))):
        assert console.browser().sign_in(ME, code=wrong).status_code == 403
    spaced = re.sub(r"(...)(...)", r"\1 \2", code_of(console, codes))
    assert console.browser().sign_in(ME, code=spaced).status_code == 303


def test_guessing_codes_from_everywhere_is_hopeless(console: Console, caplog: pytest.LogCaptureFixture) -> None:
    codes = set_up(console, console.signed_in(ME))
    console.application.clock.forward(minutes=1)
    right, wrong = code_of(console, codes), code_of(console, TOTP("A" * 32))
    elsewhere = [console.browser(f"198.51.100.{number}") for number in range(11)]
    told = [browser.sign_in(ME, code=wrong) for browser in elsewhere]
    assert {answer.status_code for answer in told} == {403}
    late = elsewhere[0].sign_in(ME, code=right)
    assert (late.status_code, late.data) == (403, elsewhere[0].sign_in(ME, "wrong horse battery").data)
    assert console.browser().sign_in(ME, code=right).status_code == 303, "where one was signed in before"
    assert caplog.text.count(f"event=code-refused account={console.application.account(ME).uuid} ") == 12


def test_another_password_ends_the_guessing(console: Console) -> None:
    browser = console.signed_in(ME)
    codes = set_up(console, browser)
    console.application.clock.forward(minutes=1)
    for number in range(11):
        console.browser(f"198.51.100.{number}").sign_in(ME, code="000000")
    browser.send("/account/password/", {"current": PASSWORD, "password": NEW, "again": NEW})
    assert console.browser("198.51.100.77").sign_in(ME, NEW, code_of(console, codes)).status_code == 303


def test_a_code_is_good_once(console: Console) -> None:
    codes = set_up(console, console.signed_in(ME))
    used = code_of(console, codes)
    assert console.browser().sign_in(ME, code=used).status_code == 403
    console.application.clock.forward(minutes=1)
    fresh = code_of(console, codes)
    assert console.browser().sign_in(ME, code=fresh).status_code == 303
    assert console.browser().sign_in(ME, code=fresh).status_code == 403


@pytest.mark.parametrize(("seconds", "status"), [(-60, 403), (-30, 303), (30, 303), (60, 403)])
def test_clocks_may_differ_a_little(console: Console, seconds: int, status: int) -> None:
    codes = set_up(console, console.signed_in(ME))
    console.application.clock.forward(minutes=10)
    code = codes.at(int(console.application.clock().timestamp()) + seconds)
    assert console.browser().sign_in(ME, code=code).status_code == status


def test_a_second_factor_needs_an_authenticator_that_works(console: Console) -> None:
    browser = console.signed_in(ME)
    for values in ({"code": "000000"}, {"code": "000000", "secret": "short"}):
        assert browser.send("/account/second-factor/", {**values, "current": PASSWORD}).status_code == 400
    assert console.browser().sign_in(ME).status_code == 303


def test_a_second_factor_needs_the_password(console: Console) -> None:
    browser = console.signed_in(ME)
    form = browser.forms("/account/second-factor/")["/account/second-factor/"]
    typed = {**form, "current": "wrong", "code": code_of(console, TOTP(form["secret"]))}
    assert browser.post("/account/second-factor/", typed).status_code == 400
    assert console.browser().sign_in(ME).status_code == 303


def test_a_second_factor_is_not_replaced(console: Console) -> None:
    browser = console.signed_in(ME)
    form = browser.forms("/account/second-factor/")["/account/second-factor/"]
    set_up(console, browser)
    console.application.clock.forward(seconds=60)
    typed = {**form, "current": PASSWORD, "code": code_of(console, TOTP(form["secret"]))}
    answer = browser.post("/account/second-factor/", typed)
    assert (answer.status_code, "take it off first" in answer.text) == (400, True)
    assert console.browser().sign_in(ME, code=typed["code"]).status_code == 403


def test_it_is_shown_as_a_code_to_scan(console: Console) -> None:
    answer = console.signed_in(ME).get("/account/second-factor/")
    assert "<svg" in answer.text and "otpauth://totp/DNS%20appliance:me%40example.org?secret=" in answer.text


def test_it_is_taken_off_with_the_password(console: Console) -> None:
    browser = console.signed_in(ME)
    set_up(console, browser)
    off = "/account/second-factor/off/"
    assert browser.send(off, {"current": "wrong"}, page="/account/second-factor/").status_code == 400
    assert browser.send(off, {"current": PASSWORD}, page="/account/second-factor/").status_code == 303
    assert console.browser().sign_in(ME).status_code == 303


def test_browsers_are_signed_out_one_by_one(console: Console) -> None:
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


def test_nobody_signs_a_stranger_out(console: Console) -> None:
    mine, other = console.signed_in(ME), console.signed_in("other@example.org")
    console.browser().sign_in("other@example.org")
    (path,) = [path for path in other.forms("/account/") if re.search(r"/sessions/[0-9a-f-]{36}/", path)]
    assert mine.post(path, mine.forms("/account/")["/sign-out/"]).status_code == 404


def test_all_others_are_signed_out(console: Console) -> None:
    browser, others = console.signed_in(ME), [console.browser() for _ in range(3)]
    for other in others:
        other.sign_in(ME)
    browser.send("/account/sessions/others/end/", {}, page="/account/")
    assert browser.get("/account/").status_code == 200
    assert {other.get("/account/").status_code for other in others} == {303}


def test_a_password_that_was_given_is_told_of(console: Console) -> None:
    browser = console.signed_in(ME)
    assert "made for you" not in browser.get("/account/").text
    principal = Principal.local("run", console.application.account(ME))
    with console.application.store.connection():
        sign_in.set_password(console.application.store, principal, NEW, console.application.clock(), is_first=True)
    browser.sign_in(ME, NEW)
    assert browser.get("/account/audit/").text.count("made for you") == 1
    assert browser.get("/account/audit/").text.count("made for you") == 0
    assert "made for you" in browser.get("/account/").text
    browser.send("/account/password/", {"current": NEW, "password": PASSWORD, "again": PASSWORD})
    assert "made for you" not in browser.get("/account/").text


def test_what_was_done_is_told(console: Console) -> None:
    browser = console.signed_in(ME)
    set_up(console, browser)
    browser.send("/sign-out/", {}, page="/account/")
    console.application.clock.forward(minutes=1)
    other = console.signed_in("other@example.org")
    assert texts(other.get("/account/audit/"), r"(signed in|second factor)") == ["signed in"]
    console.account(ME)
    console.application.clock.forward(minutes=1)
    with console.application.store.connection(), console.application.store.reading():
        rows = console.application.store._db.execute_sql(
            "select kind, actor, address from audit_event order by id"
        ).fetchall()
    assert ("session.begin", ME, "192.0.2.1") in rows and ("totp.begin", ME, "192.0.2.1") in rows
    assert ("session.end", ME, "192.0.2.1") in rows
