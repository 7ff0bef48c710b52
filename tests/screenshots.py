"""Screenshots of the console for the README: `make screenshots` takes them of a real appliance with example data.

They are written to docs/images/console-*.png, each page in the light and the dark theme. Two days of history are
written to the store with a clock of their own.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.sync_api import Page

from appliance.console.dashboard import HOURS
from appliance.editing import Editor, RecordInput, UpdateRecord
from appliance.principal import Principal
from appliance.store import accounts, signing, zones
from appliance.store.file.database import Store
from appliance.zones.signing import Timing
from tests.appliance import Appliance, Client
from tests.browser import change_first_password, open_browser, sign_in, visit
from tests.pair import LOOPBACK, wait_for
from tests.workspace import APEX, OWN_NAMES, Clock, principal_of

FOLDER = Path(__file__).parent.parent / "docs" / "images"
SIZE = {"width": 1120, "height": 760}
DOMAINS = (
    "bakery.example",
    "bücher.example",
    "harbour-museum.example",
    "library.example",
    "orchard.example",
    "roof-and-tile.example",
)
RECORDS = (
    RecordInput("A", "@", "192.0.2.10"),
    RecordInput("AAAA", "@", "2001:db8::10"),
    RecordInput("CAA", "@", '0 issue "letsencrypt.org"'),
    RecordInput("MX", "@", "mail.bakery.example", priority=10),
    RecordInput("MX", "@", "backup.example.net", priority=20),
    RecordInput("TXT", "@", "v=spf1 mx -all"),
    RecordInput("TXT", "_dmarc", "v=DMARC1; p=reject"),
    RecordInput("A", "mail", "192.0.2.25"),
    RecordInput("CNAME", "shop", "shops.example.net", ttl=300),
    RecordInput("A", "www", "192.0.2.10"),
    RecordInput("A", "www", "192.0.2.11"),
)
CHANGES_BY_HOUR = (0, 0, 0, 0, 0, 2, 2, 4, 8, 12, 14, 10, 6, 8, 12, 16, 14, 8, 4, 2, 2, 0, 2, 0)
"""Changes in each hour of a day; each pair lowers a TTL and raises it again."""

PASSWORD = "a password of my own"


def main() -> None:
    """Take all screenshots."""
    with Appliance() as appliance, open_browser() as chromium:
        api = appliance.client(appliance.token("owner@bakery.example"))
        zone, signed = _create_zones(appliance, api)
        found = re.search(r"^password +(\S+)", appliance.printed.read_text(), re.MULTILINE)
        assert found
        base = f"http://{LOOPBACK}:{appliance.ports.api}"
        with visit(chromium, base) as page:
            change_first_password(page, "admin@appliance.test", found[1], PASSWORD)
        for theme in ("light", "dark"):
            with visit(chromium, base, viewport=SIZE, color_scheme=theme) as page:
                sign_in(page, "admin@appliance.test", PASSWORD)
                _take(page, zone, theme)
                _screenshot(page, f"/zones/{signed['uuid']}/dnssec/", f"dnssec-{theme}")


def _create_zones(appliance: Appliance, api: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    """Create the example zones, and return the one whose pages are shown, and a signed one."""
    clock = Clock(datetime.now(UTC) - timedelta(hours=HOURS))
    store = Store(appliance.state / "store" / "store.sqlite3")
    store.attach()
    with store.connection():
        principal = principal_of(accounts.find_account("owner@bakery.example"))
        _write_history(Editor(store, APEX, OWN_NAMES, 3600, clock), principal, clock)
    listed: list[dict[str, Any]] = api.expect(200, "GET", "/dns-zones/")
    for zone in listed:
        api.wait_until_live(zone)
    first, second = (next(zone for zone in listed if zone["domain"] == domain) for domain in DOMAINS[::5])
    _sign(api, store, second)
    return first, second


def _sign(api: Client, store: Store, zone: dict[str, Any]) -> None:
    """Sign the zone, and let a day pass, after which its DS may be at the parent."""
    path = f"/dns-zones/{zone['uuid']}/"
    api.expect(200, "PATCH", path, {"dnssec": True})
    wait_for(lambda: api.expect(200, "GET", f"{path}dnssec/")["state"] == "ds-wait", "the zone is signed")
    with store.connection():
        stored = zones.get_any(UUID(zone["uuid"]))
        known = signing.get(stored)
        assert known and known.signed_at
        with store.writing():
            signing.store_keys(stored.uuid, [replace(key, ds=Timing.RUMOURED) for key in known.keys])
            signing.store_served(stored.uuid, known.served, known.signed_at - timedelta(days=2))


def _write_history(editor: Editor, principal: Principal, clock: Clock) -> None:
    """Create the zones one after the other, and change them hour by hour."""
    for domain in DOMAINS:
        zone = editor.create_zone(principal, domain)
        requests = RECORDS if domain == DOMAINS[0] else RECORDS[:2]
        records = [editor.create_record(principal, zone.uuid, one)[1] for one in requests]
        for _ in range(HOURS // len(DOMAINS)):
            for ttl in (300, 3600) * (CHANGES_BY_HOUR[clock.now.hour] // 2):
                editor.change_many(principal, zone.uuid, [UpdateRecord(records[-1].uuid, {"ttl": ttl})])
            clock.forward(hours=1)


def _take(page: Page, zone: dict[str, Any], theme: str) -> None:
    path = f"/zones/{zone['uuid']}/"
    _screenshot(page, "/zones/", f"zones-{theme}")
    _screenshot(page, path, f"zone-{theme}")
    page.goto(f"{path}records/new/?type=MX")
    page.fill("#priority", "30")
    page.fill("#part_value", "mx.example.org")
    page.click("button[value=preview]")
    page.locator(".diff").wait_for()
    _screenshot(page, None, f"preview-{theme}")
    page.goto(path)
    page.locator("tr", has_text="192.0.2.25").locator("input").check()
    page.click("text=Delete selected")
    page.locator("#impact").wait_for()
    _screenshot(page, None, f"review-{theme}")
    page.click("main >> button[value=discard]")
    _screenshot(page, f"{path}history/", f"history-{theme}", full_page=False)
    _screenshot(page, f"{path}ask/?name=www&type=A", f"ask-{theme}")
    _screenshot(page, "/dashboard/", f"dashboard-{theme}")


def _screenshot(page: Page, path: str | None, name: str, *, full_page: bool = True) -> None:
    if path:
        page.goto(path)
    page.screenshot(path=FOLDER / f"console-{name}.png", full_page=full_page)


if __name__ == "__main__":
    main()
