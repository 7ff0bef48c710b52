"""No page writes by GET, and no form is taken that did not come from a page of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.console.conftest import PASSWORD, Console, texts

ME = "me@example.org"
OPEN = {"/sign-in/", "/sign-out/", "/invitations/<secret>/"}
"""Rules of the pages that are for everyone."""
OPERATORS = ("/people/", "/dashboard/")
"""How rules begin of the pages that are for operators."""
VALUES: dict[str, Any] = {
    "email": "new@example.org",
    "current": PASSWORD,
    "password": "another long password",
    "again": "another long password",
    "name": "laptop",
    "permissions": ["dns:list"],
    "secret": "A" * 32,
    "code": "123456",
}


def doors(console: Console, **named: str) -> Iterator[tuple[str, str, str]]:
    """Method, rule and path of every way into the console but its files; what is not named is a uuid of nothing."""
    chosen = {"uuid": str(uuid4()), "record": str(uuid4()), "secret": "x" * 43, **named}
    for rule in console.house.app.url_map.iter_rules():
        if rule.endpoint.startswith("console.") and rule.endpoint != "console.static":
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, rule.rule, re.sub(r"<(?:\w+:)?(\w+)>", lambda place: chosen[place[1]], rule.rule)


def writing_paths(console: Console) -> list[str]:
    """The path of every page that takes a form."""
    return [path for method, _, path in doors(console) if method != "GET"]


def rows(console: Console) -> dict[str, list[Any]]:
    """All that a page could change."""
    with console.house.store.connection(), console.house.store.reading():
        tables = ("account", "token", "session", "invitation", "act", "zone", "record", "change", "draft")
        return {table: list(console.house.store._db.execute_sql(f"select * from {table}")) for table in tables}  # noqa: S608


@pytest.mark.parametrize("origin", ["nowhere", "own token of another", "another site", "a foreign fetch", "a frame"])
def test_a_form_comes_from_here_or_changes_nothing(console: Console, origin: str) -> None:
    browser = console.signed_in(ME, is_admin=True)
    token = browser.forms("/account/")["/sign-out/"]
    sent = {
        "nowhere": ({}, {}),
        "own token of another": (console.browser().forms("/sign-in/")["/sign-in/"], {}),
        "another site": (token, {"Origin": "https://evil.example"}),
        "a foreign fetch": (token, {"Sec-Fetch-Site": "cross-site"}),
        "a frame": (token, {"Origin": "null"}),
    }
    fields, headers = sent[origin]
    before, paths = rows(console), writing_paths(console)
    assert len(paths) >= 12
    for path in paths:
        assert browser.post(path, {**VALUES, **fields}, headers=headers).status_code == 403, path
    assert rows(console) == before


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}])
def test_a_form_of_ours_is_taken(console: Console, headers: dict[str, str]) -> None:
    browser = console.signed_in(ME)
    assert browser.send("/sign-out/", {}, page="/account/", headers=headers).status_code == 303


def test_nothing_is_written_by_get(console: Console) -> None:
    browser = console.signed_in(ME, is_admin=True)
    before = rows(console)
    for path in writing_paths(console):
        assert browser.get(path, query_string=VALUES).status_code in (200, 303, 404, 405), path
    assert rows(console) == before


def test_a_form_of_before_signing_in_is_worth_nothing_after(console: Console) -> None:
    console.account(ME)
    browser = console.browser()
    token = browser.forms("/sign-in/")["/sign-in/"]
    browser.sign_in(ME)
    assert browser.post("/sign-out/", token).status_code == 403


def test_every_way_in_but_three_is_for_those_who_signed_in(console: Console) -> None:
    browser = console.browser()
    token = browser.forms("/sign-in/")["/sign-in/"]
    before, found = rows(console), list(doors(console))
    assert len(found) >= 30 and {method for method, _, _ in found} == {"GET", "POST"}
    for method, rule, path in found:
        if rule not in OPEN and method == "GET":
            assert browser.get(path).location == f"/sign-in/?next={path}", path
        elif rule not in OPEN:
            assert browser.post(path, {**VALUES, **token}).location == "/sign-in/", path
    assert {rule for _, rule, _ in found} >= OPEN
    assert rows(console) == before


def test_what_is_for_operators_is_there_for_nobody_else(console: Console) -> None:
    browser = console.signed_in(ME)
    token, before = browser.forms("/account/")["/sign-out/"], rows(console)
    for method, rule, path in doors(console):
        if rule.startswith(OPERATORS):
            answer = browser.get(path) if method == "GET" else browser.post(path, {**VALUES, **token})
            assert answer.status_code == 404, path
    assert rows(console) == before


def test_a_session_is_no_token(console: Console) -> None:
    browser = console.signed_in(ME, is_admin=True)
    for path in ("/api/v1/account/me/", "/api/v1/dns-zones/"):
        assert browser.get(path).status_code == 401
        assert browser.post(path, browser.forms("/account/")["/sign-out/"]).status_code == 401
    assert browser.get("/metrics").status_code == 401


def test_every_page_guards_itself(console: Console) -> None:
    browser = console.signed_in(ME, is_admin=True)
    invited = browser.send("/people/invitations/", {"email": "new@example.org"}, page="/people/")
    (secret,) = texts(invited, r"/invitations/([\w-]{43})/")
    zone = str(browser.send("/zones/new/", {"domain": "example.com"}).location).split("/")[2]
    browser.send(f"/zones/{zone}/records/new/?type=A", {"name": "www", "act": "save", "part_value": "192.0.2.1"})
    record = max(texts(browser.get(f"/zones/{zone}/"), r"/records/([0-9a-f-]{36})/"))
    paths = [path for method, _, path in doors(console, uuid=zone, record=record, secret=secret) if method == "GET"]
    answers = {path: browser.get(path) for path in (*paths, f"/zones/{uuid4()}/")}
    assert {path for path, answer in answers.items() if answer.status_code == 303} == {"/", "/sign-in/"}
    assert {answer.status_code for answer in answers.values()} == {200, 303, 404}
    for path, answer in answers.items():
        policy = answer.headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
            assert part in policy, path
        assert "form-action 'self'" in policy and "base-uri 'none'" in policy and "unsafe" not in policy, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin", path
        assert " style=" not in answer.text and not re.search(r"<[^>]* on[a-z]+=", answer.text), path
        assert answer.text.count("<script") == answer.text.count("<script src="), path
        assert "://" not in answer.text.replace("http://www.w3.org/2000/svg", "").replace("otpauth://", ""), path


def test_pages_are_light(console: Console) -> None:
    browser = console.signed_in(ME, is_admin=True)
    files = [browser.get(f"/static/console.{kind}") for kind in ("css", "js")]
    css, js = (file.data for file in files)
    for file in files:
        assert file.status_code == 200 and "Set-Cookie" not in file.headers
        assert file.headers["Cache-Control"] == "public, max-age=86400"
        file.close()
    assert len(css) < 30_000
    assert len(browser.get("/account/developers/").data) + len(css) + len(js) < 150_000


def test_an_error_is_a_page(console: Console) -> None:
    browser = console.signed_in(ME)
    missing = browser.get(f"/invitations/{'x' * 43}/")
    assert missing.status_code == 404 and "<h1>Not Found</h1>" in missing.text
    assert browser.get("/people/").status_code == 404
    refused = browser.get("/sign-out/")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
