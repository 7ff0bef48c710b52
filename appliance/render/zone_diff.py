"""A change of a zone as a diff of its zone file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dns.name import Name

from appliance.render.zone_file import Apex, record_line, soa_line
from appliance.zones.changes import Change, Create, Delete, Update
from appliance.zones.model import Record


@dataclass(frozen=True, slots=True)
class Line:
    """A removed (`-`) or added (`+`) line of the zone file."""

    sign: str
    text: str


def diff_lines(name: Name, apex: Apex, serials: tuple[int, int], changes: Sequence[Change]) -> list[Line]:
    """Return the lines by owner and type, after the SOA if the serial changes; an updated record has two."""
    before, after = serials
    lines = []
    if before != after:
        lines = [Line("-", soa_line(name, before, apex)), Line("+", soa_line(name, after, apex))]
    for change in sorted(changes, key=_sort_key):
        match change:
            case Create(record):
                lines.append(Line("+", record_line(record)))
            case Delete(record):
                lines.append(Line("-", record_line(record)))
            case Update(old, new):
                pair = [Line("-", record_line(old)), Line("+", record_line(new))]
                lines += pair if pair[0].text != pair[1].text else []
    return lines


def _sort_key(change: Change) -> tuple[Name, str, bytes]:
    record: Record = change.after if isinstance(change, Update) else change.record
    return record.owner, record.rdtype.name, record.wire
