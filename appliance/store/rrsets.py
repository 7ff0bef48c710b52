"""Pages of the RRsets of a zone, filtered, for the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import peewee as pw
from dns.rdatatype import RdataType

from appliance.store import name_keys, records, tables
from appliance.store.zones import Page
from appliance.zones.model import RRset, Zone


@dataclass(frozen=True, slots=True)
class SetFilters:
    """Conditions for RRsets; `text` is a part of the owner or of a value, in any letter case."""

    rdtype: RdataType | None = None
    text: str = ""
    owner: str | None = None


def find(zone: Zone, page: Page, filters: SetFilters) -> tuple[list[RRset], int]:
    """Return a page of complete RRsets, ordered by owner and type, and their number on all pages."""
    record = tables.Record
    chosen = record.select(record.owner_key, record.rdtype).where(*_conditions(zone, filters)).distinct()
    rows = list(chosen.order_by(record.owner_key, record.rdtype).limit(page.size).offset(page.offset))
    owners = [name_keys.owner_from_key(row.owner_key, zone.name) for row in rows]
    nodes = records.ZoneView(zone, ()).nodes(dict.fromkeys(owners))
    return [nodes[owner][RdataType[row.rdtype]] for owner, row in zip(owners, rows, strict=True)], chosen.count()


def types_of(zone: Zone) -> Sequence[RdataType]:
    """Return the record types in the zone, ordered by name."""
    query = tables.Record.select(tables.Record.rdtype).where(tables.Record.zone == records.zone_id(zone)).distinct()
    return sorted((RdataType[row.rdtype] for row in query), key=lambda rdtype: rdtype.name)


def _conditions(zone: Zone, filters: SetFilters) -> list[pw.Expression]:
    record = tables.Record
    conditions = [record.zone == records.zone_id(zone)]
    if filters.rdtype is not None:
        conditions.append(record.rdtype == filters.rdtype.name)
    if filters.owner is not None:
        conditions.append(record.owner == filters.owner)
    if filters.text:
        text = filters.text.lower()
        conditions.append((pw.fn.instr(record.owner, text) > 0) | (pw.fn.instr(pw.fn.lower(record.value), text) > 0))
    return conditions
