"""Rows of records, and the view of a stored zone for its rules.

Each row has the record's line of the zone file, so that SQLite can concatenate a whole file without parsing a record.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import peewee as pw
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.errors import InvalidValue
from appliance.principal import Scope
from appliance.store import delegations, name_keys, tables, zone_structure
from appliance.store.prepared import PreparedSelect
from appliance.store.scopes import within
from appliance.store.zones import from_row as zone_from_row
from appliance.zones.delta import WireRecord
from appliance.zones.hashed_name import Labels
from appliance.zones.model import Node, Record, Zone, group_rrsets

READ_AHEAD = 50
"""Owners in the first read of `ZoneView.below`; each further read has twice as many."""
BATCH = 1000
"""Records in one read of a whole zone."""
MAX_READ_AHEAD = 800
"""Owners in one read at most."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The zone file lines of all records of a zone, and their number."""

    text: str
    count: int


def get(uuid: UUID, scope: Scope) -> tuple[Zone, Record] | None:
    """Return the record with that uuid and its zone, or None if the zone is deleted or outside of the scope."""
    row = _with_uuid.first(uuid, scope)
    return with_zone(row) if row else None


@PreparedSelect
def _with_uuid(uuid: UUID, scope: Scope) -> pw.ModelSelect[tables.Record]:
    return with_zones().where(tables.Record.uuid == uuid, *within(scope))


def get_in(zone: Zone, uuid: UUID) -> Record | None:
    """Return the zone's record with that uuid, or None."""
    row = next(iter(_of_uuids(zone.uuid, frozenset((uuid,)))), None)
    return _record(row, zone.name) if row else None


def revision_of(uuid: UUID) -> int | None:
    """Return the revision of the record, which increases with every change; None if there is no such record."""
    row = _revisions.first(frozenset((uuid,)))
    return row.revision if row else None


@PreparedSelect
def _revisions(uuids: frozenset[UUID]) -> pw.ModelSelect[tables.Record]:
    record = tables.Record
    return record.select(record.uuid, record.revision).where(record.uuid.in_(list(uuids)))


def existing(uuids: Iterable[UUID]) -> set[UUID]:
    """Return those of these uuids that a record of any zone has, deleted or not."""
    record = tables.Record
    query = record.select(record.uuid)
    return {row.uuid for part in tables.batches(uuids) for row in query.where(record.uuid.in_(part))}


def expired(now: datetime, limit: int, among: Collection[UUID] | None = None) -> list[tuple[UUID, int, UUID]]:
    """Return zone, revision of the zone, and uuid of records that have expired, at most `limit`, the oldest first.

    With `among` only of records that have these uuids, which must fit into one statement.
    """
    record, zone = tables.Record, tables.Zone
    query = record.select(record.uuid, zone.uuid, zone.revision).join(zone)
    is_over = record.expires_at.is_null(False) & (record.expires_at <= now)
    if among is not None:
        query = query.where(record.uuid.in_(among))
    rows = query.where(is_over, zone.deleted_at.is_null()).order_by(record.expires_at).limit(limit)
    return [(row.zone.uuid, row.zone.revision, row.uuid) for row in rows]


def of_zone(zone: Zone) -> list[Record]:
    """Return all records of the zone, ordered by owner and type."""
    return list(iterate(zone))


def iterate(zone: Zone) -> Iterator[Record]:
    """Yield the same, read in batches; the records are those of one moment only within `Store.reading`."""
    rows = _batch(zone.uuid, None)
    while rows:
        yield from (_record(row, zone.name) for row in rows)
        last = rows[-1]
        rows = _batch(zone.uuid, [last.owner_key, last.rdtype, last.wire]) if len(rows) == BATCH else []


@PreparedSelect
def _batch(zone: UUID, after: list[Any] | None) -> pw.ModelSelect[tables.Record]:
    """Select the next records of a zone after these values of `ORDER`, or the first."""
    batch = _of_zone(zone).order_by(*ORDER).limit(BATCH)
    return batch if after is None else batch.where(pw.Tuple(*ORDER) > pw.Tuple(*after))


def with_higher_ttl(zone: Zone, ttl: int) -> Record | None:
    """Return the first record of the zone whose TTL is higher, None if there is none."""
    row = _rows(zone).where(tables.Record.ttl > ttl).first()
    return _record(row, zone.name) if row else None


def lines_of(zone: Zone, without: Iterable[UUID] = ()) -> Lines:
    """Return the zone file lines of all records but those, ordered by owner and type (33 ms for 100,000 records)."""
    query = (
        "select group_concat(line, char(10)), count(*) from "
        "(select line from record where zone_id = (select id from zone where uuid = ?)"
        " and uuid not in (select value from json_each(?)) order by owner_key, rdtype, wire)"
    )
    left_out = json.dumps([uuid.hex for uuid in without])
    text, count = tables.Record._meta.database.execute_sql(query, (zone.uuid.hex, left_out)).fetchone()
    return Lines(f"{text}\n" if text else "", count)


def wire_of(zone: Zone, without: Iterable[UUID] = ()) -> Iterator[WireRecord]:
    """Yield all records but those as they are published, in no order; only within `Store.reading`."""
    query = (
        "select owner, rdtype, ttl, wire from record where zone_id = (select id from zone where uuid = ?)"
        " and uuid not in (select value from json_each(?))"
    )
    left_out = json.dumps([uuid.hex for uuid in without])
    owner_text, owner = "", b""
    for text, rdtype, ttl, wire in tables.Record._meta.database.execute_sql(query, (zone.uuid.hex, left_out)):
        if text != owner_text:
            owner_text, owner = text, name_keys.owner_from(text, zone.name).to_digestable()
        yield WireRecord(owner, RdataType[rdtype].value, ttl, bytes(wire))


@dataclass(frozen=True, slots=True)
class ZoneView:
    """A stored zone for `appliance.zones.rules`; only what the rules request is read."""

    zone: Zone
    servers: tuple[Name, ...]

    @property
    def origin(self) -> Name:
        """The zone's name."""
        return self.zone.name

    def nodes(self, owners: Iterable[Name]) -> Mapping[Name, Node]:
        """Return what is stored at each of these owners."""
        keys = (name_keys.owner_key(owner, self.origin) for owner in owners)
        return group_rrsets(
            _record(row, self.origin)
            for part in tables.batches(keys)
            for row in _of_owners(self.zone.uuid, frozenset(part))
        )

    def child_zones(self, names: Iterable[Name]) -> Collection[Name]:
        """Return those of these names that are zones of the same account."""
        return delegations.zones_among(names, self.zone.account)

    def child_zones_below(self, name: Name) -> Collection[Name]:
        """Return the zones of the same account below this name that have none between it and them."""
        return delegations.topmost_below(name, self.zone.account)

    def non_terminals(self, names: Collection[Name]) -> Collection[Name]:
        """Return those of these names that have records or zones of the same account below them."""
        return zone_structure.non_terminals(names, self.zone)

    def targets(self, names: Collection[Name] | None) -> Collection[Record]:
        """Return the MX, NS and SRV records with one of these names as target; None: with any."""
        return self.records(zone_structure.pointing_to(names, self.zone)).values()

    def owners_of_ns(self, servers: Iterable[Name]) -> Collection[Name]:
        """Return the owners of the stored NS records that name one of these nameservers."""
        wires = (server.to_wire() or b"" for server in servers)
        rows = (row for part in tables.batches(wires) for row in _ns_with_data(self.zone.uuid, frozenset(part)))
        return {name_keys.owner_from(row.owner, self.origin) for row in rows}

    def delegated_owners(self) -> set[Name]:
        """Return the owners of all NS records."""
        rows = _rows(self.zone).where(tables.Record.rdtype == pw.SQL("'NS'")).select(tables.Record.owner).distinct()
        return {name_keys.owner_from(row.owner, self.origin) for row in rows}

    def records(self, uuids: Iterable[UUID]) -> Mapping[UUID, Record]:
        """Return the records of the zone with these uuids."""
        found = (_of_uuids(self.zone.uuid, frozenset(part)) for part in tables.batches(uuids))
        return {row.uuid: _record(row, self.origin) for rows in found for row in rows}

    def revisions(self, uuids: Iterable[UUID]) -> Mapping[UUID, int]:
        """Return the revisions of these records."""
        found = (_revisions(frozenset(part)) for part in tables.batches(uuids))
        return {row.uuid: row.revision for rows in found for row in rows}

    def below(self, owner: Name, skip: Container[Labels] = ()) -> Iterator[tuple[Name, Node]]:
        """Yield each owner below this one, except those to skip, with its node; owners are read in batches."""
        low, high = name_keys.below(name_keys.owner_key(owner, self.origin))
        key, limit = tables.Record.owner_key, READ_AHEAD
        while True:
            rows = _rows(self.zone).where(key > low, key < high).select(key).distinct().order_by(key).limit(limit)
            keys = [row.owner_key for row in rows]
            chosen = [one for one in keys if name_keys.owner_from_key(one, self.origin).labels not in skip]
            if chosen:
                records = _rows(self.zone).where(key.in_(chosen)).order_by(*ORDER)
                yield from group_rrsets(_record(row, self.origin) for row in records).items()
            if len(keys) < limit:
                return
            low, limit = keys[-1], min(2 * limit, MAX_READ_AHEAD)


ORDER = (tables.Record.owner_key, tables.Record.rdtype, tables.Record.wire)


def _rows(zone: Zone) -> pw.ModelSelect[tables.Record]:
    return _of_zone(zone.uuid)


@PreparedSelect
def _of_uuids(zone: UUID, uuids: frozenset[UUID]) -> pw.ModelSelect[tables.Record]:
    return _of_zone(zone).where(tables.Record.uuid.in_(list(uuids)))


def _of_zone(uuid: UUID) -> pw.ModelSelect[tables.Record]:
    zone = tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == uuid)
    return tables.Record.select().where(tables.Record.zone == zone)


@PreparedSelect
def _of_owners(zone: UUID, keys: frozenset[str]) -> pw.ModelSelect[tables.Record]:
    return _of_zone(zone).where(tables.Record.owner_key.in_(list(keys))).order_by(*ORDER)


@PreparedSelect
def _ns_with_data(zone: UUID, wires: frozenset[bytes]) -> pw.ModelSelect[tables.Record]:
    is_ns = tables.Record.rdtype == pw.SQL("'NS'")  # not a parameter: the index is of NS records alone
    return _of_zone(zone).select(tables.Record.owner).where(is_ns, tables.Record.wire.in_(list(wires)))


def with_zones() -> pw.ModelSelect[tables.Record]:
    """Select records with their zones and accounts."""
    return tables.Record.select(tables.Record, tables.Zone, tables.Account.uuid).join(tables.Zone).join(tables.Account)


def zone_id(zone: Zone) -> pw.ModelSelect[tables.Zone]:
    """Return the subquery for the id of the zone's row."""
    return tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == zone.uuid)


def with_zone(row: tables.Record) -> tuple[Zone, Record]:
    """Return the zone and the record of a row of `with_zones`."""
    zone = zone_from_row(row.zone)
    return zone, _record(row, zone.name)


def _record(row: tables.Record, origin: Name) -> Record:
    return Record(
        uuid=row.uuid,
        owner=name_keys.owner_from(row.owner, origin),
        rdtype=RdataType[row.rdtype],
        ttl=row.ttl,
        wire=bytes(row.wire),
        value=row.value,
        priority=row.priority,
        comment=row.comment,
        created_at=row.created_at,
        updated_at=row.updated_at,
        expires_at=row.expires_at,
        revision=row.revision,
    )


def duplicate(record: Record) -> InvalidValue:
    """Return the error for a record whose RRset already has an identical one."""
    return InvalidValue(f"an identical {record.rdtype.name} record already exists", "value")
