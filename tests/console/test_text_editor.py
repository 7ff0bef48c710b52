"""A zone is edited as text: what the text changes goes into the draft."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from tests.console.conftest import Console, forms_in
from tests.console.test_editor_text import text_of
from tests.console.zone_page import ME, ZonePage, open_page


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a zone with two records."""
    page = open_page(console)
    page.add_address("192.0.2.1", comment="a note"), page.add_address("192.0.2.2", name="old")
    return page


def send(page: ZonePage, text: str, **fields: str) -> TestResponse:
    """Submit the form of the editor."""
    return page.browser.send(f"{page.path}text/", {"text": text, **fields}, content_type="multipart/form-data")


def values(page: ZonePage) -> list[str]:
    """Return the values of the records of the zone."""
    return sorted(record.value for record in page.records())


def test_the_text_is_reviewed_and_published(page: ZonePage) -> None:
    lines = text_of(page).splitlines()
    edited = "\r\n".join([*(line for line in lines if "192.0.2.2" not in line), "new 60 A 192.0.2.3"])
    assert send(page, edited).location == f"{page.path}changes/" and values(page) == ["192.0.2.1", "192.0.2.2"]
    assert page.browser.send(f"{page.path}changes/", {"intent": "publish"}).location == page.path
    assert values(page) == ["192.0.2.1", "192.0.2.3"]
    assert "a note" in {record.comment for record in page.records()}


def test_an_unchanged_text_changes_nothing(page: ZonePage) -> None:
    page.save_text("long", "x" * 600)
    page.save_text("quoted", '"a" "b"')
    page.add_address(name="*.wild"), page.add("SRV", "_sip._tcp", part_weight="1", part_port="1", part_target=".")
    assert send(page, text_of(page)).location == page.path


def test_the_draft_is_part_of_the_text(page: ZonePage) -> None:
    page.add_address("192.0.2.3", name="drafted", intent="draft")
    assert send(page, f"{text_of(page)}new A 192.0.2.4").location == f"{page.path}changes/"
    assert "Publish all 2 changes" in page.browser.get(f"{page.path}changes/").text
    assert send(page, text_of(page).replace("drafted", "moved")).status_code == 303
    page.browser.send(f"{page.path}changes/", {"intent": "publish"})
    assert values(page) == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]


def test_comments_and_identities_of_the_draft_survive(page: ZonePage) -> None:
    www, old = sorted(page.records(), key=lambda record: record.value)
    (
        page.change(www, intent="draft", part_value="192.0.2.9", comment="moved"),
        page.change(old, intent="draft", comment="noted"),
    )
    page.add_address("192.0.2.3", name="new", intent="draft", comment="created", expires_at="2031-06-01T12:00")
    for text in (text_of(page), text_of(page).replace("new ", "new 60 IN A 192.0.2.5\nnew ")):
        assert send(page, text).status_code == 303
    page.browser.send(f"{page.path}changes/", {"intent": "publish"})
    found = {record.value: (record.comment, record.uuid) for record in page.records()}
    assert {value: comment for value, (comment, _) in found.items()} == {
        "192.0.2.9": "moved",
        "192.0.2.2": "noted",
        "192.0.2.3": "created",
        "192.0.2.5": "",
    }
    assert [record.value for record in page.records() if record.expires_at] == ["192.0.2.3"]
    assert found["192.0.2.9"][1] == www.uuid and found["192.0.2.2"][1] == old.uuid


def test_a_drafted_change_is_taken_back_by_the_text(page: ZonePage) -> None:
    stored, (www, *_) = text_of(page), sorted(page.records(), key=lambda record: record.value)
    page.change(www, intent="draft", part_value="192.0.2.9")
    assert send(page, stored).location == page.path and "unsaved" not in page.browser.get(page.path).text
    page.change(www, intent="draft", ttl="60", comment="noted")
    assert send(page, stored).location == f"{page.path}changes/", "the comment alone is left"


def test_errors_name_their_lines_and_keep_the_text(page: ZonePage) -> None:
    refused = send(page, "$ORIGIN example.com.\nwww A 192.0.2.999\n")
    assert refused.status_code == 400 and 'data-line="2">Line 2</a>: ' in refused.text
    assert "\nwww A 192.0.2.999\n</textarea>" in refused.text and "<code>www A 192.0.2.999</code>" in refused.text
    assert "unsaved" not in page.browser.get(page.path).text


def test_an_old_text_does_not_silently_revert_what_others_changed(page: ZonePage) -> None:
    path, text = f"{page.path}text/", text_of(page)
    form = page.browser.forms(path)[path]
    page.console.application.bearer(ME).record({"uuid": page.uuid}, "A", "other", "192.0.2.9")
    refused = send(page, text, **form)
    assert refused.status_code == 409 and "changed the zone" in refused.text and "would revert them" in refused.text
    assert "unsaved" not in page.browser.get(page.path).text
    again = {"text": text, **forms_in(refused.text, path)[path]}
    assert page.browser.post(path, again, content_type="multipart/form-data").location == f"{page.path}changes/"
