"""Signing in and out: errors that reveal nothing, a new secret for each session, and limits on attempts."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import extract_parameters
from pyotp import TOTP
from werkzeug.test import TestResponse

from appliance.addresses import Endpoint, LocalSocket
from appliance.app import create_app
from appliance.identity.passwords import DUMMY_HASH
from appliance.settings import ApiSettings
from appliance.store import accounts, credentials
from appliance.store.file import sqlite
from appliance.web.context import context_of
from appliance.web.password_slots import SLOTS, UNKNOWN_QUEUE
from tests.api.conftest import Application
from tests.console.conftest import PASSWORD, PASSWORD_HASH, Browser, Console, forms_in, texts
from tests.pair import wait_for
from tests.workspace import read_rows

ME = "me@example.org"
SECRET, CODE = "A" * 32, "/sign-in/code/"


def test_pages_require_a_session(console: Console) -> None:
    browser = console.browser()
    sent_away = browser.get("/account/audit/?page=2")
    assert sent_away.status_code == 303
    assert sent_away.location == "/sign-in/?next=/account/audit/?page%3D2"
    console.account(ME)
    arrived = browser.sign_in(ME, next="/account/audit/?page=2")
    assert (arrived.status_code, arrived.location) == (303, "/account/audit/?page=2")
    assert browser.get("/account/").status_code == 200
    assert browser.get("/sign-in/").location == "/"


@pytest.mark.parametrize(
    "target",
    [
        *("//evil.example", "https://evil.example/", "http:/evil.example", " //evil.example", "javascript:alert(1)"),
        *("/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\n/evil.example"),
        *("/account\r\nX: y", "evil", ""),
    ],
)
def test_redirects_stay_on_this_host(console: Console, target: str) -> None:
    console.account(ME)
    assert console.browser().sign_in(ME, next=target).location == "/"


OWN = ("dns.example.net", "DNS.example.net:8443", "localhost:9000", "127.0.0.1", "127.8.8.8:80", "[::1]:8053")
FOREIGN = (
    "evil.example",
    "evil.example:8053",
    "localhost.evil.example",
    "203.0.113.9",
    "[2001:db8::1]",
    "",
    "a/b",
    "x@y",
)


def test_unknown_host_names_are_refused(console: Console) -> None:
    named = Console(console.application.configured(ApiSettings(hosts=("dns.example.net", "Old.example.net"))))
    here = named.signed_in(ME, is_admin=True)
    token = here.forms("/people/")["/people/invitations/"]
    browser = Browser(named.application.app.test_client(use_cookies=False))
    for host in FOREIGN:
        browser.headers = {"Host": host, "Cookie": f"session={here.cookie()}"}
        for path in ("/", "/sign-in/", "/account/", f"/invitations/{'x' * 43}/"):
            refused = browser.get(path)
            assert (refused.status_code, "Set-Cookie" in refused.headers) == (421, False), host
            assert "api.hosts" in refused.text
        assert browser.post("/people/invitations/", {**token, "email": "you@example.org"}).status_code == 421
    for host in OWN:
        browser.headers["Host"] = host
        assert browser.get("/account/").status_code == 200, host
        invited = browser.post("/people/invitations/", {**token, "email": "you@example.org"})
        assert f"http://{host.lower().removesuffix(':80')}/invitations/" in invited.text


def test_at_a_unix_socket_only_configured_host_names_are_accepted(console: Console) -> None:
    socket = ApiSettings(listen=LocalSocket(Path("/run/api.sock")), hosts=("dns.example.net",))
    web = console.application.configured(socket).app.test_client()
    for host, status in (("dns.example.net", 200), ("localhost", 200), ("unix", 421), ("203.0.113.9", 421)):
        assert web.get("/sign-in/", headers={"Host": host}).status_code == status, host


def test_the_api_accepts_any_host_name(console: Console) -> None:
    me = console.application.bearer(ME)
    for host in (*OWN, *FOREIGN):
        assert me("GET", "/dns-zones/", headers={"Host": host}).status_code == 200, host


@pytest.mark.parametrize(
    ("listen", "host", "status"),
    [
        ("192.0.2.10", "192.0.2.10:8053", 200),
        ("192.0.2.10", "192.0.2.11:8053", 421),
        ("console.example.net", "Console.Example.net", 200),
        ("0.0.0.0", "192.0.2.10:8053", 200),
        ("::", "[2001:db8::1]:8053", 200),
        ("0.0.0.0", "evil.example", 421),
    ],
)
def test_the_listen_address_is_a_known_host_name(console: Console, listen: str, host: str, status: int) -> None:
    application = console.application.configured(ApiSettings(listen=Endpoint(listen, 8053)))
    assert application.app.test_client().get("/sign-in/", headers={"Host": host}).status_code == status


def test_all_wrong_credentials_have_the_same_response(console: Console) -> None:
    console.account(ME)
    without = console.application.account("without@example.org")
    console.account("disabled@example.org")
    with console.application.writing():
        accounts.disable_account("disabled@example.org", console.application.clock())
    browser = console.browser()
    tried = []
    with closing(sqlite.connect(console.application.store.path)) as watcher:
        for email, password in (
            (ME, "wrong horse battery"),
            ("unknown@example.org", PASSWORD),
            (without.email, PASSWORD),
            ("disabled@example.org", PASSWORD),
            (ME, ""),
            ("", ""),
        ):
            before = watcher.execute("pragma data_version").fetchone()
            tried.append(browser.sign_in(email, password))
            assert watcher.execute("pragma data_version").fetchone() != before, "every failure is one write"
    assert {answer.status_code for answer in tried} == {403}
    assert len({without_email(answer) for answer in tried}) == 1
    assert "Wrong email or password." in tried[0].text
    assert browser.get("/account/").status_code == 303


def without_email(answer: TestResponse) -> str:
    """Return the sign-in page without the email that was submitted, and without what is focused because of it."""
    return re.sub(r' value="[^"]*@[^"]*"| value=""| autofocus="True"', "", answer.text)


def test_a_wrong_password_keeps_the_email(console: Console) -> None:
    console.account(ME)
    browser = console.browser()
    assert texts(browser.get("/sign-in/"), r'id="(\w+)"[^>]*autofocus') == ["email"]
    for email in (ME, "unknown@example.org"):
        refused = browser.sign_in(email, "wrong horse battery", next="/account/")
        assert f'value="{email}"' in refused.text and 'name="next" value="/account/"' in refused.text
        assert texts(refused, r'id="(\w+)"[^>]*autofocus') == ["password"]
        assert "wrong horse" not in refused.text and "code" not in refused.text


def guarded(console: Console, browser: Browser) -> tuple[dict[str, str], str]:
    """Enter the right password of an account with a second factor; return the form for the code, and a right code."""
    account = console.account(ME).account.uuid
    with console.application.writing():
        credentials.set_totp(account, SECRET)
    asked = browser.send("/sign-in/", {"email": ME, "password": PASSWORD, "next": "/account/"})
    assert asked.status_code == 200 and "Two-factor code" in asked.text and PASSWORD not in asked.text
    return forms_in(asked.text, CODE)[CODE], TOTP(SECRET).at(console.application.clock())


def test_the_code_is_a_second_step(console: Console) -> None:
    browser = console.browser()
    form, code = guarded(console, browser)
    assert browser.get("/account/").status_code == 303, "the password alone begins no session"
    wrong = browser.post(CODE, {**form, "code": "000000"})
    assert wrong.status_code == 403 and 'id="code-error"' in wrong.text
    begun = browser.post(CODE, {**forms_in(wrong.text, CODE)[CODE], "code": code})
    assert (begun.status_code, begun.location) == (303, "/account/") and browser.get("/account/").status_code == 200


def test_the_form_for_the_code_is_valid_for_minutes_and_this_browser(console: Console) -> None:
    browser, other = console.browser(), console.browser()
    form, code = guarded(console, browser)
    theirs = {**form, **other.forms("/sign-in/")["/sign-in/"], "code": code}
    forged = {**form, "proof": form["proof"].replace(form["proof"][:8], "0" * 8), "code": code}
    late = replace_proof_time(form, code)
    for browser_of, sent in ((other, theirs), (browser, forged), (browser, late), (browser, {**form, "proof": ""})):
        refused = browser_of.post(CODE, sent)
        assert refused.status_code == 403 and "Enter it again" in refused.text and f'value="{ME}"' in refused.text
    console.application.clock.forward(minutes=5)
    code = TOTP(SECRET).at(console.application.clock())
    assert browser.post(CODE, {**form, "code": code}).status_code == 403


def replace_proof_time(form: dict[str, str], code: str) -> dict[str, str]:
    """Return the form with a later expiry in its proof, which the signature then does not fit."""
    account, fingerprint, _, signature = form["proof"].split(".")
    return {**form, "proof": f"{account}.{fingerprint}.9999999999.{signature}", "code": code}


def test_a_new_password_or_a_disabled_account_ends_the_second_step(console: Console) -> None:
    browser = console.browser()
    form, code = guarded(console, browser)
    with console.application.writing():
        accounts.disable_account(ME, console.application.clock())
    assert browser.post(CODE, {**form, "code": code}).status_code == 403
    account = console.application.account(ME).uuid
    with console.application.writing():
        accounts.enable_account(ME)
        compared = credentials.get(account).password_hash
        credentials.set_password_hash(account, PASSWORD_HASH)
    assert compared != PASSWORD_HASH and browser.post(CODE, {**form, "code": code}).status_code == 403
    with console.application.writing():
        credentials.set_password_hash(account, compared or "")
    assert browser.post(CODE, {**form, "code": code}).status_code == 303


def test_a_locked_store_reveals_nothing_about_credentials(console: Console) -> None:
    console.account(ME)
    words = ((ME, PASSWORD), (ME, "wrong horse battery"), ("unknown@example.org", PASSWORD))
    browsers = [console.browser() for _ in words]
    forms = [browser.forms("/sign-in/")["/sign-in/"] for browser in browsers]
    with (
        closing(sqlite.connect(console.application.store.path)) as other,
        ThreadPoolExecutor() as threads,
    ):
        other.execute("begin immediate")
        sent = [
            threads.submit(browser.post, "/sign-in/", {**form, "email": email, "password": password})
            for browser, form, (email, password) in zip(browsers, forms, words, strict=True)
        ]
        assert {one.result().status_code for one in sent} == {503}
        other.execute("rollback")
    assert console.browser().sign_in(ME).status_code == 303


def test_each_session_has_its_own_secret(console: Console) -> None:
    browser = console.signed_in(ME)
    first = browser.cookie()
    browser.send("/sign-out/", {}, page="/account/")
    visiting = browser.cookie()
    browser.sign_in(ME)
    second = browser.cookie()
    assert len({first, visiting, second}) == 3
    stored = repr(console.application.store.path.read_bytes())
    assert first and second and first not in stored and second not in stored


def test_session_fixation_is_prevented(console: Console) -> None:
    console.account(ME)
    browser, giver = console.browser(), console.browser()
    giver.get("/sign-in/")
    planted = giver.cookie()
    assert planted
    browser.client.set_cookie("session", planted)
    assert browser.sign_in(ME).status_code == 303 and browser.cookie() != planted
    assert giver.get("/account/").status_code == 303


def test_signing_out_ends_the_session(console: Console) -> None:
    browser, thief = console.signed_in(ME), console.browser()
    secret = browser.cookie()
    assert secret
    thief.client.set_cookie("session", secret)
    assert thief.get("/account/").status_code == 200
    answer = browser.send("/sign-out/", {}, page="/account/")
    assert (answer.location, answer.headers["Clear-Site-Data"]) == ("/sign-in/", '"cache", "storage"')
    assert "Signed out." in browser.get("/sign-in/").text
    assert "Signed out." not in browser.get("/sign-in/").text
    assert thief.get("/account/").status_code == browser.get("/account/").status_code == 303


def test_signing_in_again_ends_the_former_session(console: Console) -> None:
    browser, former = console.browser(), console.browser()
    console.account(ME)
    page = browser.forms("/sign-in/")["/sign-in/"]
    browser.post("/sign-in/", {**page, "email": ME, "password": PASSWORD})
    secret = browser.cookie()
    assert secret
    former.client.set_cookie("session", secret)
    token = browser.forms("/account/")["/sign-out/"]
    browser.post("/sign-in/", {**token, "email": ME, "password": PASSWORD})
    assert browser.get("/account/").status_code == 200
    assert former.get("/account/").status_code == 303


@pytest.mark.parametrize(("hours", "status"), [(11, 200), (12, 303)])
def test_an_idle_session_expires(console: Console, hours: int, status: int) -> None:
    browser = console.signed_in(ME)
    for _ in range(3):
        console.application.clock.forward(hours=hours)
        assert browser.get("/account/").status_code == status


def test_a_session_in_use_expires_too(console: Console) -> None:
    browser = console.signed_in(ME)
    for _ in range(6):
        console.application.clock.forward(hours=11)
        browser.get("/account/")
    for _ in range(10):
        console.application.clock.forward(hours=11)
        browser.get("/account/")
    assert browser.get("/account/").status_code == 303


@pytest.mark.parametrize(("secure", "name"), [(False, "session"), (True, "__Host-session")])
def test_flags_of_the_cookie(console: Console, secure: bool, name: str) -> None:
    console.account(ME)
    browser = console.browser(secure=secure)
    (cookie,) = browser.sign_in(ME).headers.getlist("Set-Cookie")
    key, *flags = cookie.split("; ")
    assert key.startswith(f"{name}=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert ("Secure" in flags) == secure and not any(flag.startswith("Domain") for flag in flags)
    assert browser.get("/account/").status_code == 200


def test_sign_in_attempts_are_limited_by_address(console: Console) -> None:
    console.account(ME)
    guesser, me = console.browser(), console.browser("198.51.100.7")
    statuses = [guesser.sign_in(ME, f"wrong horse {n}").status_code for n in range(20)]
    assert statuses == [403] * 10 + [429] * 10
    refused = guesser.sign_in(ME.upper())
    assert refused.status_code == 429 and 1 <= int(refused.headers["Retry-After"]) <= 60
    assert guesser.get("/account/").status_code == 303
    assert me.sign_in(ME).status_code == 303


def test_concurrent_attempts_are_limited_too(console: Console) -> None:
    settings, clock = replace(console.application.settings, api=ApiSettings(threads=80)), console.application.clock
    crowded = Console(Application(settings, clock, create_app(settings, clock, lambda: 1000.0)))
    browsers = [crowded.browser() for _ in range(20)]
    forms = [browser.forms("/sign-in/")["/sign-in/"] for browser in browsers]
    begin = threading.Barrier(len(browsers))

    def guess(browser: Browser, form: dict[str, str]) -> int:
        begin.wait()
        return browser.post("/sign-in/", {**form, "email": ME, "password": PASSWORD}).status_code

    with ThreadPoolExecutor(len(browsers)) as threads:
        statuses = list(threads.map(guess, browsers, forms))
    assert statuses.count(429) == 10


def test_guesses_from_elsewhere_do_not_refuse_sign_ins_from_a_usual_address(console: Console) -> None:
    me, browser, elsewhere = console.application.bearer(ME), console.signed_in(ME), console.browser("198.51.100.7")
    unknown = context_of(console.application.app).limits.password_slots.unknown
    with ExitStack() as guesses, ThreadPoolExecutor(UNKNOWN_QUEUE) as threads:
        for _ in range(SLOTS):
            guesses.enter_context(unknown.slot())
        guessers = [console.browser(f"203.0.113.{number}") for number in range(UNKNOWN_QUEUE)]
        waiting = [threads.submit(one.sign_in, f"{one.address}@example.org") for one in guessers]
        wait_for(lambda: unknown.requests == SLOTS + UNKNOWN_QUEUE, "the queue is full")
        refused = elsewhere.sign_in(ME)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert console.browser().sign_in(ME).status_code == 303
        assert me("GET", "/dns-zones/").status_code == browser.get("/account/").status_code == 200
        guesses.close()
        assert {one.result().status_code for one in waiting} == {403}, "they waited and were not refused"
    assert elsewhere.sign_in(ME).status_code == 303, "a refused attempt is not counted"


def test_a_hash_with_former_parameters_is_replaced_at_sign_in(console: Console) -> None:
    principal = console.account(ME)
    assert console.browser().sign_in(ME, "wrong horse battery").status_code == 403

    def stored() -> credentials.Credentials:
        with console.application.store.connection():
            return credentials.get(principal.account.uuid)

    before = stored()
    assert before.password_hash == PASSWORD_HASH
    assert console.browser().sign_in(ME).status_code == 303
    renewed = stored().password_hash
    assert renewed and extract_parameters(renewed) == extract_parameters(DUMMY_HASH)
    assert console.browser().sign_in(ME).status_code == 303
    assert stored() == replace(before, password_hash=renewed), "a hash with these parameters stays"


@pytest.mark.parametrize(("length", "status"), [(1024, 403), (1025, 400), (1_000_000, 400)])
def test_long_passwords(console: Console, length: int, status: int) -> None:
    console.account(ME)
    assert console.browser().sign_in(ME, "x" * length).status_code == status


def test_nothing_is_kept_of_an_email_that_no_account_can_have(console: Console) -> None:
    console.account(ME)
    browser, limits = console.browser(), context_of(console.application.app).limits
    rates = (limits.sign_ins_by_account, limits.sign_ins_by_address)
    for length in (255, 200_000):
        refused = browser.sign_in("a" * length, "wrong horse battery")
        assert refused.status_code == 400
        assert f"An email has at most 254 characters, not {length}." in refused.text
    browser.sign_in("a" * 254, "x" * 1025)
    assert browser.sign_in(ME).status_code == 303
    assert [len(rate) for rate in rates] == [0, 0], "neither of refused nor of right sign-ins"
    console.browser().sign_in("a" * 254, "wrong horse battery")
    assert [len(rate) for rate in rates] == [1, 1]


def test_last_use_of_a_session_is_stored_once_a_minute(console: Console) -> None:
    browser = console.signed_in(ME)

    def noted() -> object:
        return read_rows(console.application.store.path, "select seen_at from session")

    first = noted()
    console.application.clock.forward(seconds=59)
    browser.get("/account/")
    assert noted() == first
    console.application.clock.forward(seconds=1)
    browser.get("/account/")
    assert noted() != first
