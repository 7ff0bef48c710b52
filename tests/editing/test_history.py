"""Former states of a zone: restored, undone, and refused where something is in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.editing import CreateRecord, DeleteRecord, RecordInput, RecordRequest, ReplaceRRset, UpdateRecord
from appliance.errors import Conflict, InputError, NotFound, NotPermitted
from appliance.principal import TokenLimits
from appliance.store import records, versions, zones
from appliance.store.retention import purge_journal
from appliance.zones.model import Record, Zone
from tests.workspace import Workspace, open_workspace

Content = list[tuple[object, ...]]


@pytest.fixture
def zone(workspace: Workspace) -> Zone:
    """A zone."""
    return workspace.zone()


def content(zone: Zone) -> Content:
    """Return the records of the zone without the times of their last changes, which no version restores."""
    return [
        (one.uuid, one.owner, one.rdtype, one.ttl, one.value, one.comment, one.created_at)
        for one in records.of_zone(zone)
    ]


def change(workspace: Workspace, zone: Zone, *requests: RecordRequest) -> int:
    """Change the zone; return its serial."""
    workspace.clock.forward(minutes=1)
    return workspace.editor.change_many(workspace.owner, zone.uuid, requests).after.serial


def a(name: str, value: str, ttl: int | None = None) -> CreateRecord:
    """Return the request of an A record."""
    return CreateRecord(RecordInput("A", name, value, ttl))


def of(zone: Zone, name: str) -> Record:
    """Return the first record at that relative name."""
    return next(one for one in records.of_zone(zone) if str(one.owner).startswith(f"{name}."))


def test_a_version_is_restored_as_a_new_one(workspace: Workspace, zone: Zone) -> None:
    serial = change(workspace, zone, a("www", "192.0.2.1", 300), a("www", "192.0.2.2"), a("old", "192.0.2.3"))
    then = content(zone)
    www, old = of(zone, "www"), of(zone, "old")
    change(workspace, zone, UpdateRecord(www.uuid, {"value": "192.0.2.9", "ttl": 60, "comment": "moved"}))
    change(workspace, zone, DeleteRecord(old.uuid), CreateRecord(RecordInput("CNAME", "old", "www.example.com")))
    planned = workspace.editor.restore_version(workspace.owner, zone.uuid, serial, dry_run=True)
    assert not planned.applied and content(zone) != then
    diff = workspace.editor.restore_version(workspace.owner, zone.uuid, serial)
    assert (len(diff.added), len(diff.changed), len(diff.removed)) == (1, 2, 1) and diff.applied
    assert diff.after.serial > serial and content(zone) == then
    assert of(zone, "old").revision > old.revision  # a revision never has two contents
    again = workspace.editor.restore_version(workspace.owner, zone.uuid, serial)
    assert not again.changes and again.after.serial == diff.after.serial
    assert versions.latest(diff.after).comment == f"restored version {serial}"


def test_one_version_is_undone_and_later_ones_stay(workspace: Workspace, zone: Zone) -> None:
    change(workspace, zone, a("www", "192.0.2.1"), a("old", "192.0.2.1"))
    old = of(zone, "old")
    mistake = change(
        workspace, zone, DeleteRecord(old.uuid), UpdateRecord(of(zone, "www").uuid, {"value": "192.0.2.8"})
    )
    change(workspace, zone, a("new", "192.0.2.3"))
    diff = workspace.editor.undo_version(workspace.owner, zone.uuid, mistake)
    assert [one.uuid for one in diff.added] == [old.uuid] and len(diff.changed) == 1 and not diff.removed
    assert {str(one.owner): one.value for one in records.of_zone(zone)} == {
        "www.example.com.": "192.0.2.1",
        "old.example.com.": "192.0.2.1",
        "new.example.com.": "192.0.2.3",
    }
    assert not workspace.editor.undo_version(workspace.owner, zone.uuid, mistake).changes  # it is undone already


def test_records_that_changed_since_are_in_the_way_and_named(workspace: Workspace, zone: Zone) -> None:
    first = change(workspace, zone, *(a(f"n{number}", "192.0.2.1") for number in range(7)), a("www", "192.0.2.1"))
    change(workspace, zone, UpdateRecord(of(zone, "www").uuid, {"value": "192.0.2.2"}))
    before = workspace.rows()
    with pytest.raises(
        Conflict, match=rf"version {first} cannot be undone: A www\.example\.com changed since"
    ) as raised:
        workspace.editor.undo_version(workspace.owner, zone.uuid, first)
    (finding,) = raised.value.findings
    assert finding.detail == "A www.example.com 192.0.2.1: the value was 192.0.2.1, is 192.0.2.2"
    change(workspace, zone, *(UpdateRecord(of(zone, f"n{number}").uuid, {"ttl": 9}) for number in range(7)))
    with pytest.raises(Conflict, match=r"A n4\.example\.com and 3 others changed since"):
        workspace.editor.undo_version(workspace.owner, zone.uuid, first)
    assert workspace.rows()["record"] != before["record"]


def test_a_record_set_in_the_way_is_named_once(workspace: Workspace, zone: Zone) -> None:
    mistake = change(workspace, zone, a("www", "192.0.2.1"), a("www", "192.0.2.2"))
    change(workspace, zone, *(UpdateRecord(one.uuid, {"ttl": 9}) for one in records.of_zone(zone)))
    with pytest.raises(Conflict, match=r"cannot be undone: A www\.example\.com changed since$") as raised:
        workspace.editor.undo_version(workspace.owner, zone.uuid, mistake)
    assert len(raised.value.findings) == 2


def test_each_record_in_the_way_is_described(workspace: Workspace, zone: Zone) -> None:
    mistake = change(workspace, zone, *(a(name, "192.0.2.1") for name in ("moved", "gone", "noted")))
    noted = UpdateRecord(of(zone, "noted").uuid, {"comment": "kept", "ttl": 60})
    moved = UpdateRecord(of(zone, "moved").uuid, {"name": "there"})
    change(workspace, zone, DeleteRecord(of(zone, "gone").uuid), noted, moved)
    with pytest.raises(Conflict) as raised:
        workspace.editor.undo_version(workspace.owner, zone.uuid, mistake)
    assert [finding.detail for finding in raised.value.findings] == [
        "A moved.example.com 192.0.2.1: the name was moved.example.com, is there.example.com",
        "A noted.example.com 192.0.2.1: the TTL was 3600, is 60; the comment was “”, is “kept”",
    ]
    edit = change(workspace, zone, UpdateRecord(of(zone, "noted").uuid, {"ttl": 9}))
    change(workspace, zone, DeleteRecord(of(zone, "noted").uuid))
    with pytest.raises(Conflict) as raised:
        workspace.editor.undo_version(workspace.owner, zone.uuid, edit)
    assert [finding.detail for finding in raised.value.findings] == ["A noted.example.com 192.0.2.1 was deleted since"]


def test_a_record_that_is_back_already_is_not_in_the_way(workspace: Workspace, zone: Zone) -> None:
    change(workspace, zone, a("www", "192.0.2.1"), a("www", "192.0.2.2"))
    mistake = change(workspace, zone, ReplaceRRset("A", "www", []))
    change(workspace, zone, a("www", "192.0.2.1", 60))
    diff = workspace.editor.undo_version(workspace.owner, zone.uuid, mistake)
    assert [one.value for one in diff.added] == ["192.0.2.2"] and not diff.removed
    assert {one.value for one in records.of_zone(zone)} == {"192.0.2.1", "192.0.2.2"}
    assert {one.ttl for one in records.of_zone(zone)} == {60}


def test_a_record_replaced_by_an_equal_one_is_back(workspace: Workspace, zone: Zone) -> None:
    change(workspace, zone, a("www", "192.0.2.1"))
    then = content(zone)
    mistake = change(workspace, zone, DeleteRecord(of(zone, "www").uuid), a("www", "192.0.2.1"))
    workspace.editor.undo_version(workspace.owner, zone.uuid, mistake)
    assert content(zone) == then


@pytest.mark.parametrize("call", ["undo_version", "restore_version"])
def test_a_record_gets_its_ttl_back_beside_one_that_leaves(workspace: Workspace, zone: Zone, call: str) -> None:
    serial = change(workspace, zone, a("www", "192.0.2.1"), a("ftp", "192.0.2.2", 3))
    then, www, ftp = content(zone), of(zone, "www"), of(zone, "ftp")
    moved = UpdateRecord(ftp.uuid, {"name": "www", "ttl": 3})
    last = change(workspace, zone, moved, DeleteRecord(www.uuid))
    getattr(workspace.editor, call)(workspace.owner, zone.uuid, last if call == "undo_version" else serial)
    assert content(zone) == then


def test_what_would_break_a_rule_is_a_conflict(workspace: Workspace, zone: Zone) -> None:
    serial = change(workspace, zone, a("www", "192.0.2.1"))
    mistake = change(workspace, zone, DeleteRecord(of(zone, "www").uuid))
    change(workspace, zone, CreateRecord(RecordInput("CNAME", "www", "example.net")))
    with pytest.raises(Conflict, match=rf"version {mistake} cannot be undone: .*www\.example\.com"):
        workspace.editor.undo_version(workspace.owner, zone.uuid, mistake)
    change(workspace, zone, DeleteRecord(of(zone, "www").uuid))
    workspace.editor.create_zone(workspace.owner, "www.example.com")
    with pytest.raises(Conflict, match=f"version {serial} cannot be restored: "):
        workspace.editor.restore_version(workspace.owner, zone.uuid, serial)


def test_a_uuid_that_another_zone_has_by_now_is_replaced(workspace: Workspace, zone: Zone) -> None:
    serial = change(workspace, zone, a("www.dev", "192.0.2.1"))
    child = workspace.editor.create_zone(workspace.owner, "dev.example.com", take_records=True)
    (taken,) = records.of_zone(child)
    workspace.editor.delete_zone(workspace.owner, child.uuid)
    diff = workspace.editor.restore_version(workspace.owner, zone.uuid, serial)
    (back,) = diff.added
    assert back.uuid != taken.uuid and back.key == taken.key


def test_an_expiry_that_is_over_is_not_restored(workspace: Workspace, zone: Zone) -> None:
    soon = workspace.clock() + timedelta(hours=1)
    request = CreateRecord(RecordInput("A", "www", "192.0.2.1", expires_at=soon))
    serial = change(workspace, zone, request)
    change(workspace, zone, DeleteRecord(of(zone, "www").uuid))
    workspace.clock.forward(hours=2)
    workspace.editor.restore_version(workspace.owner, zone.uuid, serial)
    assert of(zone, "www").expires_at is None


def test_only_who_may_write_the_whole_zone_restores(workspace: Workspace, zone: Zone) -> None:
    serial = change(workspace, zone, a("www", "192.0.2.1"))
    limited = replace(workspace.owner, limits=TokenLimits(record_names=("www",)))
    for call in (workspace.editor.restore_version, workspace.editor.undo_version):
        with pytest.raises(NotPermitted, match="limited to some records"):
            call(limited, zone.uuid, serial)


def test_what_is_refused(workspace: Workspace, zone: Zone) -> None:
    serial = change(workspace, zone, a("www", "192.0.2.1"))
    for call in (workspace.editor.restore_version, workspace.editor.undo_version):
        with pytest.raises(NotFound, match="no version 7"):
            call(workspace.owner, zone.uuid, 7)
        with pytest.raises(NotFound, match="no such zone"):
            call(workspace.stranger, zone.uuid, serial)
    with workspace.store.writing():
        purge_journal(workspace.clock() + timedelta(days=1), workspace.clock(), 100)
    for call in (workspace.editor.restore_version, workspace.editor.undo_version):
        with pytest.raises(Conflict, match=f"no longer has the records of version {serial}"):
            call(workspace.owner, zone.uuid, serial)


NAMES = st.sampled_from(("@", "www", "*", "a.b"))
DATA = st.sampled_from((("A", "192.0.2.1"), ("A", "192.0.2.2"), ("TXT", "text"), ("CNAME", "www.example.net")))
Step = tuple[str, str, tuple[str, str], int | None, int]
STEPS = st.tuples(
    st.sampled_from(("create", "update", "delete", "replace")),
    NAMES,
    DATA,
    st.none() | st.integers(1, 3),
    st.integers(0, 9),
)


def request_of(step: Step, present: Sequence[Record]) -> RecordRequest:
    """Return the request of a random step; updates and deletions are of a record that is present, if there are any."""
    action, name, (rdtype, value), ttl, index = step
    if action in ("update", "delete") and present:
        uuid = present[index % len(present)].uuid
        fields = {"name": name, "record_type": rdtype, "value": value, "ttl": ttl, "comment": str(index)}
        return UpdateRecord(uuid, fields) if action == "update" else DeleteRecord(uuid)
    if action == "replace":
        return ReplaceRRset(rdtype, name, [value], ttl)
    return CreateRecord(RecordInput(rdtype, name, value, ttl, comment=str(index)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(STEPS, min_size=1, max_size=4), min_size=1, max_size=6), st.data())
def test_random_histories(
    tmp_path_factory: pytest.TempPathFactory, history: list[list[Step]], data: st.DataObject
) -> None:
    with open_workspace(tmp_path_factory.mktemp("history")) as workspace:
        zone = workspace.zone()
        seen = {zone.serial: content(zone)}
        for steps in history:
            present = records.of_zone(zone)
            try:
                serial = change(workspace, zone, *(request_of(step, present) for step in steps))
            except InputError:
                continue
            seen[serial] = content(zone)
        last = zones.get_any(zone.uuid).serial
        serials = list(seen)
        if len(serials) > 1:
            workspace.editor.undo_version(workspace.owner, zone.uuid, last)
            assert content(zone) == seen[serials[-2]]  # the undo of the last change is the identity
        chosen = data.draw(st.sampled_from(serials))
        workspace.editor.restore_version(workspace.owner, zone.uuid, chosen)
        assert content(zone) == seen[chosen]
        workspace.editor.restore_version(workspace.owner, zone.uuid, last)
        assert content(zone) == seen[last]
