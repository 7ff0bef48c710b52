"""Which records of an import a refusal concerns, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dns.name import Name

from appliance.errors import InputError, RuleBroken
from appliance.imports.source import Note, SourceRecord
from appliance.zones.names import parse_owner
from appliance.zones.rdata import parse_rdata

_INDEX = re.compile(r"records\.(\d+)\.")

Refused = dict[int | None, Note]
"""The reason for each refused record, by its index; None: the zone as a whole."""


def refused_by(error: InputError, records: Sequence[SourceRecord], where: str, origin: Name) -> Refused:
    """Return what the error of a write refuses; for a record that is invalid by itself, all others that are too."""
    if isinstance(error, RuleBroken):
        found = [(finding.field, finding.detail) for finding in error.findings]
    else:
        found = [(error.field, str(error))]
    refused: Refused = {}
    for field, detail in found:
        index = _index(field)
        place = where if index is None else records[index].where
        refused.setdefault(index, Note(place, detail))
    return refused if isinstance(error, RuleBroken) else refused | dict(_invalid(records, origin))


def _index(field: str | None) -> int | None:
    found = _INDEX.match(field or "")
    return int(found[1]) if found else None


def _invalid(records: Sequence[SourceRecord], origin: Name) -> Iterator[tuple[int, Note]]:
    """Yield the records that are invalid by themselves."""
    for index, one in enumerate(records):
        record = one.record
        try:
            parse_owner(record.name, origin)
            parse_rdata(record.record_type, record.value, record.priority, origin)
        except InputError as refused:
            yield index, Note(one.where, f"{record.name} {record.record_type}: {refused}")
