"""Records in a CSV file: a heading, and one record a row. Pure.

    zone,name,type,ttl,priority,value,comment

`zone`, `type` and `value` are needed. Without `name` the record is at the apex; without `ttl` it has that of its zone.
Values are those of the API: text needs no quotes of its own, and a priority has its own column.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dns.name import Name

from appliance.editing import RecordInput
from appliance.errors import InputError, InvalidValue
from appliance.imports.source import Note, SourceRecord, ZoneData
from appliance.zones.names import parse_domain, parse_owner, print_domain
from appliance.zones.rdata import parse_rdata

NEEDED = ("zone", "type", "value")
COLUMNS = ("zone", "name", "type", "ttl", "priority", "value", "comment")
_NUMBER = re.compile(r"[0-9]{1,10}")


@dataclass(slots=True)
class _Rows:
    """The rows of one zone."""

    records: list[SourceRecord] = field(default_factory=list)
    refused: list[Note] = field(default_factory=list)

    def add(self, origin: Name, row: Mapping[str, str], place: str) -> None:
        """Add a row, or why it is no record; the appliance has its own SOA record."""
        if row["type"].upper() == "SOA":
            return
        try:
            record = _record(row)
            owner = f"{print_domain(parse_owner(record.name, origin))}."
            value = parse_rdata(record.record_type, record.value, record.priority, origin).value
        except InputError as refused:
            self.refused.append(Note(place, str(refused)))
        else:
            self.records.append(SourceRecord(place, replace(record, name=owner, value=value)))


def is_table(text: str) -> bool:
    """Return whether the first line is the heading of such a table."""
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    return set(NEEDED) <= {name.strip().strip('"').lower() for name in first.split(_delimiter(first))}


def read_table(text: str, where: str) -> dict[str, ZoneData]:
    """Return the data of each zone, by its domain; raise InvalidValue, with the line, for text that is no such table.

    Rows of one zone need not be together.
    """
    lines = [f"{line}\n" for line in text.lstrip("\ufeff").removesuffix("\n").split("\n")]
    reader = csv.reader(lines, delimiter=_delimiter(lines[0]), strict=True)
    zones: dict[Name, _Rows] = {}
    try:
        heading = [name.strip().lower() for name in next(reader, [])]
        _check(heading, where)
        for cells in filter(None, reader):
            place = f"{where}:{reader.line_num}"
            row = _row(heading, cells, place)
            origin = _origin(row["zone"], place)
            zones.setdefault(origin, _Rows()).add(origin, row, place)
    except csv.Error as error:
        raise InvalidValue(f"{where}:{reader.line_num}: {error}") from None
    return {print_domain(origin): ZoneData(rows.records, refused=rows.refused) for origin, rows in zones.items()}


def _delimiter(first: str) -> str:
    """Return what separates the columns: a comma, a semicolon or a tab."""
    return max(",;\t", key=first.count)


def _check(heading: list[str], where: str) -> None:
    needed, known = set(NEEDED) <= set(heading), set(heading) <= set(COLUMNS)
    if not (needed and known) or len(set(heading)) < len(heading):
        raise InvalidValue(
            f"{where}:1: the heading must name columns of {', '.join(COLUMNS)}, once each; zone, type and value are "
            "needed"
        )


def _row(heading: list[str], cells: list[str], place: str) -> Mapping[str, str]:
    if len(cells) != len(heading):
        raise InvalidValue(f"{place}: there are {len(cells)} cells; the heading has {len(heading)} columns")
    return dict.fromkeys(COLUMNS, "") | dict(zip(heading, cells, strict=True))


def _origin(domain: str, place: str) -> Name:
    try:
        return parse_domain(domain.strip())
    except InputError as refused:
        raise InvalidValue(f"{place}: {refused}") from None


def _record(row: Mapping[str, str]) -> RecordInput:
    return RecordInput(
        record_type=row["type"].strip().upper(),
        name=row["name"].strip() or "@",
        value=row["value"],
        ttl=_number(row, "ttl"),
        priority=_number(row, "priority"),
        comment=row["comment"],
    )


def _number(row: Mapping[str, str], column: str) -> int | None:
    text = row[column].strip()
    if text and not _NUMBER.fullmatch(text):
        raise InvalidValue(f"the {column} {text!r} is not a number", column)
    return int(text) if text else None
