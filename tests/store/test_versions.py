"""Versions of a zone: listed, compared, and rebuilt from the present records and the journal."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from appliance.editing import DeleteRecord, RecordInput, UpdateRecord
from appliance.errors import Conflict, NotFound
from appliance.store import records, versions, zones
from appliance.store.file import sqlite
from appliance.store.retention import purge_journal
from appliance.store.versions import ZoneVersion
from appliance.store.zones import Page
from appliance.zones.changes import Create, Delete, Update
from appliance.zones.model import Record, Zone
from tests.workspace import Workspace


def listed(zone: Zone) -> list[ZoneVersion]:
    """Return all versions of the zone, newest first."""
    found, total = versions.find(zone, Page(1, 1000))
    assert len(found) == total
    return found


@pytest.fixture
def zone(workspace: Workspace) -> Zone:
    """A zone."""
    return workspace.zone()


def history(workspace: Workspace, zone: Zone) -> dict[int, list[Record]]:
    """Change the zone in several ways; return its records at each serial."""
    seen: dict[int, list[Record]] = {}

    def note() -> None:
        now = zones.get_any(zone.uuid)
        seen[now.serial] = records.of_zone(now)
        workspace.clock.forward(minutes=1)

    note()
    www = workspace.add(zone, "A", "www", "192.0.2.1", ttl=300)
    note()
    workspace.add(zone, "A", "www", "192.0.2.2", ttl=60)
    note()
    change = workspace.editor.change_many
    change(workspace.owner, zone.uuid, [UpdateRecord(www.uuid, {"comment": "the first"})])
    note()
    change(workspace.owner, zone.uuid, [UpdateRecord(www.uuid, {"name": "web"})], "moved")
    note()
    change(workspace.owner, zone.uuid, [DeleteRecord(www.uuid)])
    note()
    workspace.editor.raise_serial(zone.uuid, zones.get_any(zone.uuid).serial + 9)
    note()
    return seen


def test_versions_are_listed_newest_first_with_who_when_and_numbers(workspace: Workspace, zone: Zone) -> None:
    seen = history(workspace, zone)
    found = listed(zone)
    assert [one.serial for one in found] == list(reversed(seen))
    assert [(one.added, one.changed, one.removed) for one in found] == [
        (0, 0, 0),
        (0, 0, 1),
        (0, 1, 0),
        (1, 2, 0),  # the TTL of the other one, and the comment, which has no serial of its own
        (1, 0, 0),
        (0, 0, 0),
    ]
    moved = found[2]
    assert (moved.actor, moved.address, moved.comment) == ("owner@example.org", "192.0.2.7", "moved")
    assert moved.created_at == zone.created_at + timedelta(minutes=4) and moved.restorable
    assert [one.serial for one in versions.find(zone, Page(2, 2))[0]] == [one.serial for one in found[2:4]]


def test_every_version_is_rebuilt_and_compared_with_every_other(workspace: Workspace, zone: Zone) -> None:
    seen = history(workspace, zone)
    now = zones.get_any(zone.uuid)
    for serial, expected in seen.items():
        assert versions.records_of(now, versions.get(now, serial)) == expected
    oldest, newest = versions.get(now, zone.serial), versions.latest(now)
    (created,) = versions.changes_between(now, oldest, newest)
    (deleted,) = versions.changes_between(now, newest, oldest)
    assert isinstance(created, Create) and isinstance(deleted, Delete) and created.record == deleted.record
    (moved,) = versions.changes_of(now, listed(now)[2])
    assert isinstance(moved, Update) and (moved.before.owner != moved.after.owner)


def test_the_version_of_a_moment(workspace: Workspace, zone: Zone) -> None:
    seen = list(history(workspace, zone).values())
    now = zones.get_any(zone.uuid)
    at = {minute: versions.at_time(now, zone.created_at + timedelta(minutes=minute, seconds=30)) for minute in range(7)}
    for minute, position in ((0, 0), (1, 1), (3, 2), (4, 3), (5, 4), (6, 5)):
        assert versions.records_of(now, at[minute]) == seen[position]
    assert [one.comment for one in versions.records_of(now, at[2])] == ["", ""]  # of the same serial as a minute later
    assert versions.at_time(now, datetime.max.replace(tzinfo=UTC)).serial == now.serial
    with pytest.raises(NotFound, match="did not exist at that time"):
        versions.at_time(now, zone.created_at - timedelta(seconds=1))


@pytest.mark.parametrize("serial", [7, -1, 2**32, 2**63])
def test_an_unknown_version_is_not_found(zone: Zone, serial: int) -> None:
    with pytest.raises(NotFound, match=f"no version {serial}"):
        versions.get(zone, serial)


def test_versions_without_content_are_listed_and_not_restorable(workspace: Workspace, zone: Zone) -> None:
    seen = history(workspace, zone)
    numbers = [(one.added, one.changed, one.removed) for one in listed(zone)]
    with workspace.store.writing():
        purge_journal(zone.created_at + timedelta(minutes=2, seconds=30), workspace.clock(), 100)
    found = listed(zone)
    assert [one.restorable for one in found] == [True, True, True, False, False, False]
    assert [(one.added, one.changed, one.removed) for one in found] == numbers
    now = zones.get_any(zone.uuid)
    assert versions.records_of(now, found[2]) == seen[found[2].serial]
    for call in (versions.changes_of, versions.records_of):
        with pytest.raises(Conflict, match=f"no longer has the records of version {found[3].serial}"):
            call(now, found[3])
    with pytest.raises(Conflict):
        versions.changes_between(now, found[0], found[5])


def test_rows_without_stored_numbers_are_counted(workspace: Workspace, zone: Zone) -> None:
    history(workspace, zone)
    before = listed(zone)
    with closing(sqlite.connect(workspace.store.path)) as writer:
        writer.execute("update change set added_count = null, changed_count = null, removed_count = null")
    assert listed(zone) == before


def test_incomplete_rows_are_found_by_an_index(workspace: Workspace) -> None:
    with closing(sqlite.connect(workspace.store.path)) as reader:
        plan = reader.execute(
            "explain query plan select max(id) from change"
            " where zone_id = ? and (content_removed_at is not null or format < 2)",
            (1,),
        )
        assert "change_incomplete" in str(plan.fetchall())


def test_records_that_moved_to_a_child_zone_belong_to_its_first_version(workspace: Workspace, zone: Zone) -> None:
    workspace.add(zone, "A", "www.dev", "192.0.2.1")
    child = workspace.editor.create_zone(workspace.owner, "dev.example.com", take_records=True)
    (first,) = listed(child)
    assert (first.added, first.changed, first.removed) == (1, 0, 0)
    assert len(versions.records_of(child, first)) == 1
    above = zones.get_any(zone.uuid)
    assert [len(versions.records_of(above, one)) for one in listed(above)] == [0, 1, 0]
    assert workspace.editor.create_record(workspace.owner, child.uuid, RecordInput("A", "a", "192.0.2.1"))


def test_records_that_changed_since_are_counted(workspace: Workspace, zone: Zone) -> None:
    history(workspace, zone)
    counts = [versions.count_changed_since(zone, one) for one in reversed(listed(zone))]
    changed = [one.added + one.changed + one.removed for one in reversed(listed(zone))]
    assert counts == [sum(changed[at + 1 :]) for at in range(len(changed))] and counts[0] == 6
