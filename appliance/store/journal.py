"""The journal: every stored change of a zone, in the order of the commits. Rows are added and never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import peewee as pw

from appliance.store import tables
from appliance.zones.changes import Change, Create, Delete, Update
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_owner

SETTINGS = "zone.settings"
"""The kind of a change that is stored and not published."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who made a change: the account (None: the appliance itself), what it is called, and the address it came from."""

    account: UUID | None
    name: str
    address: str


def append(
    zone: Zone, kind: str, actor: Actor, now: datetime, changes: Iterable[Change] = (), comment: str = ""
) -> UUID:
    """Note what was done to the zone; `zone` is its state after it. The uuid of the row."""
    uuid = uuid4()
    removed: list[Record] = []
    added: list[Record] = []
    for change in changes:
        match change:
            case Create(record):
                added.append(record)
            case Delete(record):
                removed.append(record)
            case Update(before, after):
                removed.append(before)
                added.append(after)
    tables.Change.create(
        uuid=uuid,
        zone=tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == zone.uuid),
        kind=kind,
        serial=zone.serial,
        account=actor.account,
        actor=actor.name,
        address=actor.address,
        comment=comment,
        created_at=now,
        removed=[_document(record, zone) for record in removed],
        added=[_document(record, zone) for record in added],
    )
    return uuid


def last() -> int:
    """The place of the newest row; 0 when there is none."""
    return tables.Change.select(pw.fn.max(tables.Change.id)).scalar() or 0


def last_moment() -> datetime | None:
    """When the newest row was written."""
    row = tables.Change.select(tables.Change.created_at).order_by(tables.Change.id.desc()).first()
    return row.created_at if row else None


def count_by_hour(now: datetime, hours: int) -> list[int]:
    """How many changes were stored in each of the last hours, the oldest first; the last one is not over yet."""
    hour = timedelta(hours=1)
    began = now.replace(minute=0, second=0, microsecond=0) - (hours - 1) * hour
    changed = tables.Change.created_at
    place = (changed - pw.Value(began, converter=changed.db_value)) / pw.Value(hour // timedelta(microseconds=1))
    query = tables.Change.select(place.coerce(False).alias("hour"), pw.fn.count(tables.Change.id)).where(
        changed >= began
    )
    rows: Iterable[tuple[int, int]] = query.group_by(pw.SQL("hour")).tuples().iterator()
    counts = dict(rows)
    return [counts.get(number, 0) for number in range(hours)]


def zones_since(place: int) -> tuple[set[UUID], int]:
    """The zones whose published content changed after that place, and the place of the newest row."""
    query = (
        tables.Change.select(tables.Change.id, tables.Change.kind, tables.Zone.uuid)
        .join(tables.Zone)
        .where(tables.Change.id > place)
        .order_by(tables.Change.id)
    )
    rows = list(query)
    return {row.zone.uuid for row in rows if row.kind != SETTINGS}, rows[-1].id if rows else place


def _document(record: Record, zone: Zone) -> dict[str, Any]:
    return {
        "uuid": str(record.uuid),
        "name": print_owner(record.owner, zone.name),
        "record_type": record.rdtype.name,
        "ttl": record.ttl,
        "value": record.value,
        "priority": record.priority,
        "comment": record.comment,
        "created_at": record.created_at.isoformat(),
    }
