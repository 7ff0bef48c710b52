"""The impact in the review of a draft."""

from __future__ import annotations

import pytest

from appliance.console.impact_rows import MAX_OCTETS, MAX_RECORDS, MAX_ROWS, impact_table
from appliance.editing import CreateRecord, RecordInput
from tests.console.conftest import Console
from tests.console.zone_page import ZonePage, open_page
from tests.workspace import Workspace


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def test_the_review_of_a_draft_shows_which_answers_change(page: ZonePage) -> None:
    page.save([CreateRecord(RecordInput("A", "*", "192.0.2.1"))])
    page.add_address("192.0.2.3", name="a.new", intent="draft")
    shown = page.browser.get(f"{page.path}changes/").text
    assert "Answers that change" in shown and "<div>*.example.com. 3600 IN A 192.0.2.1</div>" in shown
    assert "The wildcard *.example.com no longer answers for new.example.com, which exists now." in shown


def test_a_change_of_a_comment_changes_no_answer(page: ZonePage) -> None:
    page.add_address("192.0.2.1")
    (record,) = page.records()
    page.change(record, intent="draft", comment="why")
    assert "No answers change." in page.browser.get(f"{page.path}changes/").text


def test_what_the_records_do_not_show_comes_first(workspace: Workspace) -> None:
    zone = workspace.zone()
    requests = [RecordInput("CNAME", "a", "www.example.net"), RecordInput("TXT", "c.b", "x")]
    diff = workspace.editor.change_many(workspace.owner, zone.uuid, list(map(CreateRecord, requests)), dry_run=True)
    table = impact_table(zone, diff.impact)
    assert table and [(row.name, row.rdtype, row.is_notable) for row in table.rows] == [
        ("b", "other types", True),
        ("a", "other types", False),
        ("c.b", "TXT", False),
    ]
    assert (table.rows[0].before, table.rows[0].after) == (["NXDOMAIN"], ["NODATA"])
    assert impact_table(zone, None) is None


def test_it_is_short_whatever_changes(workspace: Workspace) -> None:
    zone = workspace.zone()
    texts = [
        RecordInput("TXT", f"{'x' * 60}.{at}.{'y' * 60}", f"{number}{'z' * 300}")
        for at in range(60)
        for number in range(5)
    ]
    diff = workspace.editor.change_many(workspace.owner, zone.uuid, list(map(CreateRecord, texts)), dry_run=True)
    table = impact_table(zone, diff.impact)
    assert table and table.total == 121 and 1 < len(table.rows) <= MAX_ROWS
    assert all(len(row.after) <= MAX_RECORDS + 1 for row in table.rows)
    assert sum(len(text) for row in table.rows for text in (*row.before, *row.after, row.detail)) < MAX_OCTETS
