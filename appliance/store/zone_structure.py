"""What is below names of a zone, and which records point to them: for many names in one statement."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any
from uuid import UUID

from dns.name import Name

from appliance.store import name_keys, tables
from appliance.zones.model import Zone

MOST_NAMES = 10_000
"""Names in one statement."""


def non_terminals(names: Collection[Name], zone: Zone) -> set[Name]:
    """Return those of these names that have records of the zone, or zones of its account that are not held, below."""
    owners = {name_keys.owner_key(name, zone.name): name for name in names}
    domains = {name_keys.domain_key(name): name for name in names}
    return _with_rows(_WITH_RECORDS, owners, zone.uuid) | _with_rows(_WITH_ZONES, domains, zone.account)


def pointing_to(names: Collection[Name] | None, zone: Zone) -> list[UUID]:
    """Return the MX, NS and SRV records of the zone with one of these names as target; None: with any.

    The index of the zone's records is read, and no row.
    """
    if names is None:
        return [UUID(uuid) for (uuid,) in _rows(_POINTING, (zone.uuid.hex,))]
    wires = json.dumps([(name.to_wire() or b"").hex().upper() for name in names])
    return [UUID(uuid) for (uuid,) in _rows(_POINTING + _TO, (zone.uuid.hex, wires))]


def _with_rows(statement: str, keys: dict[str, Name], uuid: UUID) -> set[Name]:
    """Return the names for whose keys the statement finds a row below; its parameters are the ranges and the uuid."""
    ranges = ([(key, *name_keys.below(key)) for key in part] for part in tables.batches(keys, MOST_NAMES))
    return {keys[key] for part in ranges for (key,) in _rows(statement, (json.dumps(part), uuid.hex))}


def _rows(statement: str, parameters: tuple[str, ...]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = tables.Record._meta.database.execute_sql(statement, parameters).fetchall()
    return rows


_WITH_RECORDS = """
select asked.value ->> 0 from json_each(?) as asked where exists (
    select 1 from record where zone_id = (select id from zone where uuid = ?)
    and owner_key > asked.value ->> 1 and owner_key < asked.value ->> 2
)
"""
_WITH_ZONES = """
select asked.value ->> 0 from json_each(?) as asked where exists (
    select 1 from zone where name_key > asked.value ->> 1 and name_key < asked.value ->> 2 and deleted_at is null
    and account_id + 0 = (select id from account where uuid = ?)
    and not exists (select 1 from hold where hold.zone_id = zone.id)
)
"""
_POINTING = """
select uuid from record where zone_id = (select id from zone where uuid = ?) and rdtype in ('MX', 'NS', 'SRV')
"""
_TO = """
and case rdtype when 'MX' then hex(substr(wire, 3)) when 'SRV' then hex(substr(wire, 7)) else hex(wire) end
in (select value from json_each(?))
"""
