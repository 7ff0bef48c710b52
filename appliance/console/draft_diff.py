"""A diff, such as that of an import, as changes of a draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from appliance.console import drafts, expiry
from appliance.console.draft_version import Change
from appliance.editing import Diff
from appliance.errors import InputError
from appliance.zones.changes import Change as RecordChange
from appliance.zones.changes import Create, Delete, Update
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_owner


def diff_of_draft(zone: Zone, changes: list[Change]) -> Diff:
    """Return what the draft with these changes does; raise InputError if it cannot be published."""
    try:
        return drafts.dry_run(zone, changes)
    except InputError as error:
        raise InputError(f"your draft cannot be published as it is, review it first: {error}") from None


def changes_of(zone: Zone, changes: Iterable[RecordChange]) -> list[Change]:
    """Return the changes of a draft that do the same as these changes of records of the zone."""
    return [_change_of(change, zone) for change in changes]


def with_notes_of(draft: Sequence[RecordChange], changes: Sequence[RecordChange]) -> list[RecordChange]:
    """Return changes that a text makes of a zone, with what the draft does to it beside the text.

    A text has no comments and expiries: those that the draft gives to a record of the text are kept. A record whose
    data the draft changes is changed, and not deleted and created.
    """
    deleted = {change.record.uuid for change in changes if isinstance(change, Delete)}
    moved = {one.after.key: one for one in draft if isinstance(one, Update) and one.before.uuid in deleted}
    noted = {one.after.uuid: one.after for one in draft if isinstance(one, Update) and one.before.key == one.after.key}
    added = {one.record.key: one.record for one in draft if isinstance(one, Create)}
    result = [_with_note(change, moved, noted, added) for change in changes]
    kept = {one.before.uuid for one in result if isinstance(one, Update)}
    result = [one for one in result if not (isinstance(one, Delete) and one.record.uuid in kept)]
    return [*result, *_notes_alone(draft, kept | deleted)]


def _with_note(
    change: RecordChange, moved: dict[Any, Update], noted: dict[Any, Record], added: dict[Any, Record]
) -> RecordChange:
    match change:
        case Create(record) if drafted := moved.get(record.key):
            return Update(drafted.before, replace(drafted.after, ttl=record.ttl))
        case Create(record) if drafted_record := added.get(record.key):
            return Create(replace(drafted_record, ttl=record.ttl))
        case Update(before, after) if drafted_record := noted.get(after.uuid):
            return Update(before, replace(drafted_record, ttl=after.ttl))
        case _:
            return change


def _notes_alone(draft: Sequence[RecordChange], done: set[Any]) -> Iterator[Update]:
    """Yield the drafted changes of comments and expiries of records that the text leaves as they are stored."""
    for one in draft:
        if isinstance(one, Update) and one.before.key == one.after.key and one.before.uuid not in done:
            after = replace(one.after, ttl=one.before.ttl)
            if (after.comment, after.expires_at) != (one.before.comment, one.before.expires_at):
                yield Update(one.before, after)


def _change_of(change: RecordChange, zone: Zone) -> Change:
    match change:
        case Create(record):
            fields = _fields(record, zone)
            return drafts.create_change({name: value for name, value in fields.items() if value not in (None, "")})
        case Update(before, after):
            former = _fields(before, zone)
            fields = {name: value for name, value in _fields(after, zone).items() if value != former[name]}
            return drafts.update_change(before, before.revision, fields)
        case Delete(record):
            return drafts.delete_change(record.uuid)


def _fields(record: Record, zone: Zone) -> dict[str, Any]:
    """Return the fields of the record as the API takes them."""
    return {
        "record_type": record.rdtype.name,
        "name": print_owner(record.owner, zone.name),
        "value": record.value,
        "ttl": record.ttl,
        "priority": record.priority,
        "comment": record.comment,
        expiry.FIELD: expiry.print_stored(record.expires_at),
    }
