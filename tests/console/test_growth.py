"""The cost of pages as the store grows, counted in SQL statements and in steps of SQLite's virtual machine."""

from __future__ import annotations

import apsw
import pytest

from appliance.editing import CreateRecord, RecordInput
from tests.api.conftest import NS1, NS2
from tests.console.conftest import Browser, Console
from tests.console.zone_page import ZonePage, open_page
from tests.many_zones import make_all_live
from tests.workspace import current_database


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def count_work(page: ZonePage, browser: Browser, path: str) -> tuple[int, int]:
    """Return the number of statements and of steps for the page at that path."""
    statements_run: list[str] = []
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    store = page.console.application.store
    with store.connection():  # the request uses this connection, and closes it
        connection = current_database().connection()
        connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: statements_run.append(event["sql"]))
        connection.set_progress_handler(step, 1)
        assert browser.get(path).status_code == 200
    return len(statements_run), steps


def fill(page: ZonePage, first: int, last: int) -> None:
    """Add the zones of these numbers, all live."""
    page.add_zones(f"zone-{number:04}.example" for number in range(first, last))
    with page.console.application.store.connection():
        make_all_live(page.console.application.store, (NS1, NS2))


def test_a_page_of_the_list_costs_the_same_among_many_zones(page: ZonePage) -> None:
    operator = page.console.signed_in("op@example.org", is_admin=True)
    requests = [(browser, path) for browser in (page.browser, operator) for path in ("/zones/", "/zones/?page=2")]
    fill(page, 0, 150)
    few = [count_work(page, *request) for request in requests]
    fill(page, 150, 3000)
    many = [count_work(page, *request) for request in requests]
    for (browser, _), (statements, steps), (later, more) in zip(requests, few, many, strict=True):
        assert later == statements <= (13 if browser is operator else 12), "operators see owners"
        assert more < steps * 1.02, "the order of random UUIDs varies"


def test_the_list_of_records_computes_no_impact_of_a_draft(page: ZonePage) -> None:
    page.save([CreateRecord(RecordInput("A", name, "192.0.2.1")) for name in ("*", "www")])
    wildcard = next(record for record in page.records() if record.owner.is_wild())
    without, _ = count_work(page, page.browser, page.path)
    page.change(wildcard, intent="draft", part_value="192.0.2.9")
    marked, _ = count_work(page, page.browser, page.path)
    assert marked - without < 12, "a dry run with the impact reads the names at the wildcard too"


def test_a_page_of_a_zone_reads_only_the_records_that_it_shows(page: ZonePage) -> None:
    requests = [f"{page.path}{query}" for query in ("", "?page=2", "?name=host-7&type=A")]
    sizes = (110, 500)
    page.save([CreateRecord(RecordInput("A", f"host-{number}", "192.0.2.1")) for number in range(sizes[0])])
    few = [count_work(page, page.browser, path) for path in requests]
    page.save([CreateRecord(RecordInput("A", f"host-{number}", "192.0.2.1")) for number in range(*sizes)])
    many = [count_work(page, page.browser, path) for path in requests]
    assert [statements for statements, _ in many] == [statements for statements, _ in few]
    for (_, small), (_, large) in zip(few, many, strict=True):
        assert large - small < 30 * (sizes[1] - sizes[0]), "only counting RRsets in the index grows"
