"""The records of a zone by RRset, sorted by a column, after those that the appliance manages itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

import dns.name
from flask import Response, request

from appliance.compiler import delegated_lines
from appliance.console import drafts
from appliance.console.draft_marks import MOST_ADDED, marks_of
from appliance.console.pages import pages, render_page
from appliance.console.record_forms import FORMS
from appliance.console.zones import get_zone
from appliance.editing import warnings_of
from appliance.render.zone_file import managed_lines
from appliance.store import delegations, deployments, rrsets
from appliance.store.rrsets import SORT_KEYS, SetFilters
from appliance.web.context import context, reading
from appliance.web.paging import find_page, neighbours
from appliance.zones.model import Zone
from appliance.zones.names import print_owner
from appliance.zones.rdata import parse_type

RRSETS = 50
"""RRsets on a page."""
ROWS = 100
"""Records on a page, unless it has more RRsets; a link leads to the rest of each RRset."""
MAX_SHOWN = 5
"""Records shown of an RRset that is not alone on the page."""
MANAGED = 20
"""Records of the appliance that are shown; a zone may have thousands of child zones."""
MOST_CHILDREN = 100
"""Zones below that are listed."""


@dataclass(frozen=True, slots=True)
class ManagedRecord:
    """A record of the zone that the appliance manages, such as the SOA: it is shown and cannot be edited."""

    name: str
    rdtype: str
    ttl: int
    value: str


@dataclass(frozen=True, slots=True)
class SortLink:
    """The link in the head of a column: the query that sorts by it, and how the page is sorted by it now."""

    query: str
    direction: str | None


@pages.get("/zones/<uuid:uuid>/", endpoint="zone")
def show_zone(uuid: UUID) -> Response:
    """Show the records of the zone by RRset, and its deployment."""
    search, type_name = request.args.get("search", "").strip(), request.args.get("type", "")
    zone, sort = get_zone(uuid), _requested_sort()
    is_type = type_name in FORMS and FORMS[type_name].record_type == type_name
    rdtype = parse_type(type_name) if is_type else None
    name = request.args.get("name")
    filters = SetFilters(rdtype, search, name)
    with reading():
        found, total, shown = find_page(RRSETS, lambda page: rrsets.find(zone, page, filters, sort))
        types = rrsets.types_of(zone)
        deployment = deployments.of_zones([zone], context().nameservers)[zone.uuid]
        changes = drafts.get_changes(zone)
        children = delegations.of_zone(zone)
        is_start = shown.number == 1 and not (search or rdtype or name is not None)
        warnings = warnings_of(zone, context().editor.apex.servers) if is_start else []
    return render_page(
        "zone.html",
        zone=zone,
        managed=_managed_records(zone) if is_start else (),
        most_managed=MANAGED,
        rrsets=found,
        types=types,
        search=search,
        rdtype=rdtype,
        name=name,
        sort=sort,
        sort_links={key: _sort_link(key, sort) for key in SORT_KEYS},
        deployment=deployment,
        marks=marks_of(zone, changes),
        most_added=MOST_ADDED,
        is_start=is_start,
        warnings=warnings,
        children=children,
        most_children=MOST_CHILDREN,
        shown=_rows_per_rrset([len(rrset.records) for rrset in found]),
        paging=neighbours(total, shown),
    )


def _requested_sort() -> str:
    """Return the column to sort by, with a minus for descending order; the name by default."""
    sort = request.args.get("sort", "")
    return sort if sort.removeprefix("-") in SORT_KEYS else "name"


def _sort_link(key: str, sort: str) -> SortLink:
    direction = {key: "ascending", f"-{key}": "descending"}.get(sort)
    query = {**request.args.to_dict(), "sort": f"-{key}" if direction == "ascending" else key}
    query.pop("page", None)
    return SortLink(f"?{urlencode(query)}", direction)


def _managed_records(zone: Zone) -> list[ManagedRecord]:
    """Return the records of SOA, apex NS, own addresses and child zones, in the order of the zone file."""
    apex = context().editor.apex
    with reading():
        lines = managed_lines(zone.name, zone.serial, apex, delegated_lines(zone, apex))
    words = (line.split(" ", 4) for line in lines)
    return [
        ManagedRecord(print_owner(dns.name.from_text(owner), zone.name), rdtype, int(ttl), value)
        for owner, ttl, _, rdtype, value in words
    ]


def _rows_per_rrset(sizes: Sequence[int]) -> int:
    """Return how many records of each RRset to show, so that a page has at most ROWS of them."""
    most = ROWS if len(sizes) == 1 else MAX_SHOWN
    return next((shown for shown in range(most, 1, -1) if sum(min(shown, size) for size in sizes) <= ROWS), 1)
