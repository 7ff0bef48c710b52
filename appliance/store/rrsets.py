"""Pages of the RRsets of a zone, filtered, for the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import peewee as pw
from dns.rdatatype import RdataType

from appliance.store import name_keys, record_lists, records, tables
from appliance.store.search import contains
from appliance.store.zones import Page
from appliance.zones.model import RRset, Zone
from appliance.zones.names import print_domain


@dataclass(frozen=True, slots=True)
class SetFilters:
    """Conditions for RRsets; `text` is searched for as in lists of records."""

    rdtype: RdataType | None = None
    text: str = ""
    owner: str | None = None


SORT_KEYS = ("name", "type", "ttl", "value")
"""What RRsets can be sorted by; a minus in front means descending order."""


def find(zone: Zone, page: Page, filters: SetFilters, sort: str = "name") -> tuple[list[RRset], int]:
    """Return a page of complete RRsets, sorted and then by owner and type, and their number on all pages."""
    record = tables.Record
    key = (record.owner_key, record.rdtype)
    chosen = record.select(*key).where(*_conditions(zone, filters)).group_by(*key)
    rows = list(chosen.order_by(*_order(sort), *key).limit(page.size).offset(page.offset))
    owners = [name_keys.owner_from_key(row.owner_key, zone.name) for row in rows]
    nodes = records.ZoneView(zone, ()).nodes(dict.fromkeys(owners))
    count = record.select(*key).distinct().where(*_conditions(zone, filters)).count()  # half the steps of `chosen`
    return [nodes[owner][RdataType[row.rdtype]] for owner, row in zip(owners, rows, strict=True)], count


def types_of(zone: Zone) -> Sequence[RdataType]:
    """Return the record types in the zone, ordered by name."""
    query = tables.Record.select(tables.Record.rdtype).where(tables.Record.zone == records.zone_id(zone)).distinct()
    return sorted((RdataType[row.rdtype] for row in query), key=lambda rdtype: rdtype.name)


def _order(sort: str) -> list[pw.Ordering]:
    """Return the order by that key; no order for the name, by which everything is sorted at last."""
    record = tables.Record
    columns: dict[str, pw.Node] = {
        "name": record.owner_key,
        "type": record.rdtype,
        "ttl": record.ttl,
        "value": pw.fn.min(record.value),
    }
    order = pw.Ordering(columns[sort.removeprefix("-")], "DESC" if sort.startswith("-") else "ASC")
    return [] if sort == "name" else [order]


def _conditions(zone: Zone, filters: SetFilters) -> list[pw.Expression]:
    record = tables.Record
    conditions = [record.zone == records.zone_id(zone)]
    if filters.rdtype is not None:
        conditions.append(record.rdtype == filters.rdtype.name)
    if filters.owner is not None:
        conditions.append(record.owner == filters.owner)
    if filters.text:
        conditions.append(contains(filters.text, *record_lists.searched(pw.Value(print_domain(zone.name)))))
    return conditions
