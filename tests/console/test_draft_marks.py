"""The list of records shows what the draft adds, changes and removes, in words."""

from __future__ import annotations

import pytest

from appliance.console.draft_marks import MOST_ADDED
from appliance.console.drafts import create_change
from appliance.store import drafts, zones
from tests.console.conftest import Console
from tests.console.zone_page import ME, ZonePage, found_in, open_page


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def marked(page: ZonePage, query: str = "") -> list[str]:
    """Return the marks in the list of records and what they stand at."""
    text = page.browser.get(f"{page.path}{query}").text
    found = found_in(text, r'<span class="badge [a-z]+">(added|changed|removed)</span> (?:<del>)?([^<]*)')
    return [f"{mark} {value}" for mark, value in found]


def test_records_of_the_draft_are_marked(page: ZonePage) -> None:
    page.add_address("192.0.2.1"), page.add_address("192.0.2.2", name="old"), page.add_address("192.0.2.3", name="is")
    assert marked(page) == []
    www, old, _ = sorted(page.records(), key=lambda record: record.value)
    page.change(www, intent="draft", part_value="192.0.2.9", ttl="60"), page.change(old, intent="delete")
    page.add_address("192.0.2.4", name="new", intent="draft")
    assert marked(page) == ["added 192.0.2.4", "removed 192.0.2.2", "changed 192.0.2.1"]
    assert '<span class="hint">draft: TTL 60 192.0.2.9</span>' in page.browser.get(page.path).text
    assert marked(page, "?search=www") == ["changed 192.0.2.1"], "added records stand on the first page"
    page.change(www, intent="draft", name="moved")
    assert "draft: moved A 192.0.2.1<" in page.browser.get(page.path).text


def test_a_draft_that_cannot_be_published_marks_nothing_and_says_so(page: ZonePage) -> None:
    page.add_address()
    page.change(page.records()[0], intent="draft", ttl="60")
    page.console.application.bearer(ME)("DELETE", f"/dns-records/{page.records()[0].uuid}/")
    assert marked(page) == [] and "cannot be published as it is" in page.browser.get(page.path).text


def test_many_added_records_are_counted(page: ZonePage) -> None:
    application = page.console.application
    names = [f"a{number}" for number in range(MOST_ADDED + 5)]
    changes = [create_change({"record_type": "A", "name": name, "value": "192.0.2.1"}) for name in names]
    with application.writing():
        zone = zones.get_any(page.uuid)
        drafts.put(zone, application.account(ME).uuid, changes, application.clock())
    assert len(marked(page)) == MOST_ADDED and "And 5 more that the draft adds" in page.browser.get(page.path).text
