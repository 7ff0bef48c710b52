"""Changes that wait: gathered, looked at, taken out, and saved under one serial."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from tests.console.conftest import Console
from tests.console.zone_page import ME, ZonePage, found_in, open_page


@pytest.fixture
def page(console: Console) -> ZonePage:
    """A new zone."""
    return open_page(console)


def test_changes_are_gathered_and_saved_under_one_serial(page: ZonePage) -> None:
    page.address("192.0.2.1"), page.address("192.0.2.2", name="old")
    www, old = sorted(page.records(), key=lambda record: record.value)
    serial, changes = page.serial(), f"{page.path}changes/"
    assert page.address("192.0.2.3", name="new", act="gather").location == changes
    assert "1 change waits" in page.browser.get(page.path).text
    assert page.change(www, act="save", ttl="60").location == changes, "what waits is saved together"
    assert page.change(old, act="delete").location == changes
    shown = page.browser.get(changes).text
    assert "Save all 3" in shown and [one for one, _ in _lines(shown)] == [
        "goes",
        "comes",
        "comes",
        "goes",
        "goes",
        "comes",
    ]
    assert page.serial() == serial and len(page.records()) == 2
    assert page.browser.send(changes, {"act": "save", "comment": "why"}).location == page.path
    assert page.serial() == serial + 1
    assert sorted((record.value, record.ttl) for record in page.records()) == [("192.0.2.1", 60), ("192.0.2.3", 3600)]
    assert "No changes wait" in page.browser.get(changes).text


def _lines(text: str) -> list[Any]:
    return found_in(text, r'<div class="(comes|goes)">.*?<span>([^<]*)</span></div>')


def test_a_gathered_change_may_be_taken_out_or_all_thrown_away(page: ZonePage) -> None:
    changes = f"{page.path}changes/"
    for name in ("a", "b", "c"):
        page.address(name=name, act="gather")
    page.browser.send(changes, {"act": "1"})
    assert "Save all 2" in page.browser.get(changes).text
    page.browser.send(changes, {"act": "discard"})
    assert "No changes wait" in page.browser.get(changes).text and page.records() == []


def test_gathered_changes_that_do_not_fit_any_more_are_told(page: ZonePage) -> None:
    page.address()
    (record,) = page.records()
    page.change(record, act="gather", ttl="60")
    page.console.application.bearer(ME)("DELETE", f"/dns-records/{record.uuid}/")
    changes = f"{page.path}changes/"
    assert 'href="?page=1#change-0">Change 1</a>: there is no record' in page.browser.get(changes).text
    refused = page.browser.send(changes, {"act": "save"})
    assert refused.status_code == 400 and "no record" in refused.text
    other = page.address("192.0.2.9", act="preview")
    assert other.status_code == 400 and "Change 1 of those that wait" in other.text


def test_a_gathered_change_does_not_overwrite_what_another_did_meanwhile(page: ZonePage) -> None:
    page.address()
    (record,) = page.records()
    page.change(record, act="gather", ttl="60")
    page.console.application.bearer(ME)("PATCH", f"/dns-records/{record.uuid}/", {"value": "192.0.2.2"})
    changes = f"{page.path}changes/"
    assert "Change 1</a>: somebody changed this record meanwhile" in page.browser.get(changes).text
    assert page.browser.send(changes, {"act": "save"}).status_code == 400
    assert [(one.value, one.ttl) for one in page.records()] == [("192.0.2.2", 3600)]


def test_nothing_is_saved_that_was_not_seen(page: ZonePage) -> None:
    changes, serial = f"{page.path}changes/", page.serial()
    page.address(name="a", act="gather")
    seen = page.browser.forms(changes)[changes]
    page.address(name="b", act="gather")
    for act in ("save", "0", "discard"):
        refused = page.browser.post(changes, {**seen, "act": act})
        assert (refused.status_code, "since this page was shown, 1 change was added. " in refused.text) == (409, True)
        assert refused.text.count(">new</span>") == 1 and "Save all 2" in refused.text
    seen = page.browser.forms(changes)[changes]
    page.browser.send(changes, {"act": "0"})
    page.console.application.bearer(ME).record({"uuid": page.uuid}, "A", "c", "192.0.2.3")
    refused = page.browser.post(changes, {**seen, "act": "save"})
    assert "1 change was taken out and me@example.org (test) changed the zone. " in refused.text
    assert [record.value for record in page.records()] == ["192.0.2.3"] and page.serial() == serial + 1
    assert page.browser.post(changes, {"form_token": seen["form_token"], "act": "save"}).status_code == 409
    assert page.browser.send(changes, {"act": "save"}).status_code == 303
    assert len(page.records()) == 2 and page.serial() == serial + 2


def test_what_else_moves_in_the_zone_keeps_nobody_from_taking_out(page: ZonePage) -> None:
    changes = f"{page.path}changes/"
    page.address(name="a", act="gather"), page.address(name="b", act="gather")
    seen = page.browser.forms(changes)[changes]
    page.console.application.bearer(ME).record({"uuid": page.uuid}, "A", "c", "192.0.2.3")
    assert page.browser.post(changes, {**seen, "act": "1"}).status_code == 303
    assert "Save</button>" in page.browser.get(changes).text
    assert page.browser.send(changes, {"act": "9" * 5000}).status_code == 400


def test_a_draft_is_saved_once_however_often_it_is_sent(page: ZonePage) -> None:
    changes, serial = f"{page.path}changes/", page.serial()
    page.address(act="gather")
    form = page.browser.forms(changes)[changes]
    with ThreadPoolExecutor(4) as threads:
        sent = [threads.submit(page.browser.post, changes, {**form, "act": "save"}) for _ in range(4)]
    statuses = [one.result().status_code for one in sent]
    assert statuses.count(303) == 1 and set(statuses) <= {303, 409, 503}, "503: the others wrote for too long"
    assert len(page.records()) == 1 and page.serial() == serial + 1
    late = page.browser.post(changes, {**form, "act": "save"})
    assert (late.status_code, "1 change was taken out" in late.text, "No changes wait" in late.text) == (
        409,
        True,
        True,
    )


def test_what_one_gathers_is_for_oneself_alone(page: ZonePage) -> None:
    page.address(act="gather")
    operator = page.console.signed_in("op@example.org", is_admin=True)
    assert "No changes wait" in operator.get(f"{page.path}changes/").text


def test_chosen_records_are_deleted_after_a_look(page: ZonePage) -> None:
    for number in range(3):
        page.address(f"192.0.2.{number}")
    chosen = [str(record.uuid) for record in page.records()[:2]]
    path = f"{page.path}records/delete/"
    assert page.browser.send(path, {"record": [*chosen, str(uuid4())]}, page.path).location == f"{page.path}changes/"
    assert len(page.records()) == 3
    page.browser.send(f"{page.path}changes/", {"act": "save"})
    assert len(page.records()) == 1
    assert page.browser.send(path, {}, page.path).location == page.path
    assert page.browser.send(path, {"record": "nonsense"}, page.path).status_code == 404
