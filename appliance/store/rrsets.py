"""The records of a zone as a person looks through them: set by set, filtered, a page at a time."""

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
    """Which sets are wanted: of that type, with that text in owner or one value in any letter case, at that owner."""

    rdtype: RdataType | None = None
    text: str = ""
    owner: str | None = None


def find(zone: Zone, page: Page, filters: SetFilters) -> tuple[list[RRset], int]:
    """The sets of a page, whole, by owner and type, and how many there are on all pages."""
    record = tables.Record
    chosen = record.select(record.owner_key, record.rdtype).where(*_conditions(zone, filters)).distinct()
    places = chosen.order_by(record.owner_key, record.rdtype).limit(page.size).offset(page.offset)
    owners = [name_keys.owner_from_key(row.owner_key, zone.name) for row in places]
    nodes = records.ZoneView(zone, ()).nodes(dict.fromkeys(owners))
    return [nodes[owner][RdataType[row.rdtype]] for owner, row in zip(owners, places, strict=True)], chosen.count()


def types_of(zone: Zone) -> Sequence[RdataType]:
    """The types that the zone has records of, by name."""
    query = tables.Record.select(tables.Record.rdtype).where(tables.Record.zone == records.zone_id(zone)).distinct()
    return sorted((RdataType[row.rdtype] for row in query), key=lambda rdtype: rdtype.name)


def _conditions(zone: Zone, filters: SetFilters) -> list[pw.Expression]:
    record = tables.Record
    wanted = [record.zone == records.zone_id(zone)]
    if filters.rdtype is not None:
        wanted.append(record.rdtype == filters.rdtype.name)
    if filters.owner is not None:
        wanted.append(record.owner == filters.owner)
    if filters.text:
        text = filters.text.lower()
        wanted.append((pw.fn.instr(record.owner, text) > 0) | (pw.fn.instr(pw.fn.lower(record.value), text) > 0))
    return wanted
