"""Rows of records, and the view of a stored zone for its rules.

Each row has the record's line of the zone file, so that SQLite can concatenate a whole file without parsing a record.
"""

from __future__ import annotations

import functools
import json
import operator
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import peewee as pw
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.errors import InvalidValue
from appliance.principal import Scope
from appliance.store import delegations, name_keys, tables, zone_structure
from appliance.store.search import contains
from appliance.store.zones import Page, within
from appliance.store.zones import from_row as zone_from_row
from appliance.zones.delta import WireRecord
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


@dataclass(frozen=True, slots=True)
class OwnerMatch:
    """An owner, relative to its zone, in the zone of that name, or in any if that is None."""

    owner: str
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class DataMatch:
    """Data of a record: its type, and its canonical value or its wire form, if that does not have a priority too."""

    rdtype: RdataType
    value: str
    wire: bytes | None


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions for a list of records; None and the empty string mean no condition, an empty tuple that none matches.

    One of `places` and one of `data` must match.
    """

    zone: UUID | None = None
    rdtype: RdataType | None = None
    places: tuple[OwnerMatch, ...] | None = None
    data: tuple[DataMatch, ...] | None = None
    search: str | None = None


def get(uuid: UUID, scope: Scope) -> tuple[Zone, Record] | None:
    """Return the record with that uuid and its zone, or None if the zone is deleted or outside of the scope."""
    row = _joined().where(tables.Record.uuid == uuid, *within(scope)).get_or_none()
    return _with_zone(row) if row else None


def get_in(zone: Zone, uuid: UUID) -> Record | None:
    """Return the zone's record with that uuid, or None."""
    row = _rows(zone).where(tables.Record.uuid == uuid).get_or_none()
    return _record(row, zone.name) if row else None


def revision_of(uuid: UUID) -> int | None:
    """Return the revision of the record, which increases with every change; None if there is no such record."""
    row = tables.Record.select(tables.Record.revision).where(tables.Record.uuid == uuid).get_or_none()
    return row.revision if row else None


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


def find(scope: Scope, page: Page, filters: Filters) -> tuple[list[tuple[Zone, Record]], int]:
    """Return a page of records, each with its zone, and their number on all pages."""
    conditions = [*within(scope), *_conditions(filters)]
    order_by = (tables.Zone.name, tables.Record.owner_key, tables.Record.rdtype, tables.Record.wire)
    rows = _joined().where(*conditions).order_by(*order_by).limit(page.size).offset(page.offset)
    total = tables.Record.select().join(tables.Zone).where(*conditions).count()
    return [_with_zone(row) for row in rows], total


def of_zone(zone: Zone) -> list[Record]:
    """Return all records of the zone, ordered by owner and type."""
    return list(iterate(zone))


def iterate(zone: Zone) -> Iterator[Record]:
    """Yield the same, read in batches; the records are those of one moment only within `Store.reading`."""
    query = _rows(zone).order_by(*_ORDER).limit(BATCH)
    rows = list(query)
    while rows:
        yield from (_record(row, zone.name) for row in rows)
        last = rows[-1]
        after = pw.Tuple(*_ORDER) > pw.Tuple(last.owner_key, last.rdtype, last.wire)
        rows = list(query.where(after)) if len(rows) == BATCH else []


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
            for row in _rows(self.zone).where(tables.Record.owner_key.in_(part)).order_by(*_ORDER)
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
        is_ns = tables.Record.rdtype == pw.SQL("'NS'")  # not a parameter: the index is of NS records alone
        named = _rows(self.zone).select(tables.Record.owner).where(is_ns)
        wires = (server.to_wire() for server in servers)
        rows = (row for part in tables.batches(wires) for row in named.where(tables.Record.wire.in_(part)))
        return {name_keys.owner_from(row.owner, self.origin) for row in rows}

    def delegated_owners(self) -> set[Name]:
        """Return the owners of all NS records."""
        rows = _rows(self.zone).where(tables.Record.rdtype == pw.SQL("'NS'")).select(tables.Record.owner).distinct()
        return {name_keys.owner_from(row.owner, self.origin) for row in rows}

    def records(self, uuids: Iterable[UUID]) -> Mapping[UUID, Record]:
        """Return the records of the zone with these uuids."""
        found = (_rows(self.zone).where(tables.Record.uuid.in_(part)) for part in tables.batches(uuids))
        return {row.uuid: _record(row, self.origin) for rows in found for row in rows}

    def revisions(self, uuids: Iterable[UUID]) -> Mapping[UUID, int]:
        """Return the revisions of these records."""
        record = tables.Record
        query = record.select(record.uuid, record.revision)
        return {row.uuid: row.revision for part in tables.batches(uuids) for row in query.where(record.uuid.in_(part))}

    def below(self, owner: Name, skip: Container[Name] = ()) -> Iterator[tuple[Name, Node]]:
        """Yield each owner below this one, except those to skip, with its node; owners are read in batches."""
        low, high = name_keys.below(name_keys.owner_key(owner, self.origin))
        key, limit = tables.Record.owner_key, READ_AHEAD
        while True:
            rows = _rows(self.zone).where(key > low, key < high).select(key).distinct().order_by(key).limit(limit)
            keys = [row.owner_key for row in rows]
            chosen = [one for one in keys if name_keys.owner_from_key(one, self.origin) not in skip]
            if chosen:
                records = _rows(self.zone).where(key.in_(chosen)).order_by(*_ORDER)
                yield from group_rrsets(_record(row, self.origin) for row in records).items()
            if len(keys) < limit:
                return
            low, limit = keys[-1], min(2 * limit, MAX_READ_AHEAD)


_ORDER = (tables.Record.owner_key, tables.Record.rdtype, tables.Record.wire)


def _rows(zone: Zone) -> pw.ModelSelect[tables.Record]:
    return tables.Record.select().where(tables.Record.zone == zone_id(zone))


def _joined() -> pw.ModelSelect[tables.Record]:
    return tables.Record.select(tables.Record, tables.Zone, tables.Account.uuid).join(tables.Zone).join(tables.Account)


def _conditions(filters: Filters) -> Iterator[pw.Expression]:
    if filters.zone is not None:
        yield tables.Zone.uuid == filters.zone
    if filters.rdtype is not None:
        yield tables.Record.rdtype == filters.rdtype.name
    if filters.places is not None:
        yield _any(map(_is_at, filters.places))
    if filters.data is not None:
        yield _any(map(_has, filters.data))
    if filters.search:
        yield contains(filters.search, *searched(tables.Zone.name))


def searched(zone_name: pw.Node) -> Iterator[pw.Node]:
    """Yield what a search reads of a record in the zone of that name: owner, full name, value and comment."""
    record = tables.Record
    is_apex = record.owner == "@"
    yield from (record.owner, pw.Case(None, ((is_apex, zone_name),), record.owner.concat(".").concat(zone_name)))
    yield from (record.value, record.comment)


def _is_at(place: OwnerMatch) -> pw.Expression:
    is_owner = tables.Record.owner == place.owner
    return is_owner if place.zone is None else is_owner & (tables.Zone.name == place.zone)


def _has(datum: DataMatch) -> pw.Expression:
    is_same = tables.Record.value == datum.value
    if datum.wire is not None:
        is_same |= tables.Record.wire == datum.wire
    return (tables.Record.rdtype == datum.rdtype.name) & is_same


def _any(conditions: Iterable[pw.Expression]) -> pw.Expression:
    return functools.reduce(operator.or_, conditions, pw.Value(0) == 1)


def zone_id(zone: Zone) -> pw.ModelSelect[tables.Zone]:
    """Return the subquery for the id of the zone's row."""
    return tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == zone.uuid)


def _with_zone(row: tables.Record) -> tuple[Zone, Record]:
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
