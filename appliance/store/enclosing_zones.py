"""Which zones hold names: for many names in few statements."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from dns.name import Name

from appliance.store import name_keys, tables, zones
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
    zone = tables.Zone
    living = zone.select(zone, tables.Account.uuid).join(tables.Account).where(zone.deleted_at.is_null())
    parts = tables.batches(map(name_keys.domain_key, names))
    rows = (row for part in parts for row in living.where(zone.name_key.in_(part)))
    return {found.name: found for found in map(zones.from_row, rows)}
