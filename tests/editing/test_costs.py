"""Costs of writes, in statements and parsed texts: never in time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from dns.name import Name

from appliance.editing import (
    CreateRecord,
    DeleteRecord,
    Editor,
    RecordInput,
    RecordRequest,
    ReplaceRRset,
    UpdateRecord,
    with_fields,
)
from appliance.store import records
from appliance.store.record_writes import ROWS_PER_STATEMENT
from appliance.zones.model import Zone
from appliance.zones.rdata import ParsedRdata, parse_rdata
from tests.editing.observing import observed
from tests.workspace import Workspace


def creations(count: int, name: Callable[[int], str]) -> list[RecordRequest]:
    return [CreateRecord(RecordInput("A", name(at), "192.0.2.1")) for at in range(count)]


# Statements, without BEGIN and COMMIT


def test_a_single_record_takes_few_statements(workspace: Workspace) -> None:
    zone = workspace.zone()
    stored = workspace.add(zone, "A", "www", "192.0.2.1")
    change = lambda at, one: with_fields(one, at, {"value": "192.0.2.2"})  # noqa: E731
    with observed(workspace) as (editor, statements):
        writes: list[tuple[Callable[[], object], int, int]] = [
            (lambda: editor.create_record(workspace.owner, zone.uuid, RecordInput("A", "a.b.c", "192.0.2.1")), 7, 3),
            (lambda: editor.change_record(workspace.owner, stored.uuid, change), 7, 3),
            (lambda: editor.change_record(workspace.owner, stored.uuid, change), 4, 0),
            (lambda: editor.delete_record(workspace.owner, stored.uuid), 7, 3),
        ]
        for write, everything, locked in writes:
            statements.all.clear()
            statements.locked.clear()
            write()
            assert (len(statements.all), len(statements.locked)) == (everything, locked)


@pytest.mark.parametrize("count", [10, 3 * ROWS_PER_STATEMENT])
def test_the_lock_is_held_for_one_statement_per_500_changes(workspace: Workspace, count: int) -> None:
    zone = workspace.zone()
    bulk = -(-count // ROWS_PER_STATEMENT)

    def change(editor: Editor, requested: list[RecordRequest]) -> None:
        statements.all.clear()
        statements.locked.clear()
        editor.change_many(workspace.owner, zone.uuid, requested)
        assert len(statements.locked) == 2 + bulk, "the zone, the changes, the journal"
        assert len(statements.all) <= 2 * (2 + bulk) + 1 + bulk, (
            "what is read is read together too, child zones once, and for the warnings the nameservers among the names"
        )

    with observed(workspace) as (editor, statements):
        change(editor, creations(count, lambda at: f"host-{at}"))
        change(editor, [UpdateRecord(one.uuid, {"value": "192.0.2.2"}) for one in records.of_zone(zone)])
        change(editor, [UpdateRecord(one.uuid, {"ttl": 60}) for one in records.of_zone(zone)])
        change(editor, [DeleteRecord(one.uuid) for one in records.of_zone(zone)])
        assert records.of_zone(zone) == []


def test_a_set_that_grows_too_large_never_takes_the_lock(workspace: Workspace) -> None:
    zone = workspace.zone()
    with observed(workspace) as (editor, statements):
        with pytest.raises(Exception, match="100 records"):
            editor.change_many(workspace.owner, zone.uuid, _at_one_name(10_000))
        assert len(statements.all) == 3 and not statements.locked, "the zone, its records, its child zones"


def _at_one_name(count: int) -> list[RecordRequest]:
    return [CreateRecord(RecordInput("A", "one", f"10.0.{at // 256}.{at % 256}")) for at in range(count)]


# Parses


class CountingParser:
    """A parser that counts each text; `contents` are its results."""

    def __init__(self) -> None:
        self.texts: Counter[tuple[str, str, int | None]] = Counter()
        self.contents: list[ParsedRdata] = []

    def __call__(self, record_type: str, value: str, priority: int | None, origin: Name) -> ParsedRdata:
        """Parse record data."""
        self.texts[record_type, value, priority] += 1
        self.contents.append(parse_rdata(record_type, value, priority, origin))
        return self.contents[-1]


def test_nothing_is_parsed_twice(workspace: Workspace) -> None:
    zone = workspace.zone()
    parser = CountingParser()
    editor = replace(workspace.editor, parse=parser)
    stored = workspace.add(zone, "A", "www", "192.0.2.1")
    calls = 0

    def requests(_zone: Zone) -> list[RecordRequest]:
        nonlocal calls
        calls += 1
        if calls < 3:
            _in_thread(workspace, lambda: workspace.add(zone, "A", f"other-{calls}", "192.0.2.1"))
        return [
            CreateRecord(RecordInput("MX", "@", "mail.example.net", priority=10)),
            UpdateRecord(stored.uuid, {"value": "192.0.2.7"}),
            ReplaceRRset("TXT", "@", ["a", "b"]),
            CreateRecord(RecordInput("NS", "sub", "ns.sub.example.com")),
        ]

    diff = editor.change_many(workspace.owner, zone.uuid, requests)
    assert calls == 3 and set(parser.texts.values()) == {1} and len(parser.texts) == 5
    parsed = {id(content.rdata) for content in parser.contents}
    after = [*diff.added, *(one for _, one in diff.changed)]
    assert {id(record.rdata) for record in after} == parsed, "records keep what was parsed"


def _in_thread(workspace: Workspace, write: Callable[[], object]) -> None:
    def run() -> None:
        with workspace.store.connection():
            write()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
