"""History in a real browser: a mistake undone, a version restored on trial, a deleted zone brought back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.appliance import Appliance
from tests.browser import barriers, sign_in, visit
from tests.pair import LOOPBACK, wait_for

EMAIL, PASSWORD = "historian@example.org", "a password of my own"
RIGHT, WRONG = (bytes((192, 0, 2, last)) for last in (1, 9))


@pytest.fixture(scope="module")
def base(appliance: Appliance) -> str:
    """The URL of the console, in which the account of these tests has a password."""
    appliance.token(EMAIL)
    appliance.command("account", "password", EMAIL, "--permanent", typed=f"{PASSWORD}\n")
    return f"http://{LOOPBACK}:{appliance.ports.api}"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_mistake_is_undone_and_a_version_is_restored_on_trial(
    appliance: Appliance, chromium: Browser, base: str, scripts: bool
) -> None:
    domain = f"undone-{scripts}.example".lower()
    api = appliance.client(appliance.token(EMAIL))
    zone = api.zone(domain)
    api.record(zone, "A", "www", "192.0.2.1")
    path = f"/zones/{zone['uuid']}/"
    with visit(chromium, base, java_script_enabled=scripts) as page:
        sign_in(page, EMAIL, PASSWORD)
        make_a_mistake(page, path)
        appliance.wait_until_answered(f"www.{domain}", "A", [WRONG])
        page.get_by_role("status").get_by_role("button", name="Undo").click()
        page.click("main >> button[value=publish]")
        page.wait_for_url(path)
        appliance.wait_until_answered(f"www.{domain}", "A", [RIGHT])
        mistake = compare_versions(page, path)
        check(page, scripts)
        restore_on_trial(page, path, mistake)
        appliance.wait_until_answered(f"www.{domain}", "A", [WRONG])
        check_countdown(page, scripts)
        page.get_by_role("button", name="Revert now").click()
        appliance.wait_until_answered(f"www.{domain}", "A", [RIGHT])
        expect(page.get_by_role("status").first).to_contain_text("was not confirmed: reverted")
        delete_and_restore(page, path, domain, lambda: appliance.rcode(domain, 2))
        appliance.wait_until_answered(f"www.{domain}", "A", [RIGHT])


def make_a_mistake(page: Page, path: str) -> None:
    """Change the address with the form of the record."""
    page.goto(path)
    page.locator("td.action a").first.click()
    page.fill("#part_value", "192.0.2.9")
    page.click("button[value=save]")
    page.wait_for_url(path)


def compare_versions(page: Page, path: str) -> int:
    """Compare the first and the third version with the radio buttons, and return the serial of the third."""
    page.click("nav.tabs >> text=History")
    rows = page.locator("table.versions tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("current")
    mistake, first = (int(rows.nth(at).locator("input[name=to]").input_value()) for at in (1, 3))
    page.check(f"input[name=from][value='{first}']")
    page.check(f"input[name=to][value='{mistake}']")
    page.click("text=Compare")
    expect(page.locator(".diff .added")).to_contain_text("IN A 192.0.2.9")
    expect(page.locator("#from")).to_have_value(str(first))
    return mistake


def restore_on_trial(page: Page, path: str, serial: int) -> None:
    """Restore the version with the mistake, to be reverted after an hour."""
    page.goto(f"{path}history/{serial}/")
    expect(page.locator(".diff .added")).to_contain_text("IN A 192.0.2.9")
    page.click("text=Restore to here")
    page.select_option("#confirm_within", "3600")
    page.click("main >> button[value=publish]")
    page.wait_for_url(path)


def check_countdown(page: Page, scripts: bool) -> None:
    """Check that the banner shows the time left, which the script counts down."""
    time = page.locator("time[data-seconds]")
    shown = time.inner_text()
    assert shown.startswith(("59 min", "1 h")), shown
    if scripts:
        expect(time).not_to_have_text(shown)
        check(page, scripts)


def delete_and_restore(page: Page, path: str, domain: str, rcode: Callable[[], str | None]) -> None:
    """Delete the zone, and restore it from the list of deleted zones once ns2 no longer serves it."""
    page.goto(f"{path}delete/")
    page.fill("#domain", domain)
    page.click("main button.danger")
    expect(page.get_by_role("status")).to_contain_text(f"Zone {domain} deleted")
    wait_for(lambda: rcode() == "REFUSED", "ns2 no longer serves it")
    page.click("text=Deleted zones")
    page.get_by_role("button", name=f"Restore {domain}").click()
    page.wait_for_url(path)


def check(page: Page, scripts: bool) -> None:
    """Check the accessibility of the current page, for which scripts are needed."""
    if scripts:
        assert barriers(page) == []
