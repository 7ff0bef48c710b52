"""A zone moves in through the console: imported, changed, broken, undone and exported, and served at each step."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.appliance import Appliance
from tests.browser import sign_in, visit
from tests.pair import LOOPBACK
from tests.stories.test_served import wire

PASSWORD = "a password of my own"
FILE = """$TTL 300
@ IN SOA ns1.old.example. hostmaster.old.example. 7 3600 600 86400 300
@     MX    10 mail
mail  A     192.0.2.1
www   A     192.0.2.2
*.dev CNAME www
text  TXT   "a \\"quoted\\" text" " and more"
"""
_SELECTED = "area => area.value.slice(area.selectionStart, area.selectionEnd)"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_zone_moves_in_and_a_mistake_is_undone(appliance: Appliance, chromium: Browser, scripts: bool) -> None:
    domain, email = f"moved-{scripts}.example".lower(), f"mover-{scripts}@example.org".lower()
    appliance.token(email)
    appliance.command("account", "password", email, "--permanent", typed=f"{PASSWORD}\n")
    with visit(chromium, f"http://{LOOPBACK}:{appliance.ports.api}", java_script_enabled=scripts) as page:
        sign_in(page, email, PASSWORD)
        page.goto(f"/zones/new/?domain={domain}")
        page.click("text=Create zone >> nth=-1")
        move_in(page, as_text=scripts)
        appliance.wait_until_answered(f"www.{domain}", "A", [wire("A", "192.0.2.2")])
        change_as_text(page, "www ", "new  300 A 192.0.2.3\nwww ")
        publish_with_the_bar(page)
        appliance.wait_until_answered(f"new.{domain}", "A", [wire("A", "192.0.2.3")])
        appliance.wait_until_answered(f"other.{domain}", "A", [wire("A", "192.0.2.4")])
        break_it(page, scripts)
        appliance.wait_until_answered(f"www.{domain}", "A", [wire("A", "198.51.100.1")])
        page.click("text=Undo")
        publish(page)
        appliance.wait_until_answered(f"www.{domain}", "A", [wire("A", "192.0.2.2")])
        check_export(page, appliance, domain)


def move_in(page: Page, *, as_text: bool) -> None:
    """Import the file, as text or as an upload, and publish it."""
    page.click("text=Import")
    if as_text:
        page.fill("#text", FILE)
    else:
        page.set_input_files("#file", {"name": "zone.txt", "mimeType": "text/plain", "buffer": FILE.encode()})
    proceed(page)
    expect(page.get_by_text("SOA is passed over")).to_be_visible()
    page.click("text=Continue to review")
    expect(page.locator(".added")).to_have_count(6)
    publish(page)


def proceed(page: Page) -> None:
    """Submit the form of an import or of the editor."""
    page.click("main form[enctype] button")


def publish(page: Page) -> None:
    """Publish the draft on its page."""
    page.click("button[value=publish]")
    expect(page.get_by_role("status").first).to_contain_text("Saved with serial")


def change_as_text(page: Page, old: str, new: str) -> None:
    """Replace a part of the zone file in the editor, and submit it."""
    page.click("text=Edit as text")
    page.fill("#text", page.input_value("#text").replace(old, new, 1))
    proceed(page)


def publish_with_the_bar(page: Page) -> None:
    """Add another record to the draft, see both marked in the list of records, and publish them there."""
    page.click("text=Add record >> nth=0")
    page.fill("#name", "other")
    page.fill("#part_value", "192.0.2.4")
    page.click("button[value=draft]")
    page.click("text=Records >> nth=0")
    expect(page.locator("tbody.drafted tr")).to_have_count(2)
    expect(page.get_by_text("2 unsaved changes")).to_be_visible()
    publish(page)


def break_it(page: Page, scripts: bool) -> None:
    """Enter an address that is none, see its line, and publish one that is wrong."""
    change_as_text(page, "192.0.2.2", "192.0.2.999")
    error = page.locator("[data-line]")
    expect(error).to_have_count(1)
    line = page.input_value("#text").splitlines()[int(error.inner_text().removeprefix("Line ")) - 1]
    assert line.endswith("192.0.2.999")
    if scripts:
        error.click()
        assert page.locator("#text").evaluate(_SELECTED) == line
        expect(page.locator(".gutter")).to_contain_text("! ")
    page.fill("#text", page.input_value("#text").replace("192.0.2.999", "198.51.100.1"))
    proceed(page)
    publish(page)


def check_export(page: Page, appliance: Appliance, domain: str) -> None:
    """Check that the export is the published zone file, and that importing it changes nothing."""
    with page.expect_download() as started:
        page.click("text=Export")
    exported = Path(started.value.path()).read_text("ascii")
    assert exported == appliance.command("zone", "export", domain) and f"www.{domain}." in exported
    page.click("text=Import")
    page.check("input[value=replace]")
    page.fill("#text", exported)
    proceed(page)
    expect(page.get_by_text("the draft is empty")).to_be_visible()
