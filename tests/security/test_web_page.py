"""The attacks of a web page: it runs in the browser of somebody who is signed in, on another site."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import pytest

from tests.appliance import Appliance
from tests.security.conftest import PASSWORD, Account, Customer
from tests.security.raw_http import Browser

FOREIGN = "https://evil.example"


@pytest.fixture(scope="module")
def signed_in(appliance: Appliance, victims_account: Account) -> Browser:
    """The browser of a customer who is signed in."""
    browser = Browser(appliance)
    page = browser.submit("/sign-in/", {"email": victims_account.email, "password": PASSWORD})
    assert "Sign out" in page.text
    return browser


@pytest.mark.parametrize("headers", [{}, {"Origin": FOREIGN}, {"Sec-Fetch-Site": "cross-site"}, {"Referer": FOREIGN}])
def test_a_forged_form_changes_nothing(signed_in: Browser, victim: Customer, headers: dict[str, str]) -> None:
    for path in (f"/zones/{victim.zone['uuid']}/delete/", "/zones/new/", "/sign-out/", "/account/password/"):
        answer = signed_in.post(path, {"domain": victim.domain, "csrf_token": "0" * 64}, **headers)
        assert answer.status_code in (400, 403, 404, 405), path
    victim.api.expect(200, "GET", f"/dns-zones/{victim.zone['uuid']}/")
    assert "Sign out" in signed_in.get("/").text


def test_a_get_changes_nothing(signed_in: Browser, victim: Customer) -> None:
    for path in (f"/zones/{victim.zone['uuid']}/delete/", "/sign-out/"):
        signed_in.get(path)
    victim.api.expect(200, "GET", f"/dns-zones/{victim.zone['uuid']}/")
    assert "Sign out" in signed_in.get("/").text


def test_the_cookie_alone_opens_no_api(signed_in: Browser) -> None:
    assert signed_in.get("/api/v1/dns-zones/").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_sites(appliance: Appliance, victim: Customer) -> None:
    browser = Browser(appliance)
    page = browser.get("/sign-in/").text
    token = re.search(r'name="csrf_token" value="(\w+)"', page)
    assert token
    form = {"csrf_token": token[1], "email": victim.email, "password": PASSWORD}
    flags = browser.post("/sign-in/", form).headers["Set-Cookie"].split("; ")[1:]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert not any(flag.startswith("Domain") for flag in flags)


def test_no_site_reads_an_answer(signed_in: Browser, victim: Customer) -> None:
    for path in ("/", f"/zones/{victim.zone['uuid']}/", "/api/v1/dns-zones/", "/healthz"):
        answer = signed_in.get(path, Origin=FOREIGN)
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_a_site_whose_name_resolves_to_the_appliance_gets_no_page(signed_in: Browser) -> None:
    for path in ("/", "/metrics", "/sign-in/"):
        assert signed_in.get(path, Host="evil.example").status_code in (400, 401, 403, 421), path


def test_pages_run_no_foreign_script_and_are_in_no_frame(signed_in: Browser, victim: Customer) -> None:
    for path in ("/", f"/zones/{victim.zone['uuid']}/", "/sign-in/", "/nothing"):
        headers = signed_in.get(path).headers
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in headers["Cache-Control"]
        assert headers["Referrer-Policy"] in ("no-referrer", "same-origin")


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>", "{{7*7}}"])
def test_a_record_is_no_markup(signed_in: Browser, victim: Customer, text: str) -> None:
    victim.api.record(victim.zone, "TXT", "text", text, comment=text)
    page = signed_in.get(f"/zones/{victim.zone['uuid']}/").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert ">49<" not in page


def test_a_link_to_the_sign_in_page_puts_no_form_in_front_of_anybody(appliance: Appliance, victim: Customer) -> None:
    kept = json.dumps([f"/zones/{victim.zone['uuid']}/delete/", [["domain", victim.domain]]])
    for path, forged in ((f"/sign-in/?{urlencode({'kept': kept})}", {}), ("/sign-in/", {"kept": kept})):
        page = Browser(appliance).submit(path, {"email": victim.email, "password": PASSWORD, **forged})
        assert "Sign out" in page.text and "/delete/" not in page.text


def test_no_redirect_leaves_the_console(appliance: Appliance, signed_in: Browser, victim: Customer) -> None:
    for target in (FOREIGN, "//evil.example", "\\\\evil.example", "/\\evil.example", "javascript:alert(1)"):
        browser = Browser(appliance)
        answer = browser.post("/sign-in/", {"next": target, "email": victim.email, "password": PASSWORD})
        assert "evil.example" not in answer.headers.get("Location", "")
