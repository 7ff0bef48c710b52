"""What is asked for, before it is parsed: a record's fields, changes of records, the limits of texts and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from appliance.errors import InputError, InvalidValue
from appliance.zones.model import MAX_TTL, Record, Zone
from appliance.zones.names import print_owner, refuse_control_characters
from appliance.zones.rdata import has_priority, parse_type

MAX_COMMENT = 500
"""Characters of a comment."""


@dataclass(frozen=True, slots=True)
class RecordInput:
    """A record as it is asked for, unparsed. A `ttl` of None: that of the set, else `fallback_ttl` or the zone's."""

    record_type: str
    name: str
    value: str
    ttl: int | None = None
    priority: int | None = None
    comment: str = ""
    fallback_ttl: int | None = None


@dataclass(frozen=True, slots=True)
class CreateRecord:
    """A record that is to be there."""

    record: RecordInput


@dataclass(frozen=True, slots=True)
class UpdateRecord:
    """Fields of a record that are to be others; those that are not named stay.

    `revision` is the one that the record must still have, None for whichever it has.
    """

    uuid: UUID
    fields: Mapping[str, Any]
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteRecord:
    """A record that is to be there no more."""

    uuid: UUID


@dataclass(frozen=True, slots=True)
class ReplaceRRset:
    """The values that are to be a whole set; none: no such set is to be there."""

    record_type: str
    name: str
    values: Sequence[str]
    ttl: int | None = None
    priority: int | None = None


RecordRequest = CreateRecord | UpdateRecord | DeleteRecord | ReplaceRRset


def with_fields(record: Record, zone: Zone, fields: Mapping[str, Any]) -> RecordInput:
    """What a record becomes when these fields of it change and the others stay.

    A priority is dropped with a change to a type that has none, and the TTL follows the set that is joined.
    """
    record_type = fields.get("record_type", record.rdtype.name)
    keeps_priority = has_priority(parse_type(record_type))
    return RecordInput(
        record_type=record_type,
        name=fields.get("name", print_owner(record.owner, zone.name)),
        value=fields.get("value", record.value),
        ttl=fields.get("ttl"),
        priority=fields.get("priority", record.priority if keeps_priority else None),
        comment=fields.get("comment", record.comment),
        fallback_ttl=record.ttl,
    )


def check_ttl(ttl: int, field: str) -> None:
    """Raise InvalidValue for a TTL out of range."""
    if not 0 <= ttl <= MAX_TTL:
        raise InvalidValue(f"a TTL must be 0 to {MAX_TTL} seconds", field)


def check_comment(comment: str) -> None:
    """Raise InputError for a comment that is too long or holds control characters."""
    if len(comment) > MAX_COMMENT:
        raise InputError(f"a comment has at most {MAX_COMMENT} characters", "comment")
    refuse_control_characters(comment, "comment")
