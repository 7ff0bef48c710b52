"""The child zones of stored zones: which zone delegates which, by the zones of one account."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar
from uuid import UUID

import peewee as pw
from dns.name import Name

from appliance.principal import Scope
from appliance.store import name_keys, tables, zones
from appliance.zones.model import Zone
from appliance.zones.zone_cuts import ChildZone, names_above

Value = TypeVar("Value")

MOST_NAMES = 10_000
"""Names in one statement."""


def enclosing(name: Name, account: UUID) -> Zone | None:
    """Return the account's zone that is nearest above a name, or None."""
    return zones.find_zone_of(name.parent(), Scope(account))


def zones_among(names: Iterable[Name], account: UUID) -> set[Name]:
    """Return those of these names that are zones of the account."""
    keys = {name_keys.domain_key(name): name for name in names}
    found: set[Name] = set()
    for part in tables.batches(keys, MOST_NAMES):
        rows = tables.Zone.select(tables.Zone.name_key).where(tables.Zone.name_key.in_(part), *_living(account))
        found.update(keys[row.name_key] for row in rows)
    return found


def of_zone(zone: Zone) -> list[ChildZone]:
    """Return the delegations that the zone's file has without records, in the order of `name_keys`.

    They are those of the nearest zones below that are not held, and not below a delegation by NS records.
    """
    low, high = name_keys.below(name_keys.domain_key(zone.name))
    row, key = tables.Zone, tables.Zone.name_key
    nearest: list[tables.Zone] = []
    below = row.select(row.uuid, row.name, key).where(key > low, key < high, *_living(zone.account), ~zones.is_held())
    for child in below.order_by(key):
        if not (nearest and child.name_key.startswith(nearest[-1].name_key)):
            nearest.append(child)
    children = [ChildZone(name_keys.domain_from(child.name), child.uuid) for child in nearest]
    cuts = _delegated(zone, {name for child in children for name in names_above(child.name, zone.name)})
    return [child for child in children if cuts.isdisjoint(names_above(child.name, zone.name))]


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


def _living(account: UUID) -> tuple[pw.Expression, ...]:
    owner = tables.Account.select(tables.Account.id).where(tables.Account.uuid == account)
    # + 0: not by the index of an account's many zones
    return tables.Zone.deleted_at.is_null(), tables.Zone.account + 0 == owner


def _delegated(zone: Zone, names: Iterable[Name]) -> set[Name]:
    """Return those of these owners that have NS records in the zone."""
    owner_key, is_ns = tables.Record.owner_key, tables.Record.rdtype == "NS"
    found: set[Name] = set()
    for part in tables.batches(name_keys.owner_key(name, zone.name) for name in names):
        of_zone = tables.Record.zone == tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == zone.uuid)
        rows = tables.Record.select(owner_key).where(of_zone, owner_key.in_(part), is_ns).distinct()
        found.update(name_keys.owner_from_key(row.owner_key, zone.name) for row in rows)
    return found
