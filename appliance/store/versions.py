"""Versions of zones, from the journal: the author of each, what it changed, and which records it had.

A version is the state of a zone after all rows of the journal with its serial. The records of a former version follow
from the present ones and the changes since, so that only the rows from it on need their content.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import peewee as pw

from appliance.errors import Conflict, NotFound
from appliance.store import name_keys, records, tables
from appliance.store.journal import CHANGED_COUNT, Document, read_record
from appliance.store.zones import Page
from appliance.zones.changes import Change, apply, change_between, invert
from appliance.zones.model import Record, Zone
from appliance.zones.serial import MODULUS


@dataclass(frozen=True, slots=True)
class ZoneVersion:
    """A version of a zone: its author, when and from where, and how many records it changed.

    `kind` and `change_id` are those of its first change, `first_row` and `last_row` are its rows in the journal.
    Without `restorable` the journal no longer has what is needed to show its changes or to restore it. `confirm_by` is
    when its first change is reverted unless it is confirmed before, None if it is not.
    """

    serial: int
    kind: str
    change_id: UUID
    created_at: datetime
    actor: str
    address: str
    comment: str
    added: int
    changed: int
    removed: int
    restorable: bool
    confirm_by: datetime | None
    first_row: int
    last_row: int


def find(zone: Zone, page: Page) -> tuple[list[ZoneVersion], int]:
    """Return a page of the zone's versions, newest first, and their number on all pages."""
    total = int(_rows(zone).select(pw.fn.count(tables.Change.serial.distinct())).scalar())
    last = pw.fn.max(tables.Change.id)
    query = _rows(zone).select(tables.Change.serial).group_by(tables.Change.serial).order_by(last.desc())
    serials = [row.serial for row in query.limit(page.size).offset(page.offset)]
    return sorted(_versions(zone, serials), key=lambda one: one.last_row, reverse=True), total


def get(zone: Zone, serial: int) -> ZoneVersion:
    """Return the version of the zone with that serial; raise NotFound if there is none."""
    found = next(_versions(zone, [serial]), None) if 0 <= serial < MODULUS else None  # SQLite has 64 bits
    if found is None:
        raise NotFound(f"this zone has no version {serial}")
    return found


def latest(zone: Zone) -> ZoneVersion:
    """Return the present version of the zone."""
    return get(zone, zone.serial)


def at_time(zone: Zone, moment: datetime) -> ZoneVersion:
    """Return the version of the zone at the end of that second, with its rows until then.

    So the time that is shown of a change, without its fraction of a second, is one when the zone has it. Raise NotFound
    if there was none.
    """
    change = tables.Change
    end = moment.replace(microsecond=999_999)  # a second later there may be no date: years have four digits
    row = _rows(zone).where(change.created_at <= end).order_by(change.id.desc()).first()
    if row is None:
        raise NotFound("this zone did not exist at that time")
    return replace(get(zone, row.serial), last_row=row.id)


def changes_of(zone: Zone, version: ZoneVersion) -> list[Change]:
    """Return what the version changed; raise Conflict if the journal no longer has that."""
    require_restorable(version)
    return changes_in(zone, version.first_row - 1, version.last_row)


def changes_between(zone: Zone, before: ZoneVersion, after: ZoneVersion) -> list[Change]:
    """Return the changes that lead from one version to another, in either direction; raise Conflict as `changes_of`."""
    require_restorable(before)
    require_restorable(after)
    if before.last_row <= after.last_row:
        return changes_in(zone, before.last_row, after.last_row)
    return list(invert(changes_in(zone, after.last_row, before.last_row)))


def count_changed_since(zone: Zone, version: ZoneVersion) -> int:
    """Return how many records later versions changed, one as often as it was changed; without reading them."""
    change = tables.Change
    count = pw.fn.coalesce(pw.fn.sum(change.added_count + change.removed_count - change.changed_count), 0)
    return int(_rows(zone).select(count).where(change.id > version.last_row).scalar())


def records_of(zone: Zone, version: ZoneVersion) -> list[Record]:
    """Return the records of the version, ordered by owner and type; raise Conflict as `changes_of`."""
    require_restorable(version)
    former = apply(records.iterate(zone), invert(changes_in(zone, version.last_row)))
    return sorted(former, key=lambda one: (name_keys.owner_key(one.owner, zone.name), one.rdtype.name, one.wire))


def changes_in(zone: Zone, after: int, until: int | None = None) -> list[Change]:
    """Return what the rows after one row of the journal, up to another or the last, changed all together."""
    before: dict[str, Document | None] = {}
    now: dict[str, Document | None] = {}
    for row in rows_after(zone, after, until):
        removed, added = (_by_uuid(documents) for documents in (row.removed, row.added))
        for uuid in {**removed, **added}:
            before.setdefault(uuid, removed.get(uuid))
            now[uuid] = added.get(uuid)
    pairs = ((_read(former, zone), _read(now[uuid], zone)) for uuid, former in before.items())
    return [change for former, new in pairs for change in change_between(former, new)]


def rows_after(zone: Zone, after: int, until: int | None = None) -> Iterator[tables.Change]:
    """Yield the rows of the zone in the journal after that row, up to another or the last."""
    change = tables.Change
    query = _rows(zone).select(change.id, change.uuid, change.removed, change.added).where(change.id > after)
    if until is not None:
        query = query.where(change.id <= until)
    return iter(query.order_by(change.id).iterator())


def records_in(row: tables.Change, zone: Zone) -> Iterator[Record]:
    """Yield the records of a row of the journal, as they were and as they became."""
    return (read_record(document, zone) for document in (*row.removed, *row.added))


def has_content_from(zone: Zone, row: int) -> bool:
    """Return whether the journal still has the records of that row and of all later ones of the zone."""
    return row > _last_incomplete_row(zone)


def require_restorable(version: ZoneVersion) -> None:
    """Raise Conflict unless the journal has what is needed to show and restore the version."""
    if not version.restorable:
        raise Conflict(f"the journal no longer has the records of version {version.serial}: see `restorable`")


def _versions(zone: Zone, serials: Collection[int]) -> Iterator[ZoneVersion]:
    """Yield the versions with these serials."""
    complete_after = _last_incomplete_row(zone)
    found: dict[int, list[Any]] = {}
    for row in _counted_rows(zone).where(tables.Change.serial.in_(serials)).order_by(tables.Change.id):
        found.setdefault(row.serial, []).append(row)
    for serial, rows in found.items():
        first = rows[0]
        changed = sum(row.changed_number for row in rows)
        yield ZoneVersion(
            serial=serial,
            kind=first.kind,
            change_id=first.uuid,
            created_at=first.created_at,
            actor=first.actor,
            address=first.address,
            comment=first.comment,
            added=sum(row.added_number for row in rows) - changed,
            changed=changed,
            removed=sum(row.removed_number for row in rows) - changed,
            restorable=first.id > complete_after,
            confirm_by=first.due_at,
            first_row=first.id,
            last_row=rows[-1].id,
        )


def _rows(zone: Zone) -> pw.ModelSelect[tables.Change]:
    return tables.Change.select().where(tables.Change.zone == records.zone_id(zone))


def _counted_rows(zone: Zone) -> pw.ModelSelect[tables.Change]:
    """Select the rows of a zone without their content, with numbers of records; old rows have none stored."""
    change, pending = tables.Change, tables.PendingChange
    counts = [
        pw.fn.coalesce(change.added_count, pw.fn.json_array_length(change.added)).coerce(False).alias("added_number"),
        pw.fn.coalesce(change.removed_count, pw.fn.json_array_length(change.removed))
        .coerce(False)
        .alias("removed_number"),
        pw.fn.coalesce(change.changed_count, pw.SQL(CHANGED_COUNT)).coerce(False).alias("changed_number"),
    ]
    is_pending = (pending.change == change.id) & pending.confirmed_at.is_null() & pending.reverted_at.is_null()
    columns = (change.id, change.uuid, change.serial, change.kind, change.created_at)
    author = (change.actor, change.address, change.comment)
    return (
        change.select(*columns, *author, pending.due_at, *counts)
        .join(pending, pw.JOIN.LEFT_OUTER, on=is_pending)
        .where(change.zone == records.zone_id(zone))
        .objects()
    )


def _last_incomplete_row(zone: Zone) -> int:
    """Return the last row of the zone from which nothing can be restored, or 0; an index has these rows."""
    query = (
        "select max(id) from change where zone_id = (select id from zone where uuid = ?)"
        " and (content_removed_at is not null or format < 2)"
    )
    (last,) = tables.Change._meta.database.execute_sql(query, (zone.uuid.hex,)).fetchone()
    return last or 0


def _read(document: Document | None, zone: Zone) -> Record | None:
    return read_record(document, zone) if document else None


def _by_uuid(documents: list[Document]) -> dict[str, Document]:
    return {document["uuid"]: document for document in documents}
