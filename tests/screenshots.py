"""Pictures of the console for the README: `make screenshots` takes them of a real appliance with example data.

They go to docs/images/console-*.png, each page in the light theme and in the dark one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.appliance import Appliance, Client
from tests.browser import open_browser, sign_in, visit
from tests.pair import LOOPBACK

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
RECORDS: tuple[tuple[str, str, str, dict[str, int]], ...] = (
    ("A", "@", "192.0.2.10", {}),
    ("AAAA", "@", "2001:db8::10", {}),
    ("CAA", "@", '0 issue "letsencrypt.org"', {}),
    ("MX", "@", "mail.bakery.example", {"priority": 10}),
    ("MX", "@", "backup.example.net", {"priority": 20}),
    ("TXT", "@", "v=spf1 mx -all", {}),
    ("A", "mail", "192.0.2.25", {}),
    ("CNAME", "shop", "shops.example.net", {"ttl": 300}),
    ("A", "www", "192.0.2.10", {}),
    ("A", "www", "192.0.2.11", {}),
)


def main() -> None:
    """Take every picture."""
    with Appliance() as appliance, open_browser() as chromium:
        zone = _fill(appliance.client(appliance.token("owner@bakery.example")))
        found = re.search(r"^password +(\S+)", appliance.printed.read_text(), re.MULTILINE)
        assert found
        base = f"http://{LOOPBACK}:{appliance.ports.api}"
        for theme in ("light", "dark"):
            with visit(chromium, base, viewport=SIZE, color_scheme=theme) as page:
                sign_in(page, "admin@appliance.test", found[1])
                _take(page, zone, theme)


def _fill(api: Client) -> dict[str, Any]:
    """Zones that one might meet; the one whose pages are shown."""
    zones = [api.zone(domain) for domain in DOMAINS]
    for zone in zones:
        for record_type, name, value, more in RECORDS if zone is zones[0] else RECORDS[:2]:
            api.record(zone, record_type, name, value, **more)
    for zone in zones:
        api.wait_until_live(zone)
    return zones[0]


def _take(page: Page, zone: dict[str, Any], theme: str) -> None:
    path = f"/zones/{zone['uuid']}/"
    _picture(page, "/zones/", f"zones-{theme}")
    _picture(page, path, f"zone-{theme}")
    page.goto(f"{path}records/new/?type=MX")
    page.fill("#priority", "30")
    page.fill("#part_value", "mx.example.org")
    page.click("button[value=preview]")
    page.locator(".diff").wait_for()
    _picture(page, None, f"preview-{theme}")
    _picture(page, f"{path}ask/?name=www&type=A", f"ask-{theme}")
    _picture(page, "/dashboard/", f"dashboard-{theme}")


def _picture(page: Page, path: str | None, name: str) -> None:
    if path:
        page.goto(path)
    page.screenshot(path=FOLDER / f"console-{name}.png", full_page=True)


if __name__ == "__main__":
    main()
