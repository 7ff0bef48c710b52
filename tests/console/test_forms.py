"""No page writes by GET, and forms without a valid CSRF token are refused; access to pages."""

from __future__ import annotations

import re

import pytest

from appliance.console.forms import as_sentence
from tests.console.conftest import Console
from tests.console.example_console import FORMS, create_example

ME = "me@example.org"
REDIRECTS = ("console.home", "console.sign_in")
"""Endpoints that redirect a browser that is signed in."""
PUBLIC = (
    "console.sign_in",
    "console.try_sign_in",
    "console.sign_in_code",
    "console.sign_out",
    "console.invitation",
    "console.accept_invitation",
)
"""Endpoints that require no session."""


def test_every_form_writes(console: Console) -> None:
    example = create_example(console)
    paths = dict(example.paths("POST"))
    assert set(FORMS) == set(paths)
    for endpoint in FORMS:
        before = example.rows()
        answer = example.browser.post(paths[endpoint], {**example.fields(endpoint), **example.token()})
        assert answer.status_code in (200, 303), f"{endpoint}: {answer.text}"
        assert example.rows() != before, endpoint


@pytest.mark.parametrize(
    "origin", ["no token", "another browser", "another origin", "cross-site", "opaque origin", "same origin, no token"]
)
def test_a_form_without_a_valid_csrf_token_is_refused(console: Console, origin: str) -> None:
    example = create_example(console)
    token = example.token()
    sent = {
        "no token": ({}, {}),
        "another browser": (console.browser().forms("/sign-in/")["/sign-in/"], {}),
        "another origin": (token, {"Origin": "https://evil.example"}),
        "cross-site": (token, {"Sec-Fetch-Site": "cross-site"}),
        "opaque origin": (token, {"Origin": "null"}),
        "same origin, no token": ({}, {"Origin": "http://localhost"}),
    }
    fields, headers = sent[origin]
    before = example.rows()
    for endpoint, path in example.paths("POST"):
        values = {**example.fields(endpoint), **fields}
        assert example.browser.post(path, values, headers=headers).status_code == 403, path
    assert example.rows() == before


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}])
def test_a_same_origin_form_is_accepted(console: Console, headers: dict[str, str]) -> None:
    browser = console.signed_in(ME)
    assert browser.send("/sign-out/", {}, page="/account/", headers=headers).status_code == 303


def test_get_requests_do_not_write(console: Console) -> None:
    example = create_example(console)
    token, before = example.token(), example.rows()
    for endpoint, path in example.paths("POST"):
        response = example.browser.get(path, query_string={**example.fields(endpoint), **token})
        assert response.status_code in (200, 303, 405), path
    for endpoint, path in example.paths("GET"):
        assert example.browser.get(path).status_code == (303 if endpoint in REDIRECTS else 200), path
    assert example.rows() == before


def test_signing_in_invalidates_csrf_tokens(console: Console) -> None:
    console.account(ME)
    browser = console.browser()
    token = browser.forms("/sign-in/")["/sign-in/"]
    browser.sign_in(ME)
    assert browser.post("/sign-out/", token).status_code == 403


def test_without_a_session_pages_lead_to_sign_in(console: Console) -> None:
    example, browser = create_example(console), console.browser()
    token = browser.forms("/sign-in/")["/sign-in/"]
    before = example.rows()
    for endpoint, path in example.paths("POST"):
        if endpoint not in PUBLIC:
            answer = browser.post(path, {**example.fields(endpoint), **token})
            assert answer.status_code == 403 and "<h1>Sign in</h1>" in answer.text, path
    for endpoint, path in example.paths("GET"):
        answer, location = browser.get(path), None if endpoint in PUBLIC else f"/sign-in/?next={path}"
        assert (answer.status_code, answer.location) == (303 if location else 200, location), path
    assert example.rows() == before


def test_pages_operator_paths_are_not_found_for_others(console: Console) -> None:
    example, browser = create_example(console), console.signed_in(ME)
    token, before = browser.forms("/account/")["/sign-out/"], example.rows()
    operator_paths = ("/people/", "/dashboard/", f"/zones/{example.page.uuid}/")
    for endpoint, path in example.paths("POST"):
        if path.startswith(operator_paths):
            assert browser.post(path, {**example.fields(endpoint), **token}).status_code == 404, path
    for _, path in example.paths("GET"):
        if path.startswith(operator_paths):
            assert browser.get(path).status_code == 404, path
    assert example.rows() == before


def test_pages_have_no_other_methods(console: Console) -> None:
    example = create_example(console)
    assert not [path for method in ("PUT", "PATCH", "DELETE", "OPTIONS") for path in example.paths(method)]


def test_the_api_does_not_accept_a_session(console: Console) -> None:
    browser = console.signed_in(ME, is_admin=True)
    for path in ("/api/v1/account/me/", "/api/v1/dns-zones/", "/metrics"):
        assert browser.get(path).status_code == 401, path
    assert browser.post("/api/v1/dns-zones/", browser.forms("/account/")["/sign-out/"]).status_code == 401


def test_every_page_has_security_headers(console: Console) -> None:
    example = create_example(console)
    for endpoint, path in example.paths("GET"):
        answer = example.browser.get(path)
        assert "no-store" in answer.headers["Cache-Control"]
        if endpoint in REDIRECTS:
            continue
        policy = answer.headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
            assert part in policy
        assert "form-action 'self'" in policy and "base-uri 'none'" in policy and "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Cache-Control"] == "no-store"
        assert " style=" not in answer.text and " onclick=" not in answer.text
        assert answer.text.count("<script") == answer.text.count('<script src="/static/')
        own = re.sub("http://localhost[/<]|http://www.w3.org/2000/svg|otpauth://", "", answer.text)
        assert "://" not in own


def test_files_are_cached_and_pages_are_small(console: Console) -> None:
    example = create_example(console)
    for name in (
        "console.css",
        "console.js",
        "zones.css",
        "zones.js",
        "dnssec.js",
        "zone_text.css",
        "zone_text.js",
        "icon.svg",
    ):
        with example.browser.get(f"/static/{name}") as file:
            assert file.status_code == 200 and "Set-Cookie" not in file.headers
            assert file.headers["Cache-Control"] == "public, max-age=86400" and len(file.data) < 30_000
    for endpoint, path in example.paths("GET"):
        if endpoint not in (*REDIRECTS, "console.deployment", "console.export", "console.export_version"):
            assert example.browser.weight(path) < 50_000, path


def test_errors_are_html_pages(console: Console) -> None:
    browser = console.signed_in(ME)
    missing = browser.get(f"/invitations/{'x' * 43}/")
    assert missing.status_code == 404 and "<h1>Not found</h1>" in missing.text
    assert browser.get("/people/").status_code == 404
    refused = browser.get("/sign-out/")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("accept", "is_page"),
    [("text/html,application/xhtml+xml,*/*;q=0.8", True), ("*/*", False), ("application/json", False), ("", False)],
)
def test_a_browser_gets_a_page_for_an_unknown_address(console: Console, accept: str, is_page: bool) -> None:
    me, stranger = console.signed_in(ME), console.browser()
    for browser in (me, stranger):
        for path, status in (("/zones/nonsense/", 404), ("/nonsense", 404), ("/zones/new/nonsense/", 404)):
            missing = browser.get(path, headers={"Accept": accept})
            assert (missing.status_code, missing.is_json) == (status, not is_page)
            assert ("<h1>Not found</h1>" in missing.text) == is_page
            assert ("script-src 'self'" in missing.headers["Content-Security-Policy"]) == is_page
            assert ("Sign out" in missing.text) == (is_page and browser is me)
    wrong = me.post("/zones/", {}, headers={"Accept": accept})
    assert (wrong.status_code, wrong.is_json) == (405, not is_page) and "GET" in wrong.headers["Allow"]


def test_the_api_answers_browsers_in_json(console: Console) -> None:
    for path, status in (("/api/v1/nonsense/", 401), ("/metrics", 401), ("/api/v1/dns-zones/", 401)):
        answer = console.browser().get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.is_json) == (status, True), path
    foreign = console.browser().get("/nonsense", headers={"Accept": "text/html", "Host": "evil.example"})
    assert foreign.status_code == 421 and "Set-Cookie" not in foreign.headers


def test_messages_do_not_capitalize_domain_names() -> None:
    assert as_sentence("the value is empty") == "The value is empty."
    assert as_sentence("www.example.com cannot hold a CNAME") == "www.example.com cannot hold a CNAME."
    assert as_sentence("com is a top-level domain", ["COM."]) == "com is a top-level domain."
