"""The records of a zone as text, as the draft would leave them."""

from __future__ import annotations

import html

import pytest

from appliance.console.editor_text import MAX_RECORDS
from appliance.editing import CreateRecord, RecordInput
from tests.console.conftest import Console
from tests.console.zone_page import ME, ZonePage, found_in, open_page


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def text_of(page: ZonePage) -> str:
    """Return the text that the editor shows."""
    (text,) = found_in(page.browser.get(f"{page.path}text/").text, r"<textarea[^>]*>\n([^<]*)</textarea>")
    return html.unescape(text)


def test_names_are_relative_and_in_order(page: ZonePage) -> None:
    page.save_text("note", 'a "quoted" text')
    page.add_address(name="@"), page.add_address(name="www", ttl="60")
    page.add("MX", "www.sub", part_value="example.com")
    assert text_of(page).splitlines() == [
        "$ORIGIN example.com.",
        "$TTL 3600",
        "@       3600   IN A     192.0.2.1",
        'note    3600   IN TXT   "a \\"quoted\\" text"',
        "www.sub 3600   IN MX    10 example.com.",
        "www     60     IN A     192.0.2.1",
    ]


def test_the_text_has_the_changes_of_the_draft(page: ZonePage) -> None:
    page.add_address("192.0.2.1"), page.add_address("192.0.2.2", name="old")
    www, old = sorted(page.records(), key=lambda record: record.value)
    page.change(www, intent="draft", part_value="192.0.2.9"), page.change(old, intent="delete")
    page.add_address("192.0.2.3", name="new", intent="draft")
    assert [line.split()[-1] for line in text_of(page).splitlines()[2:]] == ["192.0.2.3", "192.0.2.9"]
    page.console.application.bearer(ME)("DELETE", f"/dns-records/{www.uuid}/")
    refused = page.browser.get(f"{page.path}text/")
    assert refused.status_code == 409 and "there is no record" in refused.text and "<textarea" not in refused.text


def test_a_large_zone_is_not_edited_as_text(page: ZonePage) -> None:
    page.save([CreateRecord(RecordInput("TXT", f"t{number}", "'" * 500)) for number in range(60)])
    assert "too large to be edited as text" in page.browser.get(f"{page.path}text/").text
    page.save([CreateRecord(RecordInput("A", f"a{number}", "192.0.2.1")) for number in range(MAX_RECORDS)])
    assert "too large to be edited as text" in page.browser.get(f"{page.path}text/").text
    assert page.browser.weight(f"{page.path}text/") < 150_000
