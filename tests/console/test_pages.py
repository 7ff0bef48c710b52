"""Accessibility of every page in a real browser: with content, empty, and with errors."""

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
from appliance.store import zones
from appliance.zones.deployment import NameserverState, Observation
from tests.api.conftest import NS1, NS2
from tests.browser import AXE, barriers, sign_in, visit, weight
from tests.console.conftest import PASSWORD, Console
from tests.console.example_console import OPERATOR, SECRET, ExampleConsole, create_example
from tests.console.zone_page import ZonePage, open_page
from tests.deployed import store_attempt, store_live, store_observations
from tests.pair import LOOPBACK

ME = "me@example.org"
NO_PAGES = {"console.static", "console.home", "console.deployment", "console.export", "console.export_version"}
"""Static files, the redirect of the home page, the fragment of the deployment panel, and downloads."""
SIGNED_OUT = {"console.sign_in", "console.invitation"}
"""Pages that need no session."""
PARTS = 3
"""So many tests share the other pages, since each page is checked three times."""
LONG_TEXT = 'Some "text" <b>that</b> is wider than the screen of a phone, and ' + "has-no-place-to-break" * 20

_COUNT_SHIFTS = """
window.shifts = [];
const moved = (one) => one.sources.map((source) => source.node?.outerHTML.slice(0, 100));
new PerformanceObserver((list) => shifts.push(...list.getEntries().map(moved)))
    .observe({type: "layout-shift", buffered: true});
"""
_LINES_OF_LABELS = """one => [...one.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getClientRects().length;
})"""
_FOCUSED = "one => [getComputedStyle(document.activeElement).outlineStyle, document.activeElement === one]"


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the application on a loopback port; yield its URL."""
    server = make_server(LOOPBACK, 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Audit:
    """An accessibility check of pages: the endpoints that it has visited, and the barriers that it found."""

    def __init__(self, page: Page, console: Console) -> None:
        self.page, self._urls = page, console.application.app.url_map.bind(LOOPBACK)
        self.visited: set[str] = set()
        self.found: list[str] = []

    def check(self, path: str | None = None) -> None:
        """Check the current page, or the one at that path."""
        if path:
            self.page.goto(path)
        self.found += barriers(self.page)
        with suppress(MethodNotAllowed):  # the response to a form of another page
            endpoint, _ = self._urls.match(urlsplit(self.page.url).path)
            self.visited.add(endpoint)

    def submit_invalid(self, path: str, press: str = "main .card button[type=submit]", **values: str) -> None:
        """Submit a form with invalid values, and check the page with the errors."""
        self.submit(path, press, **values)
        expect(self.page.locator(".errors").first).to_be_visible()
        self.check()

    def submit(self, path: str, press: str, **values: str) -> None:
        """Submit a form without the validation of the browser."""
        page = self.page
        page.goto(path)
        page.locator("form").evaluate_all("forms => forms.forEach(form => form.noValidate = true)")
        for name, text in values.items():
            page.fill(f"#{name}", text)
        with page.expect_navigation():
            page.click(press)


@pytest.fixture
def example(console: Console) -> ExampleConsole:
    """The example console, in which every page has content and some have problems."""
    return create_example(console)


@pytest.fixture
def audit(example: ExampleConsole, console: Console, chromium: Browser) -> Iterator[Audit]:
    """An accessibility check of the example that nobody has signed in to; it fails for all barriers that it found."""
    with served(console.application.app) as base, visit(chromium, base) as page:
        page.add_init_script(path=AXE)
        audit = Audit(page, console)
        yield audit
        assert not audit.found, "\n".join(audit.found)


def test_pages_without_a_session_have_no_barriers(audit: Audit) -> None:
    audit.check("/sign-in/")
    audit.submit_invalid("/sign-in/", email="nobody@example.org", password="wrong")
    audit.check(f"/invitations/{SECRET}/")
    audit.submit_invalid(f"/invitations/{SECRET}/", password="one", again="another")
    audit.check("/invitations/none/")
    assert audit.visited >= SIGNED_OUT


def test_pages_without_content_have_no_barriers(audit: Audit, console: Console) -> None:
    console.account(ME)
    sign_in(audit.page, ME, PASSWORD)
    for path in (
        "/zones/",
        "/zones/?search=nothing",
        "/account/developers/",
        "/account/integrations/",
        "/account/audit/",
        "/people/",
    ):
        audit.check(path)
    audit.submit_invalid("/zones/new/", domain=LONG_TEXT)
    audit.submit("/zones/new/", "main button[type=submit]", domain="empty.example")
    audit.check()
    audit.check(f"{audit.page.url}changes/")


@pytest.mark.parametrize("part", range(PARTS))
def test_no_page_has_barriers(audit: Audit, example: ExampleConsole, part: int) -> None:
    shown = [pair for pair in example.paths("GET") if pair[0] not in NO_PAGES | SIGNED_OUT]
    sign_in(audit.page, OPERATOR, PASSWORD)
    create_problems(example)
    for _, path in shown[part::PARTS]:
        audit.check(path)
    assert audit.visited == {endpoint for endpoint, _ in shown[part::PARTS]}


def test_pages_that_a_query_or_a_form_changes_have_no_barriers(audit: Audit, example: ExampleConsole) -> None:
    page, zone = audit.page, example.page.path
    sign_in(page, OPERATOR, PASSWORD)
    create_problems(example)
    for path in (
        f"{zone}?search=nothing",
        "/dashboard/audit/?search=nothing",
        f"{zone}ask/?name=www&type=A",
        f"{zone}dnssec/",
    ):
        audit.check(path)
    for kind in ("TXT", "CAA", "SPF"):
        audit.check(f"{zone}records/new/?type={kind}")
    record = dict(example.paths("GET"))["console.record"]
    audit.submit(record, "button[value=preview]", part_value="192.0.2.7")
    audit.check()
    page.goto(record)
    example.page.save([UpdateRecord(UUID(example.parameters["record"]), {"ttl": 60})])
    page.fill("#part_value", LONG_TEXT)
    page.click("button[value=preview]")
    expect(page.get_by_text("This record was changed by someone else")).to_be_visible()
    audit.check()
    check_conflict(audit, page, example)
    check_created(audit, page)


def create_problems(example: ExampleConsole) -> None:
    """Store a failed deployment with a long error, an unreachable nameserver, and long names and values."""
    page = example.page
    page.add("TXT", "long." + "x" * 60, part_value=LONG_TEXT, comment=LONG_TEXT[:500])
    application, uuid = example.console.application, page.uuid
    with application.writing():
        store_attempt(uuid, zones.get_any(uuid).serial, f"check: {LONG_TEXT}")
        observations = [
            Observation(NS1, 1, NameserverState.LAGGING, application.clock()),
            Observation(NS2, None, NameserverState.UNREACHABLE, application.clock()),
        ]
        store_observations(uuid, observations)


def test_no_form_with_invalid_values_has_barriers(audit: Audit, example: ExampleConsole) -> None:
    zone = example.page.path
    sign_in(audit.page, OPERATOR, PASSWORD)
    create_problems(example)
    audit.submit_invalid(f"{zone}settings/", default_ttl=LONG_TEXT)
    audit.submit_invalid(f"{zone}delete/", domain="another.example")
    audit.submit_invalid(f"{zone}ask/", name="a..b")
    audit.submit_invalid(f"{zone}import/", text=f"www A {LONG_TEXT}")
    audit.submit_invalid(f"{zone}text/", text=f"www A 192.0.2.1\n{LONG_TEXT}")
    audit.submit(f"{zone}import/", "main form[enctype] button", text="@ DNSKEY 256 3 8 AwE=")
    audit.check()
    audit.submit_invalid(f"{zone}records/new/?type=MX", "button[value=preview]", part_value=LONG_TEXT, priority="x")
    audit.submit_invalid(f"{zone}records/new/?type=SRV", "button[value=draft]", name="", priority="1")
    audit.submit_invalid("/account/developers/", "text=Create token", name="")
    audit.submit_invalid("/account/integrations/", "text=Create credential", record_names=LONG_TEXT)
    audit.submit_invalid("/account/password/", current="wrong", password="one", again="another")
    audit.submit_invalid("/account/second-factor/", current="wrong", code="1")
    audit.submit_invalid("/people/", "text=Create invitation", email="nobody")


def check_conflict(audit: Audit, page: Page, example: ExampleConsole) -> None:
    """Check the page of a version that cannot be undone."""
    mistake = next(record for record in example.page.records() if record.owner.labels[0] == b"mistake")
    example.page.save([UpdateRecord(mistake.uuid, {"comment": LONG_TEXT[:500], "ttl": 60})])
    page.goto(f"{example.page.path}history/{example.parameters['serial']}/")
    page.click("button[value=undo]")
    expect(page.locator(".errors")).to_be_visible()
    audit.check()


def check_created(audit: Audit, page: Page) -> None:
    """Check the pages that show a secret once."""
    page.goto("/account/developers/")
    page.fill("#name", "laptop")
    page.check("input[value='dns:*']")
    page.click("text=Create token")
    expect(page.locator("#secret")).to_be_visible()
    audit.check()
    page.goto("/account/integrations/")
    page.select_option("#client", "certbot-powerdns")
    page.select_option("#zones", "example.com")
    page.click("text=Create credential")
    expect(page.locator("#snippet-2")).to_be_visible()
    audit.check()
    page.goto("/people/")
    page.fill("#email", "new@example.org")
    page.click("text=Create invitation")
    expect(page.locator("#link")).to_be_visible()
    audit.check()


def test_the_deployment_panel_updates_without_layout_shifts(console: Console, chromium: Browser) -> None:
    example = create_example(console)
    application, uuid = console.application, example.page.uuid
    with served(application.app) as base, visit(chromium, base) as page:
        page.add_init_script(_COUNT_SHIFTS)
        sign_in(page, OPERATOR, PASSWORD)
        page.goto(example.page.path)
        panel = page.locator("#deployment")
        expect(panel).to_have_attribute("data-state", "pending")
        with application.writing():
            serial = zones.get_any(uuid).serial
            store_attempt(uuid, serial, None)
        expect(panel).to_have_attribute("data-state", "deploying")
        with application.writing():
            store_attempt(uuid, serial, "check: it is broken")
        expect(panel.get_by_role("status")).to_contain_text("it is broken")
        with application.writing():
            store_live(uuid, serial, application.clock())
            store_observations(
                uuid, [Observation(name, serial, NameserverState.LIVE, application.clock()) for name in (NS1, NS2)]
            )
        expect(panel).to_have_attribute("data-state", "live")
        assert page.evaluate("window.shifts") == []


def test_the_navigation_of_an_operator_has_one_row(console: Console, chromium: Browser) -> None:
    create_example(console)
    with served(console.application.app) as base, visit(chromium, base) as page:
        sign_in(page, OPERATOR, PASSWORD)
        rows = page.locator(".top nav a").evaluate_all("links => links.map(link => link.getBoundingClientRect().top)")
        assert len(rows) == 6 and len(set(rows)) == 1


def test_a_record_is_created_by_keyboard_only(console: Console, chromium: Browser) -> None:
    zone = open_page(console, "keys.example")
    with served(console.application.app) as base, visit(chromium, base) as page:
        sign_in(page, ME, PASSWORD)
        assert 0 < weight(page, zone.path) < 150_000
        page.keyboard.press("Tab")
        expect(page.get_by_text("Skip to content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        tab_to(page, "text=Add record")
        page.keyboard.press("Enter")
        for field, text in (("#name", "keyboard"), ("#part_value", "192.0.2.1")):
            tab_to(page, field)
            page.keyboard.type(text)
        page.keyboard.press("Enter")
        expect(page.get_by_role("cell", name="keyboard", exact=True)).to_be_visible()
        check_table(page, zone)


def check_table(page: Page, zone: ZonePage) -> None:
    """Check that records are in sight, and that no label of a name breaks."""
    label = "one-label-with-hyphens"
    zone.add_address(name=".".join([label] * 5))
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(zone.path)
    assert len(page.locator("input[name=record]").all()) == 2
    boxes = [one.bounding_box() for one in page.locator("td.action a").all()]
    assert all(box and box["y"] + box["height"] < 800 for box in boxes)
    assert page.locator("td.whole", has_text=label).evaluate(_LINES_OF_LABELS) == [1] * 5


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until that element has the focus; every element on the way must show its focus."""
    target = page.locator(selector).first.element_handle()
    for _ in range(60):
        page.keyboard.press("Tab")
        outline, is_focused = page.evaluate(_FOCUSED, target)
        assert outline not in ("none", ""), page.evaluate("document.activeElement.outerHTML")
        if is_focused:
            return
    raise AssertionError(f"Tab does not reach {selector}")
