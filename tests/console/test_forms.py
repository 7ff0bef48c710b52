"""No page writes by GET, and no form is taken that did not come from a page of ours."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from tests.console.conftest import PASSWORD, Console

ME = "me@example.org"
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


def writing_paths(console: Console) -> list[str]:
    """The path of every page that takes a form."""
    rules = [rule for rule in console.house.app.url_map.iter_rules() if rule.endpoint.startswith("console.")]
    return [
        re.sub("<uuid:[a-z]+>", str(uuid4()), rule.rule).replace("<secret>", "x" * 43)
        for rule in rules
        if "POST" in (rule.methods or ())
    ]


def rows(console: Console) -> dict[str, list[Any]]:
    """All that a page could change."""
    with console.house.store.connection(), console.house.store.reading():
        tables = ("account", "token", "session", "invitation", "act", "zone", "record")
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


def test_who_is_not_signed_in_writes_nothing(console: Console) -> None:
    browser = console.browser()
    token = browser.forms("/sign-in/")["/sign-in/"]
    before = rows(console)
    for path in writing_paths(console):
        if path not in ("/sign-in/", "/sign-out/"):
            answer = browser.post(path, {**VALUES, **token})
            assert (answer.status_code, answer.location) in ((303, "/sign-in/"), (404, None)), path
    assert rows(console) == before


def test_every_page_guards_itself(console: Console) -> None:
    browser = console.signed_in(ME, is_admin=True)
    for path in ("/account/", "/account/password/", "/account/second-factor/", "/account/developers/", "/people/"):
        answer = browser.get(path)
        policy = answer.headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
            assert part in policy
        assert "form-action 'self'" in policy and "base-uri 'none'" in policy and "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Cache-Control"] == "no-store"
        assert " style=" not in answer.text and " onclick=" not in answer.text
        assert answer.text.count("<script") == answer.text.count("<script src=") == 1
        assert "://" not in answer.text.replace("http://www.w3.org/2000/svg", "").replace("otpauth://", "")


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
