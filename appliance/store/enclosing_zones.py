"""Which zones hold names, and which of others are near one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from uuid import UUID

import peewee as pw
from dns.name import Name

from appliance.store import name_keys, tables, zones
from appliance.store.prepared import PreparedSelect
from appliance.zones.model import Zone


def nearest(names: Collection[Name]) -> Mapping[Name, Zone]:
    """Return the zone that holds each of these absolute names, the longest match among the zones of all accounts.

    Names that are in no zone are missing.
    """
    found = _zones_named({above for name in names for above in _at_or_above(name)})
    matches = ((name, next((found[above] for above in _at_or_above(name) if above in found), None)) for name in names)
    return {name: zone for name, zone in matches if zone}


def _at_or_above(name: Name) -> Iterator[Name]:
    """Yield the name and those above it, without the root."""
    return (Name(name.labels[above:]) for above in range(len(name.labels) - 1))


def _zones_named(names: Collection[Name]) -> Mapping[Name, Zone]:
    parts = tables.batches(map(name_keys.domain_key, names))
    rows = (row for part in parts for row in _with_keys(frozenset(part)))
    return {found.name: found for found in map(zones.from_row, rows)}


@PreparedSelect
def _with_keys(keys: frozenset[str]) -> pw.ModelSelect[tables.Zone]:
    return zones.select().where(tables.Zone.deleted_at.is_null(), tables.Zone.name_key.in_(list(keys)))


def neighbour_of_others(name: Name, account: UUID, deleted_after: datetime) -> Zone | None:
    """Return a zone of another account at, above or below that name, or None.

    A zone counts until it is deleted, and from then on if that was after `deleted_after` and it was not held; existing
    ones come first.
    """
    low, high = name_keys.below(name_keys.domain_key(name))
    labels = name.labels[:-1]
    at_or_above = frozenset(name_keys.domain_key(Name((*labels[count:], b""))) for count in range(len(labels)))
    row = _neighbour.first(low, high, at_or_above, account, deleted_after)
    return zones.from_row(row) if row else None


@PreparedSelect
def _neighbour(
    low: str, high: str, keys: frozenset[str], account: UUID, deleted_after: datetime
) -> pw.ModelSelect[tables.Zone]:
    zone = tables.Zone
    was_published = (zone.deleted_at > deleted_after) & ~zones.is_held()
    return (
        zones.select()
        .where(tables.Account.uuid != account, zone.deleted_at.is_null() | was_published)
        .where(zone.name_key.in_(list(keys)) | ((zone.name_key > low) & (zone.name_key < high)))
        .order_by(zone.deleted_at.is_null(False))
        .limit(1)
    )
