"""Commits: an evaluation is stored only if the zones that it read have not changed."""

from __future__ import annotations

import pytest

from appliance.editing import CreateRecord, RecordInput
from appliance.editing.change_set import ChangeSet
from appliance.editing.commit import commit
from appliance.editing.evaluation import Evaluation, evaluate
from appliance.editing.parser import Parser
from appliance.editing.transaction import StaleRead
from appliance.errors import InputError
from appliance.store import records, zones
from appliance.store.zones import Version
from appliance.zones.model import Zone
from tests.workspace import APEX, Workspace


def evaluated(workspace: Workspace, zone: Zone, *read: Zone, absent: str | None = None) -> Evaluation:
    """Return the evaluation of a new record, with rules that read these other zones too, None for a missing one."""
    view = records.ZoneView(zone, APEX.servers)
    change_set = ChangeSet(zone, view, APEX, workspace.clock(), Parser())
    change_set.create(RecordInput("A", "www", "192.0.2.1"))
    change_set.read |= {one.name: Version(one.uuid, one.revision) for one in read}
    if absent:
        change_set.read[workspace.zone(absent).name] = None
    return evaluate(change_set, workspace.owner, workspace.editor.quotas)


def refused(workspace: Workspace, evaluation: Evaluation) -> None:
    """Assert that the evaluation is stale and not stored."""
    before = workspace.rows()
    with pytest.raises(StaleRead), workspace.store.writing():
        commit(evaluation, workspace.owner)
    assert workspace.rows() == before


def test_it_is_stored_if_nothing_has_changed(workspace: Workspace) -> None:
    zone, parent = workspace.zone("sub.example.com"), workspace.zone("example.com")
    with workspace.store.writing():
        diff = commit(evaluated(workspace, zone, parent), workspace.owner, "why")
    assert zones.get_any(zone.uuid) == diff.after and records.of_zone(zone) == diff.added
    assert workspace.journal()[-1] == ("records", diff.after.serial) and diff.change_id


def test_it_is_stale_if_another_zone_that_was_read_has_changed(workspace: Workspace) -> None:
    zone, parent = workspace.zone("sub.example.com"), workspace.zone("example.com")
    evaluation = evaluated(workspace, zone, parent)
    workspace.add(parent, "NS", "sub", "ns.example.org")
    refused(workspace, evaluation)


def test_it_is_stale_if_such_a_zone_was_created_or_deleted(workspace: Workspace) -> None:
    zone, parent = workspace.zone("sub.example.com"), workspace.zone("example.com")
    refused(workspace, evaluated(workspace, zone, absent="example.net"))
    evaluation = evaluated(workspace, zone, parent)
    workspace.editor.delete_zone(workspace.owner, parent.uuid)
    refused(workspace, evaluation)
    workspace.zone("example.com")
    refused(workspace, evaluation)


def test_it_is_stale_if_its_own_zone_has_changed(workspace: Workspace) -> None:
    zone = workspace.zone()
    evaluation = evaluated(workspace, zone)
    workspace.editor.raise_serial(zone.uuid, zone.serial)
    refused(workspace, evaluation)
    evaluation = evaluated(workspace, zones.get_any(zone.uuid))
    with pytest.raises(StaleRead), workspace.store.writing():
        commit(evaluation, workspace.stranger)
    workspace.editor.delete_zone(workspace.owner, zone.uuid)
    refused(workspace, evaluation)


def test_alongside_is_stored_with_it_or_rolls_it_back(workspace: Workspace) -> None:
    zone = workspace.zone()

    def settle(before: Zone) -> None:
        assert before == zone
        zones.update(before, comment="alongside")

    def refuse(_before: Zone) -> None:
        raise InputError("no")

    before = workspace.rows()
    for requests in ([], [RecordInput("A", "www", "192.0.2.1")]):
        requested = [CreateRecord(one) for one in requests]
        with pytest.raises(InputError, match="no"):
            workspace.editor.change_many(workspace.owner, zone.uuid, requested, alongside=refuse)
        assert workspace.rows() == before
    workspace.editor.change_many(workspace.owner, zone.uuid, [], alongside=settle)
    assert zones.get_any(zone.uuid).comment == "alongside"
