"""Storing an evaluation: only on the zones that it was evaluated on."""

from __future__ import annotations

import pytest

from appliance.editing import CreateRecord, RecordInput
from appliance.editing.change_set import ChangeSet
from appliance.editing.commit import commit
from appliance.editing.evaluation import Evaluation, evaluate
from appliance.editing.parser import Parser
from appliance.editing.transaction import Moved
from appliance.errors import InputError
from appliance.store import records, zones
from appliance.store.zones import Version
from appliance.zones.model import Zone
from tests.desk import APEX, Desk


def evaluated(desk: Desk, zone: Zone, *read: Zone, absent: str | None = None) -> Evaluation:
    """A new record in the zone, by rules that read these zones too, or found that there was none of that name."""
    view = records.ZoneView(zone, APEX.servers)
    change_set = ChangeSet(zone, view, APEX, desk.clock(), Parser())
    change_set.create(RecordInput("A", "www", "192.0.2.1"))
    change_set.read |= {one.name: Version(one.uuid, one.revision) for one in read}
    if absent:
        change_set.read[desk.zone(absent).name] = None
    return evaluate(change_set, desk.owner, desk.editor.quotas)


def refused(desk: Desk, evaluation: Evaluation) -> None:
    """The evaluation is not stored."""
    before = desk.rows()
    with pytest.raises(Moved), desk.store.writing():
        commit(evaluation, desk.owner)
    assert desk.rows() == before


def test_it_is_stored_when_nothing_has_moved(desk: Desk) -> None:
    zone, parent = desk.zone("sub.example.com"), desk.zone("example.com")
    with desk.store.writing():
        diff = commit(evaluated(desk, zone, parent), desk.owner, "why")
    assert zones.get_any(zone.uuid) == diff.after and records.of_zone(zone) == diff.added
    assert desk.journal()[-1] == ("records", diff.after.serial) and diff.change_id


def test_a_moved_zone_of_another_name_is_a_reason_to_evaluate_again(desk: Desk) -> None:
    zone, parent = desk.zone("sub.example.com"), desk.zone("example.com")
    evaluation = evaluated(desk, zone, parent)
    desk.add(parent, "NS", "sub", "ns.example.org")
    refused(desk, evaluation)


def test_so_is_one_that_came_or_went_or_was_created_again(desk: Desk) -> None:
    zone, parent = desk.zone("sub.example.com"), desk.zone("example.com")
    refused(desk, evaluated(desk, zone, absent="example.net"))
    evaluation = evaluated(desk, zone, parent)
    desk.editor.delete_zone(desk.owner, parent.uuid)
    refused(desk, evaluation)
    desk.zone("example.com")
    refused(desk, evaluation)


def test_so_is_its_own_zone_where_content_serial_or_account_is_another(desk: Desk) -> None:
    zone = desk.zone()
    evaluation = evaluated(desk, zone)
    desk.editor.raise_serial(zone.uuid, zone.serial)
    refused(desk, evaluation)
    evaluation = evaluated(desk, zones.get_any(zone.uuid))
    with pytest.raises(Moved), desk.store.writing():
        commit(evaluation, desk.stranger)
    desk.editor.delete_zone(desk.owner, zone.uuid)
    refused(desk, evaluation)


def test_what_is_alongside_is_stored_with_it_or_undoes_it(desk: Desk) -> None:
    zone = desk.zone()

    def settle(before: Zone) -> None:
        assert before == zone
        zones.update(before, comment="alongside")

    def refuse(_before: Zone) -> None:
        raise InputError("no")

    before = desk.rows()
    for requests in ([], [RecordInput("A", "www", "192.0.2.1")]):
        wanted = [CreateRecord(one) for one in requests]
        with pytest.raises(InputError, match="no"):
            desk.editor.change_many(desk.owner, zone.uuid, wanted, alongside=refuse)
        assert desk.rows() == before
    desk.editor.change_many(desk.owner, zone.uuid, [], alongside=settle)
    assert zones.get_any(zone.uuid).comment == "alongside"
