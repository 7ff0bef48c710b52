"""Lists of records: pages, filters, and the search in them."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

import peewee as pw
from dns.rdatatype import RdataType

from appliance.principal import Scope
from appliance.store import records, tables
from appliance.store.prepared import PreparedSelect
from appliance.store.scopes import within
from appliance.store.search import contains
from appliance.store.zones import Page
from appliance.zones.model import Record, Zone


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


def find(scope: Scope, page: Page, filters: Filters) -> tuple[list[tuple[Zone, Record]], int]:
    """Return a page of records, each with its zone, and their number on all pages."""
    chosen = scope, filters.zone, None if filters.rdtype is None else filters.rdtype.name
    if more := list(_further_conditions(filters)):
        rows = list(_on_page.build(*chosen, page.size, page.offset).where(*more))
        total = int(_count.build(*chosen).where(*more).scalar())
    else:
        rows, total = _on_page(*chosen, page.size, page.offset), int(_count.value(*chosen))
    return [records.with_zone(row) for row in rows], total


@PreparedSelect
def _on_page(
    scope: Scope, zone: UUID | None, rdtype: str | None, size: int, offset: int
) -> pw.ModelSelect[tables.Record]:
    found = records.with_zones().where(*within(scope), *_conditions(zone, rdtype))
    return found.order_by(tables.Zone.name, *records.ORDER).limit(size).offset(offset)


@PreparedSelect
def _count(scope: Scope, zone: UUID | None, rdtype: str | None) -> pw.ModelSelect[tables.Record]:
    counted = tables.Record.select(pw.fn.count(tables.Record.id)).join(tables.Zone)
    return counted.where(*within(scope), *_conditions(zone, rdtype))


def _conditions(zone: UUID | None, rdtype: str | None) -> Iterator[pw.Expression]:
    if zone is not None:
        yield tables.Zone.uuid == zone
    if rdtype is not None:
        yield tables.Record.rdtype == rdtype


def _further_conditions(filters: Filters) -> Iterator[pw.Expression]:
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
