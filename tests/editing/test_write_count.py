"""Each write is counted once, with the octets of journal of each zone that it changes."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import datetime

import pytest

from appliance.editing import CreateRecord, Editor, RecordInput
from appliance.editing.write_count import JournalOctets
from appliance.principal import Principal
from appliance.store import records
from tests.editing.test_child_zones import in_thread
from tests.workspace import Workspace, read_rows


@pytest.fixture
def counted() -> list[JournalOctets]:
    return []


@pytest.fixture
def editor(workspace: Workspace, counted: list[JournalOctets]) -> Editor:
    def count(_principal: Principal, octets: JournalOctets) -> None:
        counted.append(octets)

    return replace(workspace.editor, count_write=count)


def test_a_creation_and_a_deletion_count_once_and_for_the_zone_above(
    workspace: Workspace, editor: Editor, counted: list[JournalOctets]
) -> None:
    above = workspace.zone("example.com")
    waiting = ["first", "second"]
    evaluations: list[None] = []

    def clock() -> datetime:
        evaluations.append(None)
        if waiting:
            in_thread(workspace, functools.partial(workspace.add, above, "A", waiting.pop(), "192.0.2.1"))
        return workspace.clock()

    zone = replace(editor, clock=clock).create_zone(workspace.owner, "sub.example.com")
    assert len(evaluations) > 2 and counted == [{None: 0, above.uuid: 0}]
    editor.delete_zone(workspace.owner, zone.uuid)
    assert counted[1:] == [{zone.uuid: 0, above.uuid: 0}]


@pytest.mark.parametrize(("kind", "value"), [("A", "192.0.2.1"), ("TXT", '"' + r"\"\\é\001" * 40 + '"')])
def test_a_change_counts_the_octets_that_the_journal_has_of_it(
    workspace: Workspace, editor: Editor, counted: list[JournalOctets], kind: str, value: str
) -> None:
    zone = workspace.zone("example.com")
    requests = [CreateRecord(RecordInput(kind, f"www{number}", value, comment="ü")) for number in range(50)]
    editor.change_many(workspace.owner, zone.uuid, requests)
    (row,) = read_rows(workspace.store.path, "select octet_length(added) as octets from change where kind = 'records'")
    assert counted[0][zone.uuid] == pytest.approx(row["octets"], rel=0.1)
    assert len(records.of_zone(zone)) == 50
