"""Changes that wait: gathered, looked at, taken out, and saved under one serial."""

from __future__ import annotations

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
    page.console.house.bearer(ME)("DELETE", f"/dns-records/{record.uuid}/")
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
    page.console.house.bearer(ME)("PATCH", f"/dns-records/{record.uuid}/", {"value": "192.0.2.2"})
    changes = f"{page.path}changes/"
    assert "Change 1</a>: somebody changed this record meanwhile" in page.browser.get(changes).text
    assert page.browser.send(changes, {"act": "save"}).status_code == 400
    assert [(one.value, one.ttl) for one in page.records()] == [("192.0.2.2", 3600)]


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
