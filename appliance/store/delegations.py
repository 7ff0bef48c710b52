"""The child zones of stored zones: which zone delegates which, by the zones of one account."""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import peewee as pw
from dns.name import Name

from appliance.principal import Scope
from appliance.store import name_keys, tables, zones
from appliance.store.prepared import PreparedSelect
from appliance.zones.model import Zone
from appliance.zones.signing import Ds
from appliance.zones.zone_cuts import ChildZone, ParentZone

Value = TypeVar("Value")

MOST_NAMES = 10_000
"""Names in one statement."""


def enclosing(name: Name, account: UUID) -> Zone | None:
    """Return the account's zone that is nearest above a name, or None."""
    return zones.find_zone_of(name.parent(), Scope(account))


def zones_among(names: Iterable[Name], account: UUID) -> set[Name]:
    """Return those of these names that are child zones of a zone of the account: its zones that are not held."""
    keys = {name_keys.domain_key(name): name for name in names}
    found: set[Name] = set()
    for part in tables.batches(keys, MOST_NAMES):
        found.update(keys[row.name_key] for row in _with_keys(frozenset(part), account))
    return found


@PreparedSelect
def _with_keys(keys: frozenset[str], account: UUID) -> pw.ModelSelect[tables.Zone]:
    key = tables.Zone.name_key
    return tables.Zone.select(key).where(key.in_(list(keys)), *_living(account), ~zones.is_held())


def topmost_below(name: Name, account: UUID) -> list[Name]:
    """Return the zones of the account below this name that have none between it and them, held ones left out."""
    low, high = name_keys.below(name_keys.domain_key(name))
    found: list[Name] = []
    above = None
    for row in _published_between(low, high, account):
        if above is None or not row.name_key.startswith(above):
            above = row.name_key
            found.append(name_keys.domain_from(row.name))
    return found


def zones_below(name: Name, account: UUID) -> list[UUID]:
    """Return the account's zones below a name, held ones included, in the order of `name_keys`."""
    low, high = name_keys.below(name_keys.domain_key(name))
    return [row.uuid for row in _between(low, high, account)]


@PreparedSelect
def _between(low: str, high: str, account: UUID) -> pw.ModelSelect[tables.Zone]:
    row = tables.Zone
    query = row.select(row.uuid, row.name, row.name_key)
    return query.where(row.name_key > low, row.name_key < high, *_living(account)).order_by(row.name_key)


@PreparedSelect
def _published_between(low: str, high: str, account: UUID) -> pw.ModelSelect[tables.Zone]:
    return _between.build(low, high, account).where(~zones.is_held())


def of_zone(zone: Zone) -> list[ChildZone]:
    """Return the delegations that the zone's file has without records, in the order of `name_keys`.

    They are those of the nearest zones below that are not held, and not below a delegation by NS records.
    """
    low, high = name_keys.below(name_keys.domain_key(zone.name))
    pairs = _pairs(_in_range.tuples(low, high, zone.uuid, zone.account))
    return _delegations([pair for pair in pairs if pair[0].uuid == zone.uuid.hex]).get(zone.uuid, [])


def of_all() -> dict[UUID, list[ChildZone]]:
    """Return the delegations of every zone that is not held and has any, as `of_zone` does, in two statements."""
    return _delegations(list(_pairs(_published.tuples())))


@PreparedSelect
def _published() -> pw.ModelSelect[tables.Zone]:
    return _selected(tables.Zone.deleted_at.is_null(), ~zones.is_held())


def nearest_above(zones_by_key: Iterable[tuple[str, Hashable, Value]]) -> Iterator[tuple[Value, Value]]:
    """Yield (above, below) for each zone that has another one of its account above it, the nearest.

    Each zone is given as its name key, its account and what is yielded for it, in the order of the keys.
    """
    paths: dict[Hashable, list[tuple[str, Value]]] = {}
    for key, account, value in zones_by_key:
        path = paths.setdefault(account, [])
        while path and not key.startswith(path[-1][0]):
            path.pop()
        if path:
            yield path[-1][1], value
        path.append((key, value))


def with_data(zone: Zone) -> list[Name]:
    """Return the names of zones below at or below which this zone has records."""
    low, high = name_keys.below(name_keys.domain_key(zone.name))
    skipped = len(name_keys.domain_key(zone.name)) + 1
    rows = tables.Zone._meta.database.execute_sql(_WITH_DATA, (skipped, low, high, zone.account.hex, zone.uuid.hex))
    return [name_keys.owner_from_key(key, zone.name) for (key,) in rows.fetchall()]


_WITH_DATA = """
with below (key) as materialized (
    select substr(name_key, ?) from zone where name_key > ? and name_key < ? and deleted_at is null
    and account_id = (select id from account where uuid = ?)
)
select distinct below.key from below cross join record
on record.zone_id = (select id from zone where uuid = ?)
and record.owner_key >= below.key and record.owner_key < substr(below.key, 1, length(below.key) - 1) || '/'
order by below.key
"""


def parents_of(children: Sequence[Zone]) -> dict[UUID, ParentZone]:
    """Return the zones that delegate these zones by themselves, by child, in two statements; others have none."""
    keys = {zone.uuid: name_keys.up_to(name_keys.domain_key(zone.name)) for zone in children if not zone.deleted_at}
    rows = {row.name_key: row for row in _published_at(frozenset(itertools.chain.from_iterable(keys.values())))}
    above = {zone.uuid: _nearest_above(keys[zone.uuid], rows, zone.account) for zone in children if zone.uuid in keys}
    pairs = [(uuid, row, name_keys.between(row.name_key, keys[uuid][-1])) for uuid, row in above.items() if row]
    cuts = _with_ns((row.id, key) for _, row, between in pairs for key in between) if pairs else set()
    return {
        uuid: ParentZone(name_keys.domain_from(row.name), row.uuid, row.signed)
        for uuid, row, between in pairs
        if cuts.isdisjoint((row.id, key) for key in between)
    }


def _nearest_above(keys: Sequence[str], rows: Mapping[str, tables.Zone], account: UUID) -> tables.Zone | None:
    """Return the zone of the account with the longest of these keys but the last, which must be that of a zone."""
    *above, own = keys
    found = [rows[key] for key in above if key in rows and rows[key].account.uuid == account]
    return found[-1] if found and own in rows else None


@PreparedSelect
def _published_at(keys: frozenset[str]) -> pw.ModelSelect[tables.Zone]:
    key = tables.Zone.name_key
    return zones.select().where(key.in_(list(keys)), tables.Zone.deleted_at.is_null(), ~zones.is_held())


def _living(account: UUID) -> tuple[pw.Expression, ...]:
    owner = tables.Account.select(tables.Account.id).where(tables.Account.uuid == account)
    # + 0: not by the index of an account's many zones
    return tables.Zone.deleted_at.is_null(), tables.Zone.account + 0 == owner


@PreparedSelect
def _in_range(low: str, high: str, zone: UUID, account: UUID) -> pw.ModelSelect[tables.Zone]:
    """Select the zones of the account in a range of keys that are not held, and `zone` in any case."""
    key, is_shown = tables.Zone.name_key, (tables.Zone.uuid == zone) | ~zones.is_held()
    return _selected(key >= low, key < high, is_shown, *_living(account))


class _Row(NamedTuple):
    """The columns of a zone that `_selected` selects, as SQLite holds them."""

    id: int
    uuid: str
    name: str
    name_key: str
    account_id: int
    ds: str | None


def _selected(*conditions: pw.Expression) -> pw.ModelSelect[tables.Zone]:
    row, known = tables.Zone, tables.Signing
    query = row.select(row.id, row.uuid, row.name, row.name_key, row.account, known.delegated)
    return query.join(known, pw.JOIN.LEFT_OUTER).where(*conditions).order_by(row.name_key)


def _pairs(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[_Row, _Row]]:
    """Yield (above, below) of these zones, which are in the order of `name_keys`, as those below will be."""
    return nearest_above((one.name_key, one.account_id, one) for one in map(_Row._make, rows))


def _delegations(pairs: Collection[tuple[_Row, _Row]]) -> dict[UUID, list[ChildZone]]:
    """Return the delegations by zone above, without those below a delegation by NS records."""
    owners = [[(above.id, key) for key in name_keys.between(above.name_key, below.name_key)] for above, below in pairs]
    cuts = _with_ns(itertools.chain.from_iterable(owners))
    found: dict[UUID, list[ChildZone]] = {}
    for (above, below), between in zip(pairs, owners, strict=True):
        if cuts.isdisjoint(between):
            child = ChildZone(name_keys.domain_from(below.name), UUID(below.uuid), _ds_of(below))
            found.setdefault(UUID(above.uuid), []).append(child)
    return found


def _ds_of(row: _Row) -> tuple[str, ...]:
    return tuple(Ds(**one).text() for one in json.loads(row.ds)) if row.ds else ()


def _with_ns(owners: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return those of these owners, by id of the zone and key, that have NS records."""
    asked = json.dumps(list(owners))
    return set(tables.Record._meta.database.execute_sql(_WITH_NS, (asked,)).fetchall())


_WITH_NS = """
select distinct record.zone_id, record.owner_key from json_each(?) as asked cross join record
on record.zone_id = asked.value ->> 0 and record.owner_key = asked.value ->> 1 and record.rdtype = 'NS'
"""
