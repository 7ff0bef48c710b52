"""The diff: the one shape in which the API shows every change."""

from __future__ import annotations

import json

from appliance.api.change_schemas import Diff, RecordChange
from appliance.api.presentation import diff_of, dump_record, json_text
from appliance.editing import CreateRecord, DeleteRecord, RecordInput, RecordRequest, UpdateRecord
from tests.workspace import Workspace


def test_a_change_is_shown_as_one_diff(workspace: Workspace) -> None:
    zone = workspace.zone()
    stays, goes = workspace.add(zone, "A", "www", "192.0.2.1"), workspace.add(zone, "A", "old", "192.0.2.1")
    requests: list[RecordRequest] = [
        CreateRecord(RecordInput("A", "new", "192.0.2.2")),
        UpdateRecord(stays.uuid, {"ttl": 60}),
        DeleteRecord(goes.uuid),
    ]
    planned = workspace.editor.change_many(workspace.owner, zone.uuid, requests, dry_run=True)
    diff = workspace.editor.change_many(workspace.owner, zone.uuid, requests)
    line = json_text(diff_of(diff))
    shown = json.loads(line)
    assert line.endswith("}\n")
    assert shown == Diff().dump(diff_of(diff)) and list(shown) == list(Diff().fields)
    assert (shown["serial"], shown["applied"], shown["change_id"]) == (diff.after.serial, True, str(diff.change_id))
    assert shown["added"] == [dump_record(zone, diff.added[0])] and shown["removed"] == [dump_record(zone, goes)]
    (changed,) = shown["changed"]
    assert list(changed) == list(RecordChange().fields)
    assert changed["before"] == dump_record(zone, stays) and changed["after"]["ttl"] == 60
    dry = json.loads(json_text(diff_of(planned)))
    assert (dry["serial"], dry["applied"], dry["change_id"]) == (diff.after.serial, False, None)
    assert (dry["changed"], dry["removed"], dry["warnings"]) == (shown["changed"], shown["removed"], [])
