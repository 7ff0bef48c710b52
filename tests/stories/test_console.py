"""The console in a real browser: from the first sign-in to records that both nameservers serve, and their deletion."""

from __future__ import annotations

import re
import subprocess

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.console.record_forms import FORMS
from tests.appliance import Appliance
from tests.browser import barriers, change_first_password, sign_in, visit
from tests.console.zone_page import DIGEST, EVERY_FORM
from tests.pair import LOOPBACK, wait_for
from tests.stories.test_served import wire

CHOSEN = "a password of my own"
HOSTILE = "<img src=x onerror=\"document.title='injected'\">"


@pytest.fixture(scope="module")
def base(appliance: Appliance) -> str:
    """The URL of the console."""
    return f"http://{LOOPBACK}:{appliance.ports.api}"


@pytest.fixture(scope="module")
def password(appliance: Appliance, chromium: Browser, base: str) -> str:
    """The password that the first user chose in place of the one that the first start printed."""
    found = re.search(r"^password +(\S+)", appliance.printed.read_text(), re.MULTILINE)
    assert found
    with visit(chromium, base) as page:
        change_first_password(page, "admin@appliance.test", found[1], CHOSEN)
    return CHOSEN


def new_zone(page: Page, domain: str) -> str:
    """Create a zone with its form, and return its path."""
    page.goto("/zones/new/")
    page.fill("#domain", domain)
    page.click("text=Create zone >> nth=-1")
    expect(page.locator("h1")).to_have_text(domain)
    return page.url.removesuffix("/") + "/"


def add(page: Page, zone: str, form: str, name: str, fields: dict[str, str], intent: str = "save") -> None:
    """Submit the form for a new record with one of its buttons."""
    page.goto(f"{zone}records/new/?type={form}")
    page.fill("#name", name)
    if page.locator("#priority").count():
        page.fill("#priority", "10")
    for part, text in fields.items():
        field = page.locator(f"#part_{part}")
        field.select_option(text) if field.evaluate("one => one.tagName") == "SELECT" else field.fill(text)
    page.click(f"button[value={intent}]")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_from_the_first_sign_in_to_served_records(
    appliance: Appliance, chromium: Browser, base: str, password: str, scripts: bool
) -> None:
    domain = f"console-{scripts}.example".lower()
    with visit(chromium, base, java_script_enabled=scripts) as page:
        sign_in(page, "admin@appliance.test", password)
        token = create_token(page)
        me = appliance.client(token).expect(200, "GET", "/account/me/")
        assert me["account"]["email"] == "admin@appliance.test"
        zone = new_zone(page, domain)
        for form, fields, _ in EVERY_FORM:
            add(page, zone, form, form.lower(), fields)
            page.wait_for_url(zone)
        add(page, zone, "DS", "ns", {"tag": "12345", "algorithm": "13", "kind": "2", "digest": DIGEST})
        page.wait_for_url(zone)
        wait_until_shown_live(page, zone, scripts)
        wait_until_all_served(appliance, domain)
        if scripts:
            page.goto(f"{zone}ask/?name=txt&type=TXT")
            assert barriers(page) == []
        add(page, zone, "TXT", "hostile", {"value": HOSTILE}, "draft")
        add(page, zone, "A", "second", {"value": "192.0.2.2"}, "draft")
        page.click("text=Publish all 2 changes")
        page.wait_for_url(zone)
        expect(page.get_by_text(HOSTILE, exact=True)).to_be_visible()
        assert "injected" not in page.title()
        wait_until_shown_live(page, zone, scripts)
        appliance.wait_until_answered(f"second.{domain}", "A", [wire("A", "192.0.2.2")])
        delete(page, zone, domain)
        for server in (1, 2):
            wait_for(lambda s=server: appliance.rcode(domain, s) == "REFUSED", f"ns{server} no longer serves it")  # type: ignore[misc]


def wait_until_all_served(appliance: Appliance, domain: str) -> None:
    """Wait until both nameservers answer the value of each form, octet for octet."""
    for form, _, value in EVERY_FORM:
        if form != "NS":  # a delegation: it is answered in the authority section
            record_type = FORMS[form].record_type
            appliance.wait_until_answered(f"{form.lower()}.{domain}", record_type, [octets(form, value)])
    appliance.wait_until_answered(f"ns.{domain}", "DS", [wire("DS", f"12345 13 2 {DIGEST}")])
    for server in (1, 2):
        referral = appliance.ask(f"below.ns.{domain}", "A", server).authority[0]
        assert {rdata.to_wire() for rdata in referral} == {wire("NS", "ns1.example.net.")}


def octets(form: str, value: str) -> bytes:
    """Return the wire format of a value, computed by dnspython; host names are absolute."""
    kind = FORMS[form]
    if kind.record_type == "TXT":
        return b"".join(
            bytes([len(part)]) + part for part in (value[at:][:255].encode() for at in range(0, len(value), 255))
        )
    return wire(kind.record_type, f"10 {value}" if kind.has_priority else value)


def create_token(page: Page) -> str:
    """Create a token, and return its secret."""
    page.goto("/account/developers/")
    page.fill("#name", "browser")
    page.check("input[value='dns:*']")
    page.click("text=Create token")
    found = re.search(r"vps_[\w-]{16,}", page.locator("main").inner_text())
    assert found
    return found[0]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_what_integrations_shows_works_when_pasted(
    appliance: Appliance, chromium: Browser, base: str, password: str, scripts: bool
) -> None:
    domain = f"integration-{scripts}.example".lower()
    with visit(chromium, base, java_script_enabled=scripts) as page:
        sign_in(page, "admin@appliance.test", password)
        new_zone(page, domain)
        page.click("text=Integrations")
        page.select_option("#client", "dyndns2")
        page.select_option("#zones", domain)
        page.fill("#record_names", "home")
        page.click("text=Create credential")
        command = page.locator("#snippet-1").inner_text()
        if scripts:
            page.click("[data-copy=snippet-1]")
            expect(page.locator("[data-copy=snippet-1]")).to_have_text(re.compile("Copied|Selected"))
        assert pasted(command) == "good 192.0.2.1" and pasted(command) == "nochg 192.0.2.1"
        appliance.wait_until_answered(f"home.{domain}", "A", [wire("A", "192.0.2.1")])
        page.click("text=Done")
        row = page.locator("tr", has_text=f"dyndns2 {domain}")
        expect(row).to_contain_text("A, AAAA records of home in")
        expect(row).to_contain_text("UTC")
        page.once("dialog", lambda dialog: dialog.accept())
        row.locator("button").click()
        expect(page.get_by_role("status")).to_contain_text("Credential revoked")
        assert pasted(command) == "badauth"


def pasted(command: str) -> str:
    """Run a command of a page in a shell, and return what it prints."""
    done = subprocess.run(("/bin/sh", "-eu"), input=command, capture_output=True, text=True, check=True)
    return done.stdout


def delete(page: Page, zone: str, domain: str) -> None:
    """Delete the zone, after a wrong confirmation."""
    page.goto(f"{zone}delete/")
    page.fill("#domain", "another.example")
    page.click("main button.danger")
    expect(page.locator("#domain-error")).to_be_visible()
    page.fill("#domain", domain)
    page.click("main button.danger")
    page.wait_for_url("**/zones/")
    expect(page.get_by_role("status")).to_contain_text(f"Zone {domain} deleted")


def test_preview_and_lookup_without_javascript(
    appliance: Appliance, chromium: Browser, base: str, password: str
) -> None:
    domain = "plain-console.example"
    with visit(chromium, base, java_script_enabled=False) as page:
        sign_in(page, "admin@appliance.test", password)
        zone = new_zone(page, domain)
        page.goto(f"{zone}records/new/?type=MX")
        page.fill("#part_value", "mail.example.net")
        page.fill("#priority", "10")
        page.click("button[value=preview]")
        expect(page.locator(".added").last).to_contain_text(f"{domain}. 3600 IN MX 10 mail.example.net.")
        page.click("button[value=save]")
        page.wait_for_url(zone)
        wait_until_shown_live(page, zone, scripts=False)
        appliance.wait_until_answered(domain, "MX", [wire("MX", "10 mail.example.net.")])
        page.goto(f"{zone}ask/?name=@&type=MX")
        assert page.get_by_text(f"{domain}. 3600 IN MX 10 mail.example.net.").count() == 2
        delete(page, zone, domain)


def wait_until_shown_live(page: Page, zone: str, scripts: bool) -> None:
    """Wait until the page shows the zone as live: by polling, or after reloading it."""
    live = page.locator("#deployment[data-state=live]")
    if scripts:
        expect(live).to_be_visible()
    else:
        wait_for(lambda: page.goto(zone) and live.count() == 1, "the zone is shown as live")
