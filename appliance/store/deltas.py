"""The differences between the versions of a zone since one of them, from the journal.

The journal has the removed and added records of every change in wire form, so no other column holds a difference. What
is published besides the stored records changes with the zone itself or its child zones alone: such a row, and a change
of records that child zones hide, gives the reason to publish a file instead.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from dns.name import Name, from_wire
from dns.rdatatype import RdataType

from appliance.store import journal, name_keys, tables
from appliance.zones.delta import (
    MAX_OCTETS,
    FileReason,
    VersionDelta,
    WireRecord,
    ZoneNames,
    between,
    file_reason,
    names_up_to,
    net,
)
from appliance.zones.serial import is_ahead, is_later

MAX_TEXT = 1_000_000
"""Octets of the JSON text of all rows that are read: about 3,000 records, and 30 ms."""


@dataclass(frozen=True, slots=True)
class ZoneDeltas:
    """The present serial of a zone, and the differences that lead to it in their order, or why there are none."""

    serial: int
    versions: tuple[VersionDelta, ...] = ()
    reason: FileReason | None = None


class _Row(NamedTuple):
    kind: str
    serial: int
    complete: bool
    removed: str | None
    added: str | None


def since(uuid: UUID, serial: int, servers: Collection[Name] = ()) -> ZoneDeltas:
    """Return what leads from the version with that serial to the present one; the zone must exist.

    `servers` are the nameservers of the appliance. One statement, and another one if the zone has child zones. Call it
    in one reading of the store.
    """
    cursor = tables.Change._meta.database.execute_sql(_SINCE, (serial, uuid.hex, journal.FORMAT, MAX_TEXT))
    name, present, file, has_children, *first = cursor.fetchone()
    rows = list(_bounded(_Row(*columns) for _, _, _, _, *columns in cursor))
    cursor.close()
    reason = _reason(rows, serial, present, has_version=first[0] is not None)
    if not reason and file is not None and is_ahead(file, present):
        reason = FileReason.OLD_FILE
    if reason:
        return ZoneDeltas(present, reason=reason)
    origin = name_keys.domain_from(name)
    versions = tuple(_versions(rows, origin))
    children = _children(uuid, versions, origin) if has_children else ()
    names = ZoneNames(origin.to_digestable(), {server.to_digestable() for server in servers}, children)
    reason = _file_reason(versions, names)
    return ZoneDeltas(present, reason=reason) if reason else ZoneDeltas(present, versions)


def _bounded(rows: Iterable[_Row]) -> Iterator[_Row]:
    """Yield the rows that are published, up to the one with which their text exceeds MAX_TEXT, without its content."""
    left = MAX_TEXT
    for row in rows:
        if row.kind in journal.UNPUBLISHED:
            continue
        left -= len(row.removed or "") + len(row.added or "")
        if left < 0:
            yield row._replace(removed=None, added=None)
            return
        yield row


def _reason(rows: list[_Row], serial: int, present: int, *, has_version: bool) -> FileReason | None:
    serials = [serial, *(row.serial for row in rows), present]
    if any(after != before and not is_later(after, before) for before, after in itertools.pairwise(serials)):
        return FileReason.NOT_LATER
    reason = next(filter(None, map(_row_reason, rows)), None)
    if not reason and (not has_version or serials[-2] != present):
        return FileReason.UNKNOWN_VERSION
    return reason


def _row_reason(row: _Row) -> FileReason | None:
    if row.kind == journal.RAISED:
        return None
    if row.kind != journal.RECORDS:
        return FileReason.ZONE_CHANGE
    if not row.complete:
        return FileReason.NO_CONTENT
    return FileReason.TOO_LARGE if row.removed is None else None


def _versions(rows: list[_Row], origin: Name) -> Iterator[VersionDelta]:
    for serial, group in itertools.groupby(rows, attrgetter("serial")):
        parts = (between(_records(row.removed, origin), _records(row.added, origin)) for row in group)
        yield VersionDelta(serial, net(parts))


def _records(text: str | None, origin: Name) -> Iterator[WireRecord]:
    for one in json.loads(text or "[]"):
        owner = name_keys.owner_from(one["name"], origin).to_digestable()
        yield WireRecord(owner, int(RdataType[one["record_type"]]), one["ttl"], bytes.fromhex(one["wire"]))


def _file_reason(versions: Iterable[VersionDelta], names: ZoneNames) -> FileReason | None:
    for _, delta in versions:
        reason = FileReason.TOO_LARGE if delta.octets > MAX_OCTETS else file_reason(delta, names)
        if reason:
            return reason
    return None


def _children(uuid: UUID, versions: Iterable[VersionDelta], origin: Name) -> set[bytes]:
    """Return the child zones at or above the owners of records, and one below each owner of NS records."""
    records = {(one.owner, one.rdtype) for _, delta in versions for one in delta.records()}
    above = {name for owner, _ in records for name in names_up_to(owner, origin.to_digestable())}
    over = {owner for owner, rdtype in records if rdtype == RdataType.NS}
    asked = (json.dumps([name_keys.domain_key(from_wire(name, 0)[0]) for name in names]) for names in (above, over))
    rows = tables.Zone._meta.database.execute_sql(_CHILDREN, (uuid.hex, *asked)).fetchall()
    return {name_keys.domain_from(name).to_digestable() for (name,) in rows if name is not None}


_SINCE = """
select zone.name, zone.serial, (select published_serial from deployment where deployment.zone_id = zone.id), exists (
        select 1 from zone as below where below.name_key > zone.name_key
        and below.name_key < substr(zone.name_key, 1, length(zone.name_key) - 1) || '/'
        and below.deleted_at is null and +below.account_id = zone.account_id
    ),
    change.kind, change.serial, change.format = ?3 and content_removed_at is null,
    iif(change.serial <> ?1 and octet_length(removed) + octet_length(added) <= ?4, removed, null),
    iif(change.serial <> ?1 and octet_length(removed) + octet_length(added) <= ?4, added, null)
from zone
left join change on change.zone_id = zone.id
and change.id >= (select max(id) from change where zone_id = zone.id and serial = ?1)
where zone.uuid = ?2
order by change.id
"""
_CHILDREN = """
with account (id) as (select account_id from zone where uuid = ?1)
select zone.name from json_each(?2) as asked cross join zone on zone.name_key = asked.value
where deleted_at is null and +account_id = (select id from account)
union all
select (
    select name from zone where name_key > asked.value
    and name_key < substr(asked.value, 1, length(asked.value) - 1) || '/'
    and deleted_at is null and +account_id = (select id from account)
) from json_each(?3) as asked
"""
