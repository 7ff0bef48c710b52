"""`zone history`, `diff`, `restore`, `undo`, `undelete`, `protect`."""

from __future__ import annotations

import json

from appliance.store import records, zones
from tests.cli.conftest import State


def test_history_diff_restore_and_undo(state: State) -> None:
    workspace = state.workspace
    zone = workspace.zone()
    record = workspace.add(zone, "MX", "@", "mail.example.org", priority=10)
    workspace.editor.delete_record(workspace.owner, record.uuid)
    listed = json.loads(state.run("zone", "history", "example.com", "--json", "--state", str(state.folder)).stdout)
    assert [(one["added"], one["removed"]) for one in listed] == [(0, 1), (1, 0), (0, 0)]
    newest, middle = str(listed[0]["serial"]), str(listed[1]["serial"])
    assert middle in state.run("zone", "history", "example.com", "--state", str(state.folder)).stdout
    shown = state.run("zone", "diff", "example.com", newest, "--state", str(state.folder))
    assert shown.stdout == "- @ 3600 MX 10 mail.example.org\n" and f"serial {newest}" in shown.stderr
    none = state.run("zone", "diff", "example.com", newest, "--from", newest, "--json", "--state", str(state.folder))
    assert none.exit_code == 0, none.exception
    assert json.loads(none.stdout)["removed"] == []
    planned = state.run("zone", "undo", "example.com", newest, "--dry-run", "--state", str(state.folder))
    assert planned.stdout == "+ @ 3600 MX 10 mail.example.org\n" and "not stored" in planned.stderr
    assert records.of_zone(zone) == []
    assert state.run("zone", "restore", "example.com", middle, "--state", str(state.folder)).exit_code == 0
    assert [one.uuid for one in records.of_zone(zone)] == [record.uuid]
    assert state.run("zone", "undo", "example.com", "7", "--state", str(state.folder)).exit_code == 1


def test_protect_and_undelete(state: State) -> None:
    zone = state.workspace.zone()
    place = ("--state", str(state.folder))
    assert "is protected" in state.run("zone", "protect", "example.com", *place).stdout
    assert zones.get_any(zone.uuid).protected
    assert state.run("zone", "delete", "example.com", *place).exit_code == 1
    assert "is no longer protected" in state.run("zone", "protect", "example.com", "--off", *place).stdout
    for command in ("undelete", "restore"):
        assert state.run("zone", "delete", "example.com", *place).exit_code == 0
        assert "restored with serial" in state.run("zone", command, "example.com", *place).stdout
        assert zones.get_any(zone.uuid).deleted_at is None
        assert state.run("zone", "delete", "example.com", *place).exit_code == 0
        shown = json.loads(state.run("zone", command, "example.com", "--json", *place).stdout)
        assert (shown["uuid"], shown["domain"]) == (str(zone.uuid), "example.com")
    assert state.run("zone", "undelete", "example.com", *place).exit_code == 1
    assert state.run("zone", "restore", "example.com", "--dry-run", *place).exit_code == 2
