"""The journal: every stored change of a zone, in the order of the commits. Rows are added and never changed, except
that their content, records and settings, is removed at the end of its retention: a version without it cannot be
restored. Who changed what and when, and how many records, is kept for ever.

A version of a zone consists of all rows with its serial. A row of format 2 holds what is needed to restore that version
exactly: of each removed or added record all columns of its row, with its wire form in hex; of a zone that was created
or whose settings changed, the settings before and after. A row of format 1 lacks wire form, revision, time of the last
change and settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import peewee as pw
from dns.rdatatype import RdataType

from appliance.principal import Principal
from appliance.store import name_keys, tables
from appliance.store.columns import JsonText
from appliance.store.prepared import PreparedSelect, PreparedWrite
from appliance.zones.changes import Change, Create, Delete, Update
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_owner

FORMAT = 2
"""The format of new rows."""
RECORDS = "records"
"""The kind of a change of records alone."""
CREATE = "zone.create"
"""The kind of the first row of a zone."""
RESTORE = "zone.restore"
"""The kind of the row when a deleted zone is restored."""
RAISED = "zone.raise_serial"
"""The kind of a new serial for the same content."""
SETTINGS = "zone.settings"
"""The kind of a change that is stored but not published."""
DELEGATION = "zone.delegation"
"""The kind of a change of a zone when one below it is created or deleted; it may have no records."""
DNSSEC = "zone.dnssec"
"""The kind of the row when the zone is published signed, or no longer."""
DS = "zone.ds"
"""The kind of a step of DNSSEC that changes nothing that is published: it is to end, a DS was confirmed, a rollover."""
OF_DNSSEC = frozenset({DNSSEC, DS})
"""The kinds of rows whose comment says what was done."""
UNPUBLISHED = frozenset({SETTINGS, DS})
"""The kinds of changes that are stored but not published."""

CHANGED_COUNT = (
    "(select count(*) - count(distinct value ->> 'uuid')"
    " from (select value from json_each(removed) union all select value from json_each(added)))"
)
"""The number of records of a row that are both removed and added, each list having a record once; as SQL."""


@dataclass(frozen=True, slots=True)
class Content:
    """The records of a row, as JSON text, and how many there are; it is prepared before the write lock is acquired."""

    removed: JsonText
    added: JsonText
    removed_count: int
    added_count: int
    changed_count: int

    @property
    def octets(self) -> int:
        """The octets of the records, without the brackets around them."""
        return len(self.removed.encode()) + len(self.added.encode()) - len("[][]")


def content_of(changes: Iterable[Change], zone: Zone) -> Content:
    """Return the content of a row with these changes of the zone; an updated record is removed and added."""
    changes = list(changes)
    removed, added = _documents(changes, zone)
    changed = len(removed) + len(added) - len(changes)
    return Content(JsonText.of(removed), JsonText.of(added), len(removed), len(added), changed)


EMPTY = Content(JsonText.of([]), JsonText.of([]), 0, 0, 0)
"""The content of a row that has no records."""


def append(
    zone: Zone,
    kind: str,
    principal: Principal,
    now: datetime,
    content: Content = EMPTY,
    comment: str = "",
    *,
    before: Zone | None = None,
    uuid: UUID | None = None,
) -> UUID:
    """Store what was done to the zone and return the uuid of the row, by default a new one.

    `zone` is its state after the change; `before` is needed where its settings changed. Without a comment the row names
    the door of the principal.
    """
    uuid = uuid or uuid4()
    _insert(
        zone.uuid,
        uuid=uuid,
        kind=kind,
        serial=zone.serial,
        account=principal.recorded_account,
        actor=principal.name,
        address=principal.address,
        comment=comment or principal.via,
        created_at=now,
        format=FORMAT,
        removed=content.removed,
        added=content.added,
        added_count=content.added_count,
        changed_count=content.changed_count,
        removed_count=content.removed_count,
        settings=_settings(before, zone) if kind in (CREATE, SETTINGS) else None,
    )
    return uuid


@PreparedWrite
def _insert(zone: UUID, /, **columns: object) -> pw.ModelInsert:
    row = tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == zone)
    return tables.Change.insert(zone=row, **columns)


def last() -> int:
    """Return the id of the newest row, or 0."""
    return tables.Change.select(pw.fn.max(tables.Change.id)).scalar() or 0


def last_moment() -> datetime | None:
    """Return when the newest row was written, or None."""
    row = tables.Change.select(tables.Change.created_at).order_by(tables.Change.id.desc()).first()
    return row.created_at if row else None


def last_actors(zones: Iterable[UUID]) -> dict[UUID, str]:
    """Return who changed each of these zones last: of a deleted zone, who deleted it."""
    newest = tables.Change.alias()
    last_row = newest.select(pw.fn.max(newest.id)).where(newest.zone == tables.Zone.id)
    query = tables.Change.select(tables.Change.actor, tables.Zone.uuid).join(tables.Zone)
    rows = query.where(tables.Zone.uuid.in_(list(zones)), tables.Change.id == last_row)
    return {row.zone.uuid: row.actor for row in rows}


def count_by_hour(now: datetime, hours: int) -> list[int]:
    """Return the number of changes in each of the last hours, oldest first; the last one is the current hour."""
    hour = timedelta(hours=1)
    start = now.replace(minute=0, second=0, microsecond=0) - (hours - 1) * hour
    created_at = tables.Change.created_at
    index = (created_at - pw.Value(start, converter=created_at.db_value)) / pw.Value(hour // timedelta(microseconds=1))
    query = tables.Change.select(index.coerce(False).alias("hour"), pw.fn.count(tables.Change.id)).where(
        created_at >= start
    )
    rows: Iterable[tuple[int, int]] = query.group_by(pw.SQL("hour")).tuples().iterator()
    counts = dict(rows)
    return [counts.get(number, 0) for number in range(hours)]


def zones_since(row_id: int) -> tuple[set[UUID], int]:
    """Return the zones whose published content changed after that row, and the id of the newest row."""
    rows = _since(row_id)
    return {row.zone.uuid for row in rows if row.kind not in UNPUBLISHED}, rows[-1].id if rows else row_id


@PreparedSelect
def _since(row_id: int) -> pw.ModelSelect[tables.Change]:
    row = tables.Change
    query = row.select(row.id, row.kind, tables.Zone.uuid).join(tables.Zone)
    return query.where(row.id > row_id).order_by(row.id)


Document = dict[str, Any]


def _documents(changes: Iterable[Change], zone: Zone) -> tuple[list[Document], list[Document]]:
    """Return the removed records and the added ones."""
    removed, added = [], []
    for change in changes:
        match change:
            case Create(record):
                added.append(_document(record, zone, record.revision))
            case Delete(record):
                removed.append(_document(record, zone, record.revision))
            case Update(before, after):
                removed.append(_document(before, zone, before.revision))
                added.append(_document(after, zone, before.revision + 1))
    return removed, added


def _document(record: Record, zone: Zone, revision: int) -> Document:
    return {
        "uuid": str(record.uuid),
        "name": print_owner(record.owner, zone.name),
        "record_type": record.rdtype.name,
        "ttl": record.ttl,
        "value": record.value,
        "wire": record.wire.hex(),
        "priority": record.priority,
        "comment": record.comment,
        "revision": revision,
        "created_at": record.created_at.isoformat(),
        "updated_at": record.updated_at.isoformat(),
        "expires_at": record.expires_at and record.expires_at.isoformat(),
    }


def read_record(document: Document, zone: Zone) -> Record:
    """Return a record of a row of format 2; rows from before records could expire lack the time of expiry."""
    expires_at = document.get("expires_at")
    return Record(
        uuid=UUID(document["uuid"]),
        owner=name_keys.owner_from(document["name"], zone.name),
        rdtype=RdataType[document["record_type"]],
        ttl=document["ttl"],
        wire=bytes.fromhex(document["wire"]),
        value=document["value"],
        priority=document["priority"],
        comment=document["comment"],
        created_at=datetime.fromisoformat(document["created_at"]),
        updated_at=datetime.fromisoformat(document["updated_at"]),
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
        revision=document["revision"],
    )


def _settings(before: Zone | None, after: Zone) -> Document:
    return {"before": before and _settings_of(before), "after": _settings_of(after)}


def _settings_of(zone: Zone) -> Document:
    return {"default_ttl": zone.default_ttl, "protected": zone.protected, "comment": zone.comment}
