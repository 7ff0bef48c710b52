"""Warnings in the console: on the page of a zone, and of a draft before it is published."""

from __future__ import annotations

import pytest

from appliance.editing import CreateRecord, RecordInput
from tests.console.conftest import Console, texts
from tests.console.zone_page import ZonePage, open_page


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def shown_on(page: ZonePage, path: str) -> list[str]:
    """Return the names of the warnings on a page."""
    return texts(page.browser.get(path), r'<li><a class="mono"[^>]*>(.*?)</a>')


def aliases(count: int) -> list[CreateRecord]:
    """Return that many aliases of one more alias."""
    end = CreateRecord(RecordInput("CNAME", "end", "a.example.org"))
    return [end, *(CreateRecord(RecordInput("CNAME", f"a{at}", "end.example.com")) for at in range(count))]


def test_a_tidy_zone_shows_none(page: ZonePage) -> None:
    page.add_address("192.0.2.1")
    assert 'aria-label="Warnings"' not in page.browser.get(page.path).text


def test_the_page_of_a_zone_says_what_is_wrong_and_what_to_do(page: ZonePage) -> None:
    page.save(aliases(1))
    text = page.browser.get(page.path).text
    assert "a0.example.com is an alias of end.example.com, which is an alias of a.example.org: every step" in text
    assert "Let the CNAME at a0.example.com name a.example.org." in text and "?name=a0" in text
    assert '<details class="warnings" open>' in text
    assert shown_on(page, f"{page.path}?search=a0") == [], "only the start of the page"


def test_a_long_list_is_collapsed_and_cut(page: ZonePage) -> None:
    page.save(aliases(60))
    text = page.browser.get(page.path).text
    assert '<details class="warnings">' in text and '<span class="muted">60</span></summary>' in text
    assert len(shown_on(page, page.path)) == 50 and "And 10 more" in text


def test_a_draft_shows_the_warnings_of_the_zone_after_it(page: ZonePage) -> None:
    page.save(aliases(1))
    changes = f"{page.path}changes/"
    assert page.add("CNAME", "www", "draft", part_value="end.example.com").location == changes
    assert shown_on(page, changes) == ["www"]
    assert shown_on(page, page.path) == ["a0"]


def test_a_draft_shows_more_of_them_at_once(page: ZonePage) -> None:
    page.save(aliases(0))
    for at in range(4):
        page.add("CNAME", f"www{at}", "draft", part_value="end.example.com")
    assert len(shown_on(page, f"{page.path}changes/")) == 4
    assert '<details class="warnings" open>' in page.browser.get(f"{page.path}changes/").text
    page.save(aliases(4)[1:])
    assert '<details class="warnings">' in page.browser.get(page.path).text
