"""Drafts: changes are added, reviewed, removed, discarded, and saved under one serial."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from appliance.console.drafts import MAX_CHANGES
from appliance.editing import CreateRecord, RecordInput
from tests.console.conftest import Console
from tests.console.zone_page import ME, ZonePage, found_in, open_page


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def test_a_draft_is_saved_under_one_serial(page: ZonePage) -> None:
    page.add_address("192.0.2.1"), page.add_address("192.0.2.2", name="old")
    www, old = sorted(page.records(), key=lambda record: record.value)
    serial, changes = page.serial(), f"{page.path}changes/"
    assert page.add_address("192.0.2.3", name="new", intent="draft").location == changes
    assert "1 unsaved change" in page.browser.get(page.path).text
    assert page.change(www, intent="draft", ttl="60").location == changes
    assert page.change(old, intent="delete").location == changes
    shown = page.browser.get(changes).text
    assert "Publish all 3" in shown and [one for one, _ in _lines(shown)] == [
        "removed",
        "added",
        "added",
        "removed",
        "removed",
        "added",
    ]
    assert page.serial() == serial and len(page.records()) == 2
    assert page.browser.send(changes, {"intent": "publish", "comment": "why"}).location == page.path
    assert page.serial() == serial + 1
    assert sorted((record.value, record.ttl) for record in page.records()) == [("192.0.2.1", 60), ("192.0.2.3", 3600)]
    assert "The draft is empty" in page.browser.get(changes).text


def _lines(text: str) -> list[Any]:
    return found_in(text, r'<div class="(added|removed)">.*?<span>([^<]*)</span></div>')


def test_a_record_is_saved_alone_while_there_is_a_draft(page: ZonePage) -> None:
    page.add_address("192.0.2.1"), page.add_address("192.0.2.2", name="old")
    www, old = sorted(page.records(), key=lambda record: record.value)
    page.add_address("192.0.2.3", name="new", intent="draft"), page.change(www, intent="draft", ttl="60")
    form = page.browser.get(f"{page.path}records/{www.uuid}/").text
    assert "Your draft changes this record" in form and 'value="save">Save<' in form
    assert page.add_address("192.0.2.4", name="saved").location == page.path
    assert "2 unsaved changes" in page.browser.get(page.path).text
    assert page.change(www, intent="preview", part_value="192.0.2.9").status_code == 200
    assert page.change(www, part_value="192.0.2.9").location == page.path, "it replaces what the draft has for it"
    assert "1 unsaved change<" in page.browser.get(page.path).text
    assert sorted(record.value for record in page.records()) == ["192.0.2.2", "192.0.2.4", "192.0.2.9"]
    page.change(old, intent="draft", ttl="60"), page.change(old, intent="delete")
    assert page.browser.send(f"{page.path}changes/", {"intent": "publish"}).location == page.path
    assert sorted(record.value for record in page.records()) == ["192.0.2.3", "192.0.2.4", "192.0.2.9"]


def test_a_bar_publishes_or_discards_the_draft_from_every_page_of_the_zone(page: ZonePage) -> None:
    changes = f"{page.path}changes/"
    tabs = [f"{page.path}{tab}" for tab in ("", "settings/", "ask/", "delegation/", "records/new/", "delete/")]
    assert [path for path in tabs if changes in page.browser.forms(path)] == []
    for intent, stored in (("discard", 0), ("publish", 1)):
        page.add_address(intent="draft")
        assert [path for path in tabs if "1 unsaved change<" not in page.browser.get(path).text] == []
        assert page.browser.send(changes, {"intent": intent}, f"{page.path}settings/").location == page.path
        assert len(page.records()) == stored
    page.add_address(name="a", intent="draft")
    shown = page.browser.forms(page.path)[changes]
    page.add_address(name="b", intent="draft")
    refused = page.browser.post(changes, {**shown, "intent": "publish"})
    assert refused.status_code == 409 and "1 change was added" in refused.text
    assert "1 unsaved change<" not in page.browser.get("/zones/").text


def test_a_draft_is_limited(page: ZonePage) -> None:
    page.save([CreateRecord(RecordInput("A", f"a{number}", "192.0.2.1")) for number in range(MAX_CHANGES + 1)])
    selected = [str(record.uuid) for record in page.records()]
    path = f"{page.path}records/delete/"
    refused = page.browser.send(path, {"record": selected}, page.path)
    assert refused.status_code == 400 and f"a draft holds at most {MAX_CHANGES} changes" in refused.text.lower()
    assert "unsaved" not in page.browser.get(page.path).text


def test_one_change_is_removed_or_all_are_discarded(page: ZonePage) -> None:
    changes = f"{page.path}changes/"
    for name in ("a", "b", "c"):
        page.add_address(name=name, intent="draft")
    page.browser.send(changes, {"intent": "1"})
    assert "Publish all 2" in page.browser.get(changes).text
    page.browser.send(changes, {"intent": "discard"})
    assert "The draft is empty" in page.browser.get(changes).text and page.records() == []


def test_changes_that_are_no_longer_possible_are_reported(page: ZonePage) -> None:
    page.add_address()
    (record,) = page.records()
    page.change(record, intent="draft", ttl="60")
    page.console.application.bearer(ME)("DELETE", f"/dns-records/{record.uuid}/")
    changes = f"{page.path}changes/"
    assert 'href="?page=1#change-0">Change 1</a>: there is no record' in page.browser.get(changes).text
    refused = page.browser.send(changes, {"intent": "publish"})
    assert refused.status_code == 400 and "no record" in refused.text
    other = page.add_address("192.0.2.9", intent="preview")
    assert other.status_code == 400 and "Change 1 of the draft" in other.text


def test_a_draft_does_not_overwrite_a_concurrent_change(page: ZonePage) -> None:
    page.add_address()
    (record,) = page.records()
    page.change(record, intent="draft", ttl="60")
    page.console.application.bearer(ME)("PATCH", f"/dns-records/{record.uuid}/", {"value": "192.0.2.2"})
    changes = f"{page.path}changes/"
    assert "Change 1</a>: this record was changed since it was read: read it again" in page.browser.get(changes).text
    assert page.browser.send(changes, {"intent": "publish"}).status_code == 400
    assert [(one.value, one.ttl) for one in page.records()] == [("192.0.2.2", 3600)]


def test_only_the_draft_that_was_shown_is_saved(page: ZonePage) -> None:
    changes, serial = f"{page.path}changes/", page.serial()
    page.add_address(name="a", intent="draft")
    shown_form = page.browser.forms(changes)[changes]
    page.add_address(name="b", intent="draft")
    for intent in ("publish", "0", "discard"):
        refused = page.browser.post(changes, {**shown_form, "intent": intent})
        assert (refused.status_code, "since this page was loaded, 1 change was added. " in refused.text) == (409, True)
        assert refused.text.count(">new</span>") == 1 and "Publish all 2" in refused.text
    shown_form = page.browser.forms(changes)[changes]
    page.browser.send(changes, {"intent": "0"})
    page.console.application.bearer(ME).record({"uuid": page.uuid}, "A", "c", "192.0.2.3")
    refused = page.browser.post(changes, {**shown_form, "intent": "publish"})
    assert "1 change was removed and me@example.org (test) changed the zone. " in refused.text
    assert [record.value for record in page.records()] == ["192.0.2.3"] and page.serial() == serial + 1
    assert page.browser.post(changes, {"csrf_token": shown_form["csrf_token"], "intent": "publish"}).status_code == 409
    assert page.browser.send(changes, {"intent": "publish"}).status_code == 303
    assert len(page.records()) == 2 and page.serial() == serial + 2


def test_changes_are_removed_even_if_the_zone_has_changed(page: ZonePage) -> None:
    changes = f"{page.path}changes/"
    page.add_address(name="a", intent="draft"), page.add_address(name="b", intent="draft")
    shown_form = page.browser.forms(changes)[changes]
    page.console.application.bearer(ME).record({"uuid": page.uuid}, "A", "c", "192.0.2.3")
    assert page.browser.post(changes, {**shown_form, "intent": "1"}).status_code == 303
    assert "Publish</button>" in page.browser.get(changes).text
    assert page.browser.send(changes, {"intent": "9" * 5000}).status_code == 400


def test_concurrent_submits_save_a_draft_once(page: ZonePage) -> None:
    changes, serial = f"{page.path}changes/", page.serial()
    page.add_address(intent="draft")
    form = page.browser.forms(changes)[changes]
    with ThreadPoolExecutor(4) as threads:
        sent = [threads.submit(page.browser.post, changes, {**form, "intent": "publish"}) for _ in range(4)]
    statuses = [one.result().status_code for one in sent]
    assert statuses.count(303) == 1 and set(statuses) <= {303, 409, 503}, "503: the store was locked too long"
    assert len(page.records()) == 1 and page.serial() == serial + 1
    late = page.browser.post(changes, {**form, "intent": "publish"})
    assert (late.status_code, "1 change was removed" in late.text, "The draft is empty" in late.text) == (
        409,
        True,
        True,
    )


def test_a_draft_belongs_to_one_account(page: ZonePage) -> None:
    page.add_address(intent="draft")
    operator = page.console.signed_in("op@example.org", is_admin=True)
    assert "The draft is empty" in operator.get(f"{page.path}changes/").text


def test_deleting_selected_records_adds_to_the_draft(page: ZonePage) -> None:
    for number in range(3):
        page.add_address(f"192.0.2.{number}")
    selected = [str(record.uuid) for record in page.records()[:2]]
    path = f"{page.path}records/delete/"
    assert page.browser.send(path, {"record": [*selected, str(uuid4())]}, page.path).location == f"{page.path}changes/"
    assert len(page.records()) == 3
    page.browser.send(f"{page.path}changes/", {"intent": "publish"})
    assert len(page.records()) == 1
    assert page.browser.send(path, {}, page.path).location == page.path
    assert page.browser.send(path, {"record": "nonsense"}, page.path).status_code == 404
