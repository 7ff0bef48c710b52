"""Records that expire and changes that nobody confirmed, with a clock that is set by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from appliance.deploy.due_changes import DueChanges
from appliance.editing import CreateRecord, DeleteRecord, Diff, RecordInput, RecordRequest, ReplaceRRset, UpdateRecord
from appliance.errors import ConfirmationExpired, Conflict, InputError, NotFound, NotPermitted
from appliance.principal import EVERYTHING, TokenLimits
from appliance.store import audit, pending_changes, records, versions, zones
from appliance.store.retention import purge_journal
from appliance.store.zones import Page
from appliance.zones.model import Record, Zone
from tests.workspace import Workspace

HOUR = timedelta(hours=1)


@pytest.fixture
def zone(workspace: Workspace) -> Zone:
    """A zone."""
    return workspace.zone()


@pytest.fixture
def due(workspace: Workspace) -> DueChanges:
    """The job of the deployer."""
    return DueChanges(workspace.store, workspace.editor, workspace.clock)


def expiring(workspace: Workspace, zone: Zone, name: str, value: str, expires_at: datetime | None) -> Record:
    """Create an A record that expires."""
    requested = RecordInput("A", name, value, expires_at=expires_at)
    return workspace.editor.create_record(workspace.owner, zone.uuid, requested)[1]


def change(
    workspace: Workspace, zone: Zone, requests: Sequence[RecordRequest], within: timedelta | None = HOUR
) -> Diff:
    """Change the zone; the change is to be confirmed."""
    return workspace.editor.change_many(workspace.owner, zone.uuid, requests, confirm_within=within)


def values(zone: Zone) -> list[str]:
    """Return the values of all records."""
    return [record.value for record in records.of_zone(zone)]


def last_audit(workspace: Workspace, action: str) -> str:
    """Return the detail of the newest entry of that kind."""
    entries, _ = audit.find(workspace.owner.scope, Page())
    return next(one.detail for one in entries if one.kind == action)


def test_records_go_when_they_expire(workspace: Workspace, zone: Zone, due: DueChanges) -> None:
    soon = workspace.clock() + HOUR
    for number, moment in enumerate((soon, soon, soon + HOUR, None)):
        expiring(workspace, zone, "www", f"192.0.2.{number}", moment)
    due.step()
    assert len(values(zone)) == 4
    workspace.clock.forward(hours=1)
    due.step()
    assert values(zone) == ["192.0.2.2", "192.0.2.3"]
    newest = versions.latest(zones.get_any(zone.uuid))
    assert (newest.actor, newest.comment, newest.removed) == ("deployer", "expired", 2)
    serial = newest.serial
    due.step()
    assert zones.get_any(zone.uuid).serial == serial
    workspace.clock.forward(hours=1)
    due.step()
    assert values(zone) == ["192.0.2.3"]


def test_an_expiry_is_in_the_future_and_can_be_changed(workspace: Workspace, zone: Zone, due: DueChanges) -> None:
    with pytest.raises(InputError, match="is not in the future: it is 2031-05-04T12:00:00Z now") as refused:
        expiring(workspace, zone, "www", "192.0.2.1", workspace.clock())
    assert refused.value.field == "expires_at"
    record = expiring(workspace, zone, "www", "192.0.2.1", workspace.clock() + HOUR)
    workspace.clock.forward(hours=2)
    change(workspace, zone, [UpdateRecord(record.uuid, {"comment": "what was not sent is not judged again"})], None)
    change(workspace, zone, [ReplaceRRset("A", "www", ["192.0.2.1"])], None)
    assert records.of_zone(zone)[0].expires_at == record.expires_at
    serial = zones.get_any(zone.uuid).serial
    change(workspace, zone, [UpdateRecord(record.uuid, {"expires_at": None})], None)
    assert zones.get_any(zone.uuid).serial == serial  # nothing that is published changed
    due.step()
    assert values(zone) == ["192.0.2.1"]


def test_a_record_that_a_rule_protects_stays_and_the_others_go(
    workspace: Workspace, zone: Zone, due: DueChanges
) -> None:
    soon = workspace.clock() + HOUR
    expiring(workspace, zone, "ns", "192.0.2.1", soon)
    expiring(workspace, zone, "www", "192.0.2.2", soon)
    server = workspace.add(zone, "NS", "@", "ns.example.com")
    workspace.clock.forward(hours=1)
    due.step()
    assert sorted(values(zone)) == ["192.0.2.1", "ns.example.com"]
    before = len(workspace.journal())
    due.step()
    assert len(workspace.journal()) == before
    workspace.editor.delete_record(workspace.owner, server.uuid)
    due.step()
    assert values(zone) == []


def test_records_that_stay_do_not_keep_others_from_expiring(workspace: Workspace, zone: Zone, due: DueChanges) -> None:
    for number in range(3):
        expiring(workspace, zone, f"ns{number}", "192.0.2.1", workspace.clock() + HOUR)
        workspace.add(zone, "NS", "@", f"ns{number}.example.com")
    other = workspace.zone("other.example")
    expiring(workspace, other, "www", "192.0.2.2", workspace.clock() + 2 * HOUR)
    workspace.clock.forward(hours=2)
    due.most_at_once = 3
    for _ in range(2):
        due.step()
    assert len(values(zone)) == 6 and values(other) == []


def test_a_change_that_is_not_confirmed_is_reverted(workspace: Workspace, zone: Zone, due: DueChanges) -> None:
    kept, old = workspace.add(zone, "A", "www", "192.0.2.1", ttl=60), workspace.add(zone, "A", "old", "192.0.2.2")
    before = records.of_zone(zone)
    update = UpdateRecord(kept.uuid, {"value": "192.0.2.9", "ttl": 300})
    requests: list[RecordRequest] = [update, DeleteRecord(old.uuid), CreateRecord(RecordInput("TXT", "new", "text"))]
    diff = change(workspace, zone, requests)
    assert versions.latest(diff.after).confirm_by == workspace.clock() + HOUR
    workspace.clock.forward(minutes=59)
    due.step()
    assert len(workspace.journal()) == 4
    workspace.clock.forward(minutes=1)
    due.step()
    after = records.of_zone(zone)
    assert [(one.uuid, one.key, one.ttl) for one in after] == [(one.uuid, one.key, one.ttl) for one in before]
    newest = versions.latest(zones.get_any(zone.uuid))
    assert newest.serial > diff.after.serial and newest.actor == "deployer"
    assert newest.comment == f"version {diff.after.serial} was not confirmed: reverted"
    assert last_audit(workspace, "change.revert") == newest.comment
    due.step()
    assert versions.latest(zones.get_any(zone.uuid)) == newest
    assert versions.get(zones.get_any(zone.uuid), diff.after.serial).confirm_by is None


@pytest.mark.parametrize("back", [timedelta(days=1), timedelta(days=3650)])
def test_a_clock_that_is_set_back_keeps_no_change_from_being_reverted(
    workspace: Workspace, zone: Zone, due: DueChanges, back: timedelta
) -> None:
    change(workspace, zone, [CreateRecord(RecordInput("A", "www", "192.0.2.1"))], timedelta(days=1))
    due.step()
    assert values(zone) == ["192.0.2.1"], "not before its time while the clock is right"
    workspace.clock.now -= back
    due.step()
    assert values(zone) == []


def test_what_is_due_early_because_the_clock_is_ahead_can_be_undone(
    workspace: Workspace, zone: Zone, due: DueChanges
) -> None:
    expiring(workspace, zone, "www", "192.0.2.1", workspace.clock() + HOUR)
    change(workspace, zone, [CreateRecord(RecordInput("A", "new", "192.0.2.2"))])
    workspace.clock.forward(days=3650)
    due.step()
    assert values(zone) == []
    workspace.clock.now -= timedelta(days=3650)
    for version in versions.find(zones.get_any(zone.uuid), Page())[0][:2]:
        workspace.editor.undo_version(workspace.owner, zone.uuid, version.serial)
    due.step()
    assert values(zone) == ["192.0.2.2", "192.0.2.1"]


def test_sets_that_changed_since_stay_and_are_named(workspace: Workspace, zone: Zone, due: DueChanges) -> None:
    www, old = workspace.add(zone, "A", "www", "192.0.2.1"), workspace.add(zone, "A", "old", "192.0.2.1")
    change(workspace, zone, [UpdateRecord(one.uuid, {"value": "192.0.2.2"}) for one in (www, old)])
    workspace.add(zone, "A", "www", "192.0.2.3")
    workspace.clock.forward(hours=1)
    due.step()
    assert values(zone) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert last_audit(workspace, "change.revert").endswith("was not confirmed: reverted; not A www.example.com")


def test_what_would_break_a_rule_stays(workspace: Workspace, zone: Zone, due: DueChanges) -> None:
    www, old = workspace.add(zone, "A", "www", "192.0.2.1"), workspace.add(zone, "A", "old", "192.0.2.1")
    change(workspace, zone, [DeleteRecord(www.uuid), DeleteRecord(old.uuid)])
    workspace.add(zone, "CNAME", "www", "example.net")
    workspace.clock.forward(hours=1)
    due.step()
    assert values(zone) == ["192.0.2.1", "example.net"]
    assert last_audit(workspace, "change.revert").endswith("not A www.example.com")


def test_a_set_that_would_have_a_record_twice_stays(workspace: Workspace, zone: Zone, due: DueChanges) -> None:
    """One record left its set in the change and another took its data; the set that it came from changed since."""
    first = change(workspace, zone, [CreateRecord(RecordInput("A", "other", "192.0.2.9"))])
    stays, moved = workspace.add(zone, "A", "a", "192.0.2.1"), workspace.add(zone, "A", "b", "192.0.2.1")
    moves = [UpdateRecord(stays.uuid, {"value": "192.0.2.2"}), UpdateRecord(moved.uuid, {"name": "a"})]
    change(workspace, zone, moves)
    workspace.add(zone, "A", "b", "192.0.2.7")
    workspace.clock.forward(hours=1)
    due.step()
    assert sorted(values(zone)) == ["192.0.2.1", "192.0.2.2", "192.0.2.7"]
    assert last_audit(workspace, "change.revert") == f"version {first.after.serial} was not confirmed: reverted"
    assert pending_changes.of_zone(zone) == []


def test_long_names_stay_and_are_named(workspace: Workspace, zone: Zone, due: DueChanges) -> None:
    names = [".".join([f"{number}{'x' * 60}"] * 3) for number in range(6)]
    change(workspace, zone, [CreateRecord(RecordInput("A", name, "192.0.2.1")) for name in names])
    for name in names:
        workspace.add(zone, "A", name, "192.0.2.2")
    workspace.clock.forward(hours=1)
    change(workspace, zone, [CreateRecord(RecordInput("A", "www", "192.0.2.3"))], None)
    due.step()
    assert len(values(zone)) == 13 and pending_changes.of_zone(zone) == []
    assert last_audit(workspace, "change.revert").endswith(f"A {names[4]}.example.com and 1 others")


def test_a_fault_keeps_nothing_else_from_being_done(
    workspace: Workspace, zone: Zone, due: DueChanges, caplog: pytest.LogCaptureFixture
) -> None:
    change(workspace, zone, [CreateRecord(RecordInput("A", "www", "192.0.2.1"))])
    faulty = workspace.zone("faulty.example")
    change(workspace, faulty, [CreateRecord(RecordInput("A", "www", "192.0.2.2"))])
    soon = workspace.clock() + HOUR
    for one in (faulty, zone):
        expiring(workspace, one, "old", "192.0.2.3", soon)
    workspace.clock.forward(hours=1)

    def count(_principal: object, octets: Mapping[UUID | None, int]) -> None:
        if faulty.uuid in octets and faults:
            raise RuntimeError

    faults, due.editor = [True], replace(workspace.editor, count_write=count)
    for _ in range(3):
        due.step()
    assert (values(zone), sorted(values(faulty))) == ([], ["192.0.2.2", "192.0.2.3"])
    assert len([one for one in caplog.records if one.exc_info]) == 2, "each fault once, not every second"
    faults.clear()
    workspace.add(faulty, "A", "more", "192.0.2.4")
    due.step()
    assert values(faulty) == ["192.0.2.4"]


def test_what_the_journal_no_longer_has_is_not_called_reverted(
    workspace: Workspace, zone: Zone, due: DueChanges
) -> None:
    change(workspace, zone, [CreateRecord(RecordInput("A", "www", "192.0.2.1"))])
    workspace.clock.forward(hours=1)
    with workspace.store.writing():
        purge_journal(workspace.clock(), workspace.clock(), 100)
    due.step()
    assert values(zone) == ["192.0.2.1"] and pending_changes.of_zone(zone) == []
    assert last_audit(workspace, "change.revert").endswith("but the journal no longer has it: not reverted")


def test_a_confirmed_change_stays(workspace: Workspace, zone: Zone, due: DueChanges) -> None:
    diff = change(workspace, zone, [CreateRecord(RecordInput("A", "www", "192.0.2.1"))])
    assert diff.change_id
    for _ in range(2):
        workspace.editor.confirm_change(workspace.owner, zone.uuid, diff.change_id)
    assert last_audit(workspace, "change.confirm") == f"version {diff.after.serial}"
    workspace.clock.forward(hours=2)
    due.step()
    assert values(zone) == ["192.0.2.1"] and versions.latest(diff.after).confirm_by is None


def test_a_person_reverts_a_change_before_its_time(workspace: Workspace, zone: Zone, due: DueChanges) -> None:
    first = change(workspace, zone, [CreateRecord(RecordInput("A", "www", "192.0.2.1"))], 2 * HOUR)
    second = change(workspace, zone, [CreateRecord(RecordInput("A", "old", "192.0.2.2"))])
    pending = pending_changes.of_zone(zone)
    assert [one.change_id for one in pending] == [second.change_id, first.change_id]
    workspace.editor.revert_change(workspace.owner, pending[0])
    newest = versions.latest(zones.get_any(zone.uuid))
    assert newest.actor == workspace.owner.name and values(zone) == ["192.0.2.1"]
    assert [one.change_id for one in pending_changes.of_zone(zone)] == [first.change_id]
    with pytest.raises(Conflict, match=f"version {second.after.serial} was reverted already"):
        workspace.editor.revert_change(workspace.owner, pending[0])
    assert first.change_id
    workspace.editor.confirm_change(workspace.owner, zone.uuid, first.change_id)
    with pytest.raises(Conflict, match=f"version {first.after.serial} was confirmed already"):
        workspace.editor.revert_change(workspace.owner, pending[1])
    workspace.clock.forward(hours=3)
    due.step()
    assert values(zone) == ["192.0.2.1"] and pending_changes.of_zone(zone) == []


def test_who_cannot_confirm_what(workspace: Workspace, zone: Zone) -> None:
    diff = change(workspace, zone, [CreateRecord(RecordInput("A", "www", "192.0.2.1"))])
    other = change(workspace, zone, [CreateRecord(RecordInput("A", "www", "192.0.2.2"))], None)
    confirm = workspace.editor.confirm_change
    assert diff.change_id and other.change_id
    with pytest.raises(NotFound, match="no such change to confirm"):
        confirm(workspace.owner, zone.uuid, other.change_id)
    with pytest.raises(NotFound, match="no such zone"):
        confirm(workspace.stranger, zone.uuid, diff.change_id)
    limited = replace(workspace.owner, limits=TokenLimits(record_names=("mail",)))
    with pytest.raises(NotPermitted):
        confirm(limited, zone.uuid, diff.change_id)
    workspace.clock.forward(hours=1)
    with pytest.raises(ConfirmationExpired, match="before 2031-05-04T13:00:00Z"):
        confirm(workspace.owner, zone.uuid, diff.change_id)


def test_changes_of_a_deleted_zone_are_reverted_once_it_is_restored(
    workspace: Workspace, zone: Zone, due: DueChanges
) -> None:
    change(workspace, zone, [CreateRecord(RecordInput("A", "www", "192.0.2.1"))])
    workspace.editor.delete_zone(workspace.owner, zone.uuid)
    workspace.clock.forward(hours=2)
    due.step()
    workspace.editor.undelete_zone(workspace.owner, zone.uuid)
    due.step()
    restored = zones.get(zone.uuid, EVERYTHING)
    assert restored and values(restored) == []
