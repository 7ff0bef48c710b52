"""What pages cost the store as it grows, counted in statements and in steps of SQLite's machine: never in time."""

from __future__ import annotations

import apsw
import pytest

from appliance.editing import CreateRecord, RecordInput
from tests.api.conftest import NS1, NS2
from tests.console.conftest import Browser, Console
from tests.console.zone_page import ZonePage, open_page
from tests.many_zones import make_all_live


@pytest.fixture
def page(console: Console) -> ZonePage:
    """A new zone."""
    return open_page(console)


def cost(page: ZonePage, browser: Browser, path: str) -> tuple[int, int]:
    """How many statements the page at that path takes, and how many steps."""
    said: list[str] = []
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    store = page.console.application.store
    with store.connection():  # the request uses it, and closes it
        connection = store._db.connection()
        connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: said.append(event["sql"]))
        connection.set_progress_handler(step, 1)
        assert browser.get(path).status_code == 200
    return len(said), steps


def fill(page: ZonePage, first: int, last: int) -> None:
    """Zones of these numbers, all live."""
    page.crowd(f"zone-{number:04}.example" for number in range(first, last))
    with page.console.application.store.connection():
        make_all_live(page.console.application.store, (NS1, NS2))


def test_a_page_of_the_list_costs_the_same_among_many_zones(page: ZonePage) -> None:
    operator = page.console.signed_in("op@example.org", is_admin=True)
    looks = [(browser, path) for browser in (page.browser, operator) for path in ("/zones/", "/zones/?page=2")]
    fill(page, 0, 150)
    few = [cost(page, *look) for look in looks]
    fill(page, 150, 3000)
    many = [cost(page, *look) for look in looks]
    for (statements, steps), (later, more) in zip(few, many, strict=True):
        assert later == statements <= 12
        assert more < steps * 1.02, "uuids are sorted with some luck"


def test_a_page_of_a_zone_reads_no_record_that_it_does_not_show(page: ZonePage) -> None:
    looks = [f"{page.path}{query}" for query in ("", "?page=2", "?name=host-7&type=A")]
    sizes = (110, 500)
    page.store([CreateRecord(RecordInput("A", f"host-{number}", "192.0.2.1")) for number in range(sizes[0])])
    few = [cost(page, page.browser, path) for path in looks]
    page.store([CreateRecord(RecordInput("A", f"host-{number}", "192.0.2.1")) for number in range(*sizes)])
    many = [cost(page, page.browser, path) for path in looks]
    assert [statements for statements, _ in many] == [statements for statements, _ in few]
    for (_, small), (_, large) in zip(few, many, strict=True):
        assert large - small < 30 * (sizes[1] - sizes[0]), "sets are counted along an index"
