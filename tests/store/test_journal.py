"""The journal: complete, in the order of the commits; it shows which zones changed."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from appliance.editing import RecordInput
from appliance.principal import Principal
from appliance.render.zone_file import record_line
from appliance.store import journal, name_keys, tables, zones
from appliance.store.columns import Instant
from appliance.store.file import sqlite
from appliance.zones.model import Zone
from tests.workspace import Workspace, read_rows

Columns = dict[str, object]
Content = dict[str, Columns]
"""The rows of a zone's records by uuid, without `id` and `zone_id`."""


def rows() -> list[tables.Change]:
    """Return the rows of the journal, in their order."""
    return list(tables.Change.select().order_by(tables.Change.id))


def stored(workspace: Workspace, zone: Zone) -> Content:
    """Return the rows of the zone's records, by uuid."""
    query = "select * from record where zone_id = (select id from zone where uuid = ?)"
    found = read_rows(workspace.store.path, query, (zone.uuid.hex,))
    for row in found:
        del row["id"], row["zone_id"]
    return {str(row["uuid"]): row for row in found}


def columns(document: dict[str, Any], zone: Zone) -> Columns:
    """Return the row of a record, from the journal alone."""
    record = journal.read_record(document, zone)
    moment = Instant()
    return {
        "uuid": record.uuid.hex,
        "owner": document["name"],
        "owner_key": name_keys.owner_key(record.owner, zone.name),
        "rdtype": document["record_type"],
        "ttl": record.ttl,
        "wire": record.wire,
        "value": record.value,
        "priority": record.priority,
        "line": record_line(record),
        "comment": record.comment,
        "revision": document["revision"],
        "created_at": moment.db_value(record.created_at),
        "updated_at": moment.db_value(record.updated_at),
        "expires_at": moment.db_value(record.expires_at),
    }


def versions(zone: Zone) -> dict[int, Content]:
    """Return the records of the zone at each of its serials, from the journal alone."""
    found: dict[int, Content] = {}
    content: Content = {}
    for row in tables.Change.select().join(tables.Zone).where(tables.Zone.uuid == zone.uuid).order_by(tables.Change.id):
        for document in row.removed:
            assert content.pop(UUID(document["uuid"]).hex) == columns(document, zone)
        content |= {UUID(document["uuid"]).hex: columns(document, zone) for document in row.added}
        found[row.serial] = dict(content)
    return found


def test_an_empty_journal(workspace: Workspace) -> None:
    assert journal.last() == 0 and journal.zones_since(0) == (set(), 0)


def test_rows_are_in_the_order_of_the_commits(workspace: Workspace) -> None:
    first, second = workspace.zone("a.org"), workspace.zone("b.org")
    place = journal.last()
    assert journal.zones_since(0) == ({first.uuid, second.uuid}, place)
    workspace.clock.forward(hours=-5)
    workspace.add(second, "A", "www", "192.0.2.1")
    assert journal.zones_since(place) == ({second.uuid}, place + 1)
    workspace.editor.delete_zone(workspace.owner, first.uuid)
    assert journal.zones_since(place) == ({first.uuid, second.uuid}, place + 2)
    assert journal.zones_since(place + 2) == (set(), place + 2)
    assert [kind for kind, _ in workspace.journal()] == ["zone.create", "zone.create", "records", "zone.delete"]


def test_a_row_has_actor_address_and_changes(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.add(zone, "MX", "dev", "mail.example.org", priority=10)
    row = rows()[-1]
    assert (row.account, row.actor, row.address) == (workspace.owner.account.uuid, "owner@example.org", "192.0.2.7")
    assert row.removed == [] and len(row.added) == 1
    kept = {key: row.added[0][key] for key in ("name", "record_type", "ttl", "value", "priority", "comment")}
    assert kept == {
        "name": "dev",
        "record_type": "MX",
        "ttl": 3600,
        "value": "mail.example.org",
        "priority": 10,
        "comment": "",
    }


def test_the_last_actor_of_a_deleted_zone_deleted_it(workspace: Workspace) -> None:
    gone, kept, other = (workspace.zone(f"{name}.example") for name in ("gone", "kept", "other"))
    workspace.editor.delete_zone(Principal.local("somebody"), gone.uuid)
    assert journal.last_actors([gone.uuid, kept.uuid]) == {gone.uuid: "somebody", kept.uuid: workspace.owner.name}
    assert journal.last_actors([]) == {} and other.uuid not in journal.last_actors([gone.uuid])


def test_changes_are_counted_by_the_hour(workspace: Workspace) -> None:
    workspace.clock.now = datetime(2031, 5, 4, 12, 30, tzinfo=UTC)
    assert journal.count_by_hour(workspace.clock(), 3) == [0, 0, 0]
    zone = workspace.zone()
    workspace.clock.forward(minutes=29)
    workspace.add(zone, "A", "www", "192.0.2.1")
    workspace.clock.forward(minutes=1)
    workspace.add(zone, "A", "www", "192.0.2.2")
    assert journal.count_by_hour(workspace.clock(), 3) == [0, 2, 1]
    workspace.clock.forward(hours=2)
    assert journal.count_by_hour(workspace.clock(), 2) == [0, 0]
    assert journal.count_by_hour(workspace.clock(), 5) == [0, 2, 1, 0, 0]


def test_every_version_of_a_zone_is_rebuilt_from_the_journal(workspace: Workspace) -> None:
    zone, other = workspace.zone(), workspace.zone("other.example")
    seen = {zone.serial: stored(workspace, zone)}

    def note() -> None:
        workspace.clock.forward(seconds=61, microseconds=7)
        now = zones.get_any(zone.uuid)
        seen[now.serial] = stored(workspace, now)

    www = workspace.add(zone, "A", "www", "192.0.2.1", ttl=300)
    note()
    workspace.add(other, "A", "www", "192.0.2.1")
    workspace.add(zone, "MX", "@", "mail.example.org", priority=10)
    note()
    workspace.add(zone, "A", "www", "192.0.2.2", ttl=60)  # changes the TTL of the first one too
    note()
    for requested in (
        RecordInput("A", "www", "192.0.2.3", ttl=60),
        RecordInput("A", "www", "192.0.2.3", ttl=60, comment="under the same serial"),
        RecordInput("TXT", "text.deep", '"a \\"quoted\\" \\195\\188"', ttl=60),
    ):
        workspace.editor.change_record(workspace.owner, www.uuid, lambda _zone, _record, requested=requested: requested)  # type: ignore[misc]
        note()
    workspace.editor.delete_record(workspace.owner, www.uuid)
    note()
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"comment": "of a zone"})
    workspace.editor.raise_serial(zone.uuid, zones.get_any(zone.uuid).serial + 9)
    note()
    assert len(seen) == 8
    assert versions(zone) == seen


def test_settings_are_stored_before_and_after(workspace: Workspace) -> None:
    zone = workspace.zone()
    first = {"default_ttl": 3600, "protected": False, "comment": ""}
    second = {"default_ttl": 60, "protected": True, "comment": "ours"}
    workspace.editor.change_zone(workspace.owner, zone.uuid, second)
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"protected": False})
    workspace.editor.delete_zone(workspace.owner, zone.uuid)
    assert [row.settings for row in rows()] == [
        {"before": None, "after": first},
        {"before": first, "after": second},
        {"before": second, "after": {**second, "protected": False}},
        None,
    ]
    assert {row.format for row in rows()} == {journal.FORMAT}


def test_a_version_is_found_by_an_index(workspace: Workspace) -> None:
    with closing(sqlite.connect(workspace.store.path)) as reader:
        plan = reader.execute("explain query plan select * from change where zone_id = ? and serial = ?", (1, 1))
        assert "using index change_version" in str(plan.fetchall()).lower()
