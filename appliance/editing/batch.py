"""Many changes of one zone, put down on a sheet one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.editing.sheet import Sheet, placed
from appliance.editing.wanted import Addition, Alteration, Asked, RecordInput, Removal, Replacement, with_fields
from appliance.errors import InputError
from appliance.store import records
from appliance.zones.model import Record
from appliance.zones.names import parse_owner
from appliance.zones.rdata import parse_content, parse_type

MAX_CHANGES = 10_000
"""Changes made at once."""


def take_all(sheet: Sheet, asked: Sequence[Asked]) -> None:
    """Put down everything that is asked for, in order; an InputError names the change and its field."""
    if len(asked) > MAX_CHANGES:
        raise InputError(f"there are {len(asked)} changes; at most {MAX_CHANGES} are made at once", "changes")
    for step, one in enumerate(asked):
        sheet.step = step
        try:
            _take(sheet, one)
        except InputError as refused:
            raise placed(refused, step) from None


def _take(sheet: Sheet, asked: Asked) -> None:
    match asked:
        case Addition(wanted):
            sheet.add(wanted)
        case Alteration(_, fields):
            before = _find(sheet, asked)
            _refuse_overtaken(asked)
            sheet.alter(before, with_fields(before, sheet.zone, fields))
        case Removal():
            sheet.remove(_find(sheet, asked))
        case Replacement():
            _replace(sheet, asked)


def _find(sheet: Sheet, asked: Alteration | Removal) -> Record:
    found = sheet.find(asked.uuid)
    if found is None:
        raise InputError(f"there is no record {asked.uuid} in this zone", "uuid")
    return found


def _refuse_overtaken(asked: Alteration) -> None:
    """Raise InputError when somebody has changed the record since it was looked at."""
    if asked.revision is not None and records.revision_of(asked.uuid) != asked.revision:
        raise InputError("somebody changed this record meanwhile", "revision")


def _replace(sheet: Sheet, asked: Replacement) -> None:
    """Make the set hold these values; a record that has one of them already stays the same record."""
    origin = sheet.zone.name
    rest = dict(sheet.set_at(parse_owner(asked.name, origin), parse_type(asked.record_type)))
    for place, value in enumerate(asked.values):
        try:
            wire = parse_content(asked.record_type, value, asked.priority, origin).rdata.to_wire()
        except InputError as refused:
            refused.field = f"values.{place}" if refused.field == "value" else refused.field
            raise
        same = next((record for record in rest.values() if record.wire == wire), None)
        wanted = RecordInput(asked.record_type, asked.name, value, asked.ttl, asked.priority)
        if same:
            sheet.alter(rest.pop(same.uuid), replace(wanted, comment=same.comment))
        else:
            sheet.add(wanted)
    for uuid in rest:
        sheet.remove(_find(sheet, Removal(uuid)))
