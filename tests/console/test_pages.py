"""Every page in a real browser, with what there is, with nothing, and refusing: nobody is kept out of any."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.serving import make_server

from appliance.editing import UpdateRecord
from appliance.store import deployments, zones
from appliance.zones.deployment import NameserverState, Observation
from tests.api.conftest import NS1, NS2
from tests.browser import AXE, barriers, sign_in, visit, weight
from tests.console.conftest import PASSWORD, Console
from tests.console.example_console import OPERATOR, SECRET, Furnished, furnish
from tests.console.zone_page import open_page
from tests.pair import LOOPBACK

ME = "me@example.org"
NO_PAGES = {"console.static", "console.home", "console.served"}
"""Files, the way to the first page, and a part of a page that is shown as one of it."""
UNFIT = 'Some "text" <b>that</b> is longer than what a telephone has room for, and ' + "has-no-place-to-be-broken" * 20

_COUNT_SHIFTS = """
window.shifts = [];
const moved = (one) => one.sources.map((source) => source.node?.outerHTML.slice(0, 100));
new PerformanceObserver((list) => shifts.push(...list.getEntries().map(moved)))
    .observe({type: "layout-shift", buffered: true});
"""
_FOCUSED = "one => [getComputedStyle(document.activeElement).outlineStyle, document.activeElement === one]"


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application on a port of loopback: its address."""
    server = make_server(LOOPBACK, 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Tour:
    """A walk through pages: where it has been, and what kept people out."""

    def __init__(self, page: Page, console: Console) -> None:
        self._page, self._urls = page, console.application.app.url_map.bind(LOOPBACK)
        self.seen: set[str] = set()
        self.found: list[str] = []

    def look(self, path: str | None = None) -> None:
        """Look at the page that is shown, or at the one at that path."""
        if path:
            self._page.goto(path)
        self.found += barriers(self._page)
        with suppress(MethodNotAllowed):  # what answers a form that stands on another page
            endpoint, _ = self._urls.match(urlsplit(self._page.url).path)
            self.seen.add(endpoint)

    def refuse(self, path: str, press: str = "main button[type=submit]", **typed: str) -> None:
        """Fill a form in with what is refused, and look at that."""
        self.answer(path, press, **typed)
        expect(self._page.locator(".refusals").first).to_be_visible()
        self.look()

    def answer(self, path: str, press: str, **typed: str) -> None:
        """Fill a form in and send it, whatever the browser itself would say."""
        page = self._page
        page.goto(path)
        page.locator("form").evaluate_all("forms => forms.forEach(form => form.noValidate = true)")
        for name, text in typed.items():
            page.fill(f"#{name}", text)
        with page.expect_navigation():
            page.click(press)


@pytest.mark.timeout(300)  # each page is looked at three times, on a busy machine
def test_nobody_is_kept_out_of_any_page(console: Console, chromium: Browser) -> None:
    there = furnish(console)
    with served(console.application.app) as base, visit(chromium, base) as page:
        page.add_init_script(path=AXE)
        tour = Tour(page, console)
        from_outside(tour)
        as_somebody_new(tour, page, console)
        as_an_operator(tour, page, there)
        assert not tour.found, "\n".join(tour.found)
        getting = {endpoint for endpoint, _ in there.paths("GET")}
        assert getting - tour.seen <= NO_PAGES


def from_outside(tour: Tour) -> None:
    """What there is for those who are not signed in."""
    tour.look("/sign-in/")
    tour.refuse("/sign-in/", email="nobody@example.org", password="wrong")
    tour.look(f"/invitations/{SECRET}/")
    tour.refuse(f"/invitations/{SECRET}/", password="one", again="another")
    tour.look("/invitations/none/")


def as_somebody_new(tour: Tour, page: Page, console: Console) -> None:
    """Pages without anything on them."""
    console.account(ME)
    sign_in(page, ME, PASSWORD)
    for path in ("/zones/", "/zones/?search=nothing", "/account/developers/", "/account/audit/", "/people/"):
        tour.look(path)
    tour.refuse("/zones/new/", domain=UNFIT)
    tour.answer("/zones/new/", "main button[type=submit]", domain="empty.example")
    tour.look()
    tour.look(f"{page.url}changes/")
    page.click("text=Sign out")


def as_an_operator(tour: Tour, page: Page, there: Furnished) -> None:
    """Everything else: as it is, with nothing found, with trouble, and refusing."""
    zone = there.page.path
    sign_in(page, OPERATOR, PASSWORD)
    make_trouble(there)
    for endpoint, path in there.paths("GET"):
        if endpoint not in NO_PAGES | {"console.sign_in"}:
            tour.look(path)
    for path in (f"{zone}?search=nothing", "/dashboard/audit/?search=nothing", f"{zone}ask/?name=www&type=A"):
        tour.look(path)
    for kind in ("TXT", "CAA", "SPF"):
        tour.look(f"{zone}records/new/?type={kind}")
    refused(tour, zone)
    record = dict(there.paths("GET"))["console.record"]
    tour.answer(record, "button[value=preview]", part_value="192.0.2.7")
    tour.look()
    page.goto(record)
    there.page.store([UpdateRecord(UUID(there.things["record"]), {"ttl": 60})])
    page.fill("#part_value", UNFIT)
    page.click("button[value=preview]")
    expect(page.get_by_text("Somebody changed this record")).to_be_visible()
    tour.look()
    made(tour, page)


def make_trouble(there: Furnished) -> None:
    """A zone that failed with many words, a nameserver that is away, and long names and texts."""
    page = there.page
    page.add("TXT", "long." + "x" * 60, part_value=UNFIT, comment=UNFIT[:500])
    application, uuid = there.console.application, page.uuid
    with application.writing():
        deployments.store_attempt(uuid, zones.get_any(uuid).serial, f"check: {UNFIT}")
        seen = [
            Observation(NS1, 1, NameserverState.LAGGING, application.clock()),
            Observation(NS2, None, NameserverState.UNREACHABLE, application.clock()),
        ]
        deployments.store_observations(uuid, seen)


def refused(tour: Tour, zone: str) -> None:
    """Every form with a mistake in it."""
    tour.refuse(f"{zone}settings/", default_ttl=UNFIT)
    tour.refuse(f"{zone}delete/", domain="another.example")
    tour.refuse(f"{zone}ask/", name="a..b")
    tour.refuse(f"{zone}records/new/?type=MX", "button[value=preview]", part_value=UNFIT, priority="x")
    tour.refuse(f"{zone}records/new/?type=SRV", "button[value=gather]", name="", priority="1")
    tour.refuse("/account/developers/", "text=Make token", name="")
    tour.refuse("/account/password/", current="wrong", password="one", again="another")
    tour.refuse("/account/second-factor/", current="wrong", code="1")
    tour.refuse("/people/", "text=Make a link", email="nobody")


def made(tour: Tour, page: Page) -> None:
    """What is shown once."""
    page.goto("/account/developers/")
    page.fill("#name", "laptop")
    page.check("input[value='dns:*']")
    page.click("text=Make token")
    expect(page.locator("#secret")).to_be_visible()
    tour.look()
    page.goto("/people/")
    page.fill("#email", "new@example.org")
    page.click("text=Make a link")
    expect(page.locator("#link")).to_be_visible()
    tour.look()


def test_what_is_served_is_told_without_moving_anything(console: Console, chromium: Browser) -> None:
    there = furnish(console)
    application, uuid = console.application, there.page.uuid
    with served(application.app) as base, visit(chromium, base) as page:
        page.add_init_script(_COUNT_SHIFTS)
        sign_in(page, OPERATOR, PASSWORD)
        page.goto(there.page.path)
        panel = page.locator("#served")
        expect(panel).to_have_attribute("data-state", "pending")
        with application.writing():
            serial = zones.get_any(uuid).serial
            deployments.store_attempt(uuid, serial, None)
        expect(panel).to_have_attribute("data-state", "deploying")
        with application.writing():
            deployments.store_attempt(uuid, serial, "check: it is broken")
        expect(panel.get_by_role("status")).to_contain_text("it is broken")
        with application.writing():
            deployments.store_live(uuid, serial, application.clock())
            deployments.store_observations(
                uuid, [Observation(name, serial, NameserverState.LIVE, application.clock()) for name in (NS1, NS2)]
            )
        expect(panel).to_have_attribute("data-state", "live")
        assert page.evaluate("window.shifts") == []


def test_a_record_is_made_by_the_keyboard_alone(console: Console, chromium: Browser) -> None:
    zone = open_page(console, "keys.example")
    with served(console.application.app) as base, visit(chromium, base) as page:
        sign_in(page, ME, PASSWORD)
        assert 0 < weight(page, zone.path) < 150_000
        page.keyboard.press("Tab")
        expect(page.get_by_text("Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        tab_to(page, "text=Add record")
        page.keyboard.press("Enter")
        for field, text in (("#name", "typed"), ("#part_value", "192.0.2.1")):
            tab_to(page, field)
            page.keyboard.type(text)
        page.keyboard.press("Enter")
        expect(page.get_by_role("cell", name="typed", exact=True)).to_be_visible()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until that has the focus; whatever has it on the way shows it."""
    wanted = page.locator(selector).first.element_handle()
    for _ in range(60):
        page.keyboard.press("Tab")
        outline, is_there = page.evaluate(_FOCUSED, wanted)
        assert outline not in ("none", ""), page.evaluate("document.activeElement.outerHTML")
        if is_there:
            return
    raise AssertionError(f"no way leads to {selector}")
