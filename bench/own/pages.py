"""Measure pages of the console with 50,000 zones and with 10,000 records: the application alone, without a network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from appliance.editing import CreateRecord, RecordInput
from tests.api.conftest import NS1, NS2, open_application
from tests.console.conftest import Browser, Console
from tests.console.zone_page import ZonePage, open_page
from tests.many_zones import make_all_live

ZONES, RECORDS = 50_000, 10_000
ROUNDS = 20


def pages() -> Iterator[tuple[str, Iterator[float]]]:
    """Yield the name of each page, and the seconds that each request of it takes."""
    with TemporaryDirectory(prefix="bench-") as folder:
        page = _fill(Console(open_application(Path(folder))))
        for what, path in (
            (f"list of {ZONES:,} zones", "/zones/"),
            ("the same, its last page", f"/zones/?page={ZONES // 50}"),
            ("the same, a part of a domain", "/zones/?search=zone-4999"),
            ("the same, those that are not live", "/zones/?state=pending"),
            (f"zone of {RECORDS:,} records", page.path),
            ("the same, its last page", f"{page.path}?page={RECORDS // 50}"),
            ("the same, a part of a value", f"{page.path}?search=192.0.2.99"),
            ("the same, one set", f"{page.path}?name=host-9999&type=A"),
        ):
            yield what, _requests(page.browser, path)


def _fill(console: Console) -> ZonePage:
    page = open_page(console)
    page.add_zones(f"zone-{number}.example" for number in range(ZONES - 1))
    with console.application.store.connection():
        make_all_live(console.application.store, (NS1, NS2))
    page.save(
        [CreateRecord(RecordInput("A", f"host-{number}", f"192.0.2.{number % 256}")) for number in range(RECORDS)]
    )
    return page


def _requests(browser: Browser, path: str) -> Iterator[float]:
    for _ in range(ROUNDS):
        began = time.perf_counter()
        if browser.get(path).status_code != 200:
            raise SystemExit(f"{path} is not shown")
        yield time.perf_counter() - began
