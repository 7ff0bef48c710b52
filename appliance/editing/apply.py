"""Many changes of one zone, put down on a change_set one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.editing.change_set import ChangeSet, placed
from appliance.editing.requests import (
    CreateRecord,
    DeleteRecord,
    RecordInput,
    RecordRequest,
    ReplaceRRset,
    UpdateRecord,
    with_fields,
)
from appliance.errors import InputError
from appliance.store import records
from appliance.zones.model import Record
from appliance.zones.names import parse_owner
from appliance.zones.rdata import parse_content, parse_type

MAX_CHANGES = 10_000
"""Changes made at once."""


def apply_all(change_set: ChangeSet, asked: Sequence[RecordRequest]) -> None:
    """Put down everything that is asked for, in order; an InputError names the change and its field."""
    if len(asked) > MAX_CHANGES:
        raise InputError(f"there are {len(asked)} changes; at most {MAX_CHANGES} are made at once", "changes")
    for step, one in enumerate(asked):
        change_set.step = step
        try:
            _take(change_set, one)
        except InputError as refused:
            raise placed(refused, step) from None


def _take(change_set: ChangeSet, asked: RecordRequest) -> None:
    match asked:
        case CreateRecord(wanted):
            change_set.add(wanted)
        case UpdateRecord(_, fields):
            before = _find(change_set, asked)
            _refuse_overtaken(asked)
            change_set.alter(before, with_fields(before, change_set.zone, fields))
        case DeleteRecord():
            change_set.remove(_find(change_set, asked))
        case ReplaceRRset():
            _replace(change_set, asked)


def _find(change_set: ChangeSet, asked: UpdateRecord | DeleteRecord) -> Record:
    found = change_set.find(asked.uuid)
    if found is None:
        raise InputError(f"there is no record {asked.uuid} in this zone", "uuid")
    return found


def _refuse_overtaken(asked: UpdateRecord) -> None:
    """Raise InputError when somebody has changed the record since it was looked at."""
    if asked.revision is not None and records.revision_of(asked.uuid) != asked.revision:
        raise InputError("somebody changed this record meanwhile", "revision")


def _replace(change_set: ChangeSet, asked: ReplaceRRset) -> None:
    """Make the set hold these values; a record that has one of them already stays the same record."""
    origin = change_set.zone.name
    rest = dict(change_set.set_at(parse_owner(asked.name, origin), parse_type(asked.record_type)))
    for place, value in enumerate(asked.values):
        try:
            wire = parse_content(asked.record_type, value, asked.priority, origin).rdata.to_wire()
        except InputError as refused:
            refused.field = f"values.{place}" if refused.field == "value" else refused.field
            raise
        same = next((record for record in rest.values() if record.wire == wire), None)
        wanted = RecordInput(asked.record_type, asked.name, value, asked.ttl, asked.priority)
        if same:
            change_set.alter(rest.pop(same.uuid), replace(wanted, comment=same.comment))
        else:
            change_set.add(wanted)
    for uuid in rest:
        change_set.remove(_find(change_set, DeleteRecord(uuid)))
