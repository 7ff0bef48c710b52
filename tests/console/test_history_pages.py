"""The history of a zone: versions, their diffs, and drafts that undo or restore one."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import timedelta

import pytest

from appliance.console.drafts import MAX_CHANGES
from appliance.editing import CreateRecord, DeleteRecord, RecordInput, ReplaceRRset, UpdateRecord
from appliance.store import versions, zones
from appliance.store.retention import purge_journal
from tests.console.conftest import Console
from tests.console.zone_page import ME, ZonePage, found_in, open_page


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def lines_in(text: str) -> list[tuple[str, str]]:
    """Return the lines of the diff on a page."""
    found = found_in(text, r'<div class="(added|removed)">.*?<span>([^<]*)</span></div>')
    return [(kind, html.unescape(line)) for kind, line in found]


def version(page: ZonePage, serial: int | None = None) -> str:
    """Return the path of a version, by default the current one."""
    return f"{page.path}history/{serial or page.serial()}/"


def serials_in(text: str) -> list[int]:
    """Return the versions that a page lists."""
    return [int(serial) for serial in found_in(text, r'href="/zones/[^"]+/history/(\d+)/"')]


def values(page: ZonePage) -> Sequence[str]:
    return sorted(record.value for record in page.records())


def test_versions_are_listed_newest_first(page: ZonePage) -> None:
    first = page.serial()
    page.add_address("192.0.2.1")
    page.browser.get(page.path)  # shows the notice, which has an undo of its own
    page.console.application.clock.forward(minutes=5)
    (record,) = page.records()
    page.save(
        [UpdateRecord(record.uuid, {"ttl": 60}), *[CreateRecord(RecordInput("TXT", "@", f"{at}")) for at in "ab"]]
    )
    page.save([DeleteRecord(record.uuid)])
    text = page.browser.get(f"{page.path}history/").text
    assert serials_in(text) == [first + 3, first + 2, first + 1, first]
    assert found_in(text, r'"sr-only">(\d \w+)<') == ["1 removed", "2 added", "1 changed", "1 added"]
    assert "Zone created" in text and ME in text and "192.0.2.1" in text and "2031-05-04 12:05 UTC" in text
    assert found_in(text, r'name="(from|to)" value="(\d+)"[^>]* checked') == [
        ("to", str(first + 3)),
        ("from", str(first + 2)),
    ]
    assert found_in(text, r'value="(undo|restore)"').count("undo") == 3, "the creation of the zone changed no record"
    assert text.count('value="restore"') == 3, "the current version needs no restore"


def test_versions_are_paged(page: ZonePage) -> None:
    for number in range(51):
        page.save([ReplaceRRset("A", "www", [f"192.0.2.{number}"])])
    assert len(serials_in(page.browser.get(f"{page.path}history/").text)) == 50
    text = page.browser.get(f"{page.path}history/?page=2").text
    assert len(serials_in(text)) == 2 and "51 to 52 of 52 versions" in text


def test_a_version_is_shown_as_lines_of_the_zone_file(page: ZonePage) -> None:
    page.add_address("192.0.2.1", comment="why")
    created = page.browser.get(version(page)).text
    assert lines_in(created) == [("added", "www.example.com. 3600 IN A 192.0.2.1")]
    (record,) = page.records()
    page.save([UpdateRecord(record.uuid, {"ttl": 60})])
    page.change(page.records()[0], comment="noted")
    text = page.browser.get(version(page)).text
    assert [kind for kind, _ in lines_in(text)] == ["removed", "added"] and "Restore to here" not in text
    assert page.browser.get(f"{page.path}history/7/").status_code == 404


def test_two_versions_are_compared_in_either_direction(page: ZonePage) -> None:
    first = page.serial()
    for number in (1, 2):
        page.add_address(f"192.0.2.{number}", name=f"n{number}")
    compare = f"{page.path}history/compare/"
    there, back = (
        lines_in(page.browser.get(f"{compare}?from={a}&to={b}").text)
        for a, b in ((first, first + 2), (first + 2, first))
    )
    assert [kind for kind, _ in there] == ["added"] * 2 and [kind for kind, _ in back] == ["removed"] * 2
    assert [line for _, line in lines_in(page.browser.get(compare).text)] == ["n2.example.com. 3600 IN A 192.0.2.2"]
    page.change(page.records()[0], comment="noted")
    assert "No changes" in page.browser.get(f"{compare}?from={first}&to={first}").text
    for query, field in (("from=7&to=8", "from"), (f"from={first}&to=x", "to")):
        refused = page.browser.get(f"{compare}?{query}")
        assert refused.status_code == 400 and f'id="{field}-error"' in refused.text


def test_a_comment_is_no_line_and_is_counted(page: ZonePage) -> None:
    page.add_address("192.0.2.1")
    before = page.serial()
    page.save([ReplaceRRset("A", "www", ["192.0.2.1"]), CreateRecord(RecordInput("A", "new", "192.0.2.2"))])
    page.change(next(one for one in page.records() if one.value == "192.0.2.1"), comment="noted")
    text = page.browser.get(f"{page.path}history/compare/?from={before}&to={page.serial()}").text
    assert len(lines_in(text)) == 1 and "1 record changed only in comment or expiry" in text


def test_an_undo_is_a_draft_that_is_published(page: ZonePage) -> None:
    page.add_address("192.0.2.1"), page.add_address("192.0.2.2", name="mistake")
    mistake, uuid = page.serial(), page.records()[0].uuid
    page.add_address("192.0.2.3", name="later")
    changes = f"{page.path}changes/"
    sent = page.browser.send(version(page, mistake), {"intent": "undo"})
    assert sent.location == changes and len(page.records()) == 3
    shown = page.browser.get(changes).text
    assert lines_in(shown)[2:] == [("removed", "mistake.example.com. 3600 IN A 192.0.2.2")]
    assert f"version {mistake}" in shown
    page.browser.send(changes, {"intent": "publish"})
    assert values(page) == ["192.0.2.1", "192.0.2.3"]
    with page.console.application.store.connection():
        assert versions.latest(zones.get_any(page.uuid)).comment == f"undid version {mistake}"
    page.browser.send(version(page), {"intent": "undo"})
    page.browser.send(changes, {"intent": "publish", "comment": "back"})
    assert values(page) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert uuid in {record.uuid for record in page.records()}
    again = page.browser.send(version(page, mistake + 2), {"intent": "undo"})
    assert again.location == version(page, mistake + 2)
    assert "is undone already" in page.browser.get(again.location).text


def test_a_large_version_is_restored_by_one_change(page: ZonePage) -> None:
    page.save([CreateRecord(RecordInput("A", f"n{number}", "192.0.2.1")) for number in range(300)])
    full, before = page.serial(), {record.uuid for record in page.records()}
    page.save([DeleteRecord(uuid) for uuid in before])
    changes = f"{page.path}changes/"
    assert page.browser.send(version(page, full), {"intent": "restore"}).location == changes
    assert "more lines." in page.browser.get(changes).text
    page.browser.send(changes, {"intent": "publish"})
    assert {record.uuid for record in page.records()} == before
    same = page.browser.send(version(page, full), {"intent": "restore"})
    assert "has these records already" in page.browser.get(str(same.location)).text


def test_a_draft_of_very_many_records_is_not_marked(page: ZonePage) -> None:
    names = [f"n{number}" for number in range(MAX_CHANGES + 1)]
    page.save([CreateRecord(RecordInput("A", name, "192.0.2.1")) for name in names])
    for serial, intent in ((page.serial(), "undo"), (page.serial() - 1, "restore")):
        page.browser.send(version(page, serial), {"intent": intent})
        text = page.browser.get(page.path).text
        assert "so many records that they are not marked" in text and ">removed</span>" not in text
        page.browser.send(f"{page.path}changes/", {"intent": "discard"})
    page.add_address("192.0.2.2")
    page.browser.send(version(page), {"intent": "undo"})
    assert ">removed</span>" in page.browser.get(f"{page.path}?search=www").text


def test_a_restore_needs_an_empty_draft(page: ZonePage) -> None:
    first = page.serial()
    page.add_address("192.0.2.1")
    page.add_address("192.0.2.2", name="drafted", intent="draft")
    refused = page.browser.send(version(page, first), {"intent": "restore"})
    assert refused.status_code == 409 and "The draft has other changes" in refused.text
    assert page.browser.send(version(page), {"intent": "undo"}).location == f"{page.path}changes/"
    page.browser.send(f"{page.path}changes/", {"intent": "publish"})
    assert values(page) == ["192.0.2.2"]


def test_records_in_the_way_of_an_undo_are_listed(page: ZonePage) -> None:
    page.save([CreateRecord(RecordInput("A", f"n{number}", "192.0.2.1")) for number in range(60)])
    first = page.serial()
    page.save([UpdateRecord(record.uuid, {"value": "192.0.2.9"}) for record in page.records()])
    refused = page.browser.send(version(page, first), {"intent": "undo"})
    assert refused.status_code == 409 and f"Version {first} cannot be undone" in refused.text
    link = f'<a href="{page.path}?name=n0">A n0.example.com 192.0.2.1: the value was 192.0.2.1, is 192.0.2.9</a>'
    assert link in refused.text and "And 10 more records." in refused.text
    assert "The draft is empty" in page.browser.get(f"{page.path}changes/").text


def test_an_undo_that_conflicts_with_the_draft_is_shown_in_it(page: ZonePage) -> None:
    page.add_address("192.0.2.1")
    (record,) = page.records()
    page.browser.send(version(page), {"intent": "undo"})
    page.save([UpdateRecord(record.uuid, {"ttl": 60})])
    changes = f"{page.path}changes/"
    assert "A www.example.com changed since" in page.browser.get(changes).text
    assert page.browser.send(changes, {"intent": "publish"}).status_code == 400


def test_versions_without_content_say_so(page: ZonePage) -> None:
    application = page.console.application
    page.add_address("192.0.2.1")
    old = page.serial()
    with application.writing():
        purge_journal(application.clock() + timedelta(days=1), application.clock(), 100)
    page.add_address("192.0.2.2", name="new")
    text = page.browser.get(f"{page.path}history/").text
    assert text.count("records no longer stored") == 2 and text.count('type="radio"') == 2
    assert "no longer stored" in page.browser.get(version(page, old)).text
    assert "no longer has the records" in page.browser.get(f"{page.path}history/compare/?from={old}&to={old}").text
    token = page.browser.forms(f"{page.path}history/")[f"{page.path}history/"]
    for intent in ("undo", "restore"):
        refused = page.browser.post(version(page, old), {**token, "intent": intent})
        assert refused.status_code == 409 and "no longer has the records" in refused.text


def test_the_history_belongs_to_the_account(page: ZonePage) -> None:
    other = page.console.signed_in("other@example.org")
    for path in (f"{page.path}history/", version(page), f"{page.path}history/compare/"):
        assert other.get(path).status_code == 404
