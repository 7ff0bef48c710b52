"""The records of a zone as text to edit, with what its draft does to them: a zone file with relative names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from appliance.console.draft_diff import diff_of_draft
from appliance.console.draft_version import Change
from appliance.console.truncate import count_fitting
from appliance.store import records
from appliance.web.context import reading
from appliance.zones import changes
from appliance.zones.model import Record, Zone
from appliance.zones.rdata import print_data

MAX_RECORDS = 2_000
"""Records of a zone that can be edited as text."""
MAX_OCTETS = 100_000
"""Octets of the text, as a page holds them: escaped, in UTF-8."""

MAX_COLUMN = 24
"""Width of the column of owners at most."""


def text_of(zone: Zone, drafted: list[Change]) -> str | None:
    """Return the text of the zone as its draft would leave it; None if it is too large to be edited as text.

    Raise InputError if the draft cannot be published as it is.
    """
    if zone.record_count > MAX_RECORDS:
        return None
    with reading():
        after = diff_of_draft(zone, drafted).changes if drafted else ()
        stored = records.of_zone(zone)
    lines = list(_lines(zone, changes.apply(stored, after)))
    return "".join(lines) if count_fitting(lines, MAX_OCTETS) == len(lines) else None


def _lines(zone: Zone, found: Iterable[Record]) -> Iterator[str]:
    """Yield the lines, with their line feeds: in columns, the apex first, then by owner and type."""
    yield f"$ORIGIN {zone.name.to_text()}\n"
    yield f"$TTL {zone.default_ttl}\n"
    in_order = sorted(found, key=lambda one: (one.owner, one.rdtype.name, one.wire))
    owners = [record.owner.relativize(zone.name).to_text() for record in in_order]
    width = min(MAX_COLUMN, max(map(len, owners), default=0))
    for owner, record in zip(owners, in_order, strict=True):
        yield f"{owner:{width}} {record.ttl:<6} IN {record.rdtype.name:<5} {print_data(record.data)}\n"
