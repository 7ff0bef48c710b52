"""No page writes by GET, and no form is taken that did not come from a page of ours."""

from __future__ import annotations

import pytest

from tests.console.conftest import Console
from tests.console.example_console import FORMS, furnish

ME = "me@example.org"
ELSEWHERE = ("console.home", "console.sign_in")
"""Pages from which one who is signed in is sent on."""
OPEN = ("console.sign_in", "console.try_sign_in", "console.sign_out", "console.invitation", "console.accept_invitation")
"""Pages for everyone."""


def test_every_form_of_ours_writes(console: Console) -> None:
    there = furnish(console)
    paths = dict(there.paths("POST"))
    assert set(FORMS) == set(paths)
    for endpoint in FORMS:
        before = there.rows()
        answer = there.browser.post(paths[endpoint], {**there.fields(endpoint), **there.token()})
        assert answer.status_code in (200, 303), f"{endpoint}: {answer.text}"
        assert there.rows() != before, endpoint


@pytest.mark.parametrize("origin", ["nowhere", "own token of another", "another site", "a foreign fetch", "a frame"])
def test_a_form_comes_from_here_or_changes_nothing(console: Console, origin: str) -> None:
    there = furnish(console)
    token = there.token()
    sent = {
        "nowhere": ({}, {}),
        "own token of another": (console.browser().forms("/sign-in/")["/sign-in/"], {}),
        "another site": (token, {"Origin": "https://evil.example"}),
        "a foreign fetch": (token, {"Sec-Fetch-Site": "cross-site"}),
        "a frame": (token, {"Origin": "null"}),
    }
    fields, headers = sent[origin]
    before = there.rows()
    for endpoint, path in there.paths("POST"):
        sent_there = {**there.fields(endpoint), **fields}
        assert there.browser.post(path, sent_there, headers=headers).status_code == 403, path
    assert there.rows() == before


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}])
def test_a_form_of_ours_is_taken(console: Console, headers: dict[str, str]) -> None:
    browser = console.signed_in(ME)
    assert browser.send("/sign-out/", {}, page="/account/", headers=headers).status_code == 303


def test_nothing_is_written_by_get(console: Console) -> None:
    there = furnish(console)
    token, before = there.token(), there.rows()
    for endpoint, path in there.paths("POST"):
        asked = there.browser.get(path, query_string={**there.fields(endpoint), **token})
        assert asked.status_code in (200, 303, 405), path
    for endpoint, path in there.paths("GET"):
        assert there.browser.get(path).status_code == (303 if endpoint in ELSEWHERE else 200), path
    assert there.rows() == before


def test_a_form_of_before_signing_in_is_worth_nothing_after(console: Console) -> None:
    console.account(ME)
    browser = console.browser()
    token = browser.forms("/sign-in/")["/sign-in/"]
    browser.sign_in(ME)
    assert browser.post("/sign-out/", token).status_code == 403


def test_who_is_not_signed_in_is_sent_away_and_writes_nothing(console: Console) -> None:
    there, browser = furnish(console), console.browser()
    token = browser.forms("/sign-in/")["/sign-in/"]
    before = there.rows()
    for endpoint, path in there.paths("POST"):
        if endpoint not in OPEN:
            answer = browser.post(path, {**there.fields(endpoint), **token})
            assert (answer.status_code, answer.location) == (303, "/sign-in/"), path
    for endpoint, path in there.paths("GET"):
        answer, wanted = browser.get(path), None if endpoint in OPEN else f"/sign-in/?next={path}"
        assert (answer.status_code, answer.location) == (303 if wanted else 200, wanted), path
    assert there.rows() == before


def test_what_is_for_operators_is_there_for_nobody_else(console: Console) -> None:
    there, browser = furnish(console), console.signed_in(ME)
    token, before = browser.forms("/account/")["/sign-out/"], there.rows()
    of_operators = ("/people/", "/dashboard/", f"/zones/{there.page.uuid}/")
    for endpoint, path in there.paths("POST"):
        if path.startswith(of_operators):
            assert browser.post(path, {**there.fields(endpoint), **token}).status_code == 404, path
    for _, path in there.paths("GET"):
        if path.startswith(of_operators):
            assert browser.get(path).status_code == 404, path
    assert there.rows() == before


def test_pages_take_no_other_methods(console: Console) -> None:
    there = furnish(console)
    assert not [path for method in ("PUT", "PATCH", "DELETE", "OPTIONS") for path in there.paths(method)]


def test_a_session_is_no_token(console: Console) -> None:
    browser = console.signed_in(ME, is_admin=True)
    for path in ("/api/v1/account/me/", "/api/v1/dns-zones/", "/metrics"):
        assert browser.get(path).status_code == 401, path
    assert browser.post("/api/v1/dns-zones/", browser.forms("/account/")["/sign-out/"]).status_code == 401


def test_every_page_guards_itself(console: Console) -> None:
    there = furnish(console)
    for endpoint, path in there.paths("GET"):
        answer = there.browser.get(path)
        assert "no-store" in answer.headers["Cache-Control"]
        if endpoint in ELSEWHERE:
            continue
        policy = answer.headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
            assert part in policy
        assert "form-action 'self'" in policy and "base-uri 'none'" in policy and "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Cache-Control"] == "no-store"
        assert " style=" not in answer.text and " onclick=" not in answer.text
        assert answer.text.count("<script") == answer.text.count('<script src="/static/')
        assert "://" not in answer.text.replace("http://www.w3.org/2000/svg", "").replace("otpauth://", "")


def test_files_may_be_kept_and_pages_are_light(console: Console) -> None:
    there = furnish(console)
    for name in ("console.css", "console.js", "zones.css", "zones.js", "icon.svg"):
        with there.browser.get(f"/static/{name}") as file:
            assert file.status_code == 200 and "Set-Cookie" not in file.headers
            assert file.headers["Cache-Control"] == "public, max-age=86400" and len(file.data) < 30_000
    for endpoint, path in there.paths("GET"):
        if endpoint not in (*ELSEWHERE, "console.served"):
            assert there.browser.weight(path) < 50_000, path


def test_an_error_is_a_page(console: Console) -> None:
    browser = console.signed_in(ME)
    missing = browser.get(f"/invitations/{'x' * 43}/")
    assert missing.status_code == 404 and "<h1>Not Found</h1>" in missing.text
    assert browser.get("/people/").status_code == 404
    refused = browser.get("/sign-out/")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
