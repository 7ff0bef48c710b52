"""Requests before they are parsed: fields of a record, changes of records, bounds of comments and TTLs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from appliance.errors import InputError, InvalidValue
from appliance.zones.model import MAX_TTL, Record, Zone
from appliance.zones.names import print_owner, refuse_control_characters
from appliance.zones.rdata import has_priority, parse_type

_TIME = "%Y-%m-%dT%H:%M:%SZ"
MAX_COMMENT = 500
"""Maximum number of characters of a comment."""


@dataclass(frozen=True, slots=True)
class RecordInput:
    """A requested record, unparsed. Without `ttl` it gets that of its RRset, else `fallback_ttl`, else the zone's."""

    record_type: str
    name: str
    value: str
    ttl: int | None = None
    priority: int | None = None
    comment: str = ""
    fallback_ttl: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CreateRecord:
    """Create a record."""

    record: RecordInput


def accept_any(_zone: Zone, _record: Record) -> None:
    """Accept the record as it is."""


@dataclass(frozen=True, slots=True)
class UpdateRecord:
    """Change fields of a record; the others are kept.

    `revision` is the revision that the record must have, None for any. `check` is called with the record before the
    change and may raise InputError.
    """

    uuid: UUID
    fields: Mapping[str, Any]
    revision: int | None = None
    check: Callable[[Zone, Record], None] = accept_any


@dataclass(frozen=True, slots=True)
class DeleteRecord:
    """Delete a record."""

    uuid: UUID


@dataclass(frozen=True, slots=True)
class ValueInput:
    """A requested value of an RRset, with a priority of its own."""

    value: str
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class ReplaceRRset:
    """Replace all values of an RRset; without values the RRset is deleted.

    `priority` is that of the values that have none of their own. Without `ttl` the RRset keeps the one that it has.
    """

    record_type: str
    name: str
    values: Sequence[str | ValueInput]
    ttl: int | None = None
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class UndoVersion:
    """Revert what the version of that serial changed, and keep later changes."""

    serial: int


@dataclass(frozen=True, slots=True)
class RestoreVersion:
    """Replace the records of the zone with those of the version of that serial."""

    serial: int


RecordRequest = CreateRecord | UpdateRecord | DeleteRecord | ReplaceRRset | UndoVersion | RestoreVersion


def with_fields(record: Record, zone: Zone, fields: Mapping[str, Any]) -> RecordInput:
    """Return the input for a record of which these fields change and the others are kept.

    The priority is dropped if the new type has none. Without a `ttl` the record gets that of the RRset that it joins.
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
        expires_at=fields.get("expires_at", record.expires_at),
    )


def check_ttl(ttl: int, field: str) -> None:
    """Raise InvalidValue if the TTL is out of range."""
    if not 0 <= ttl <= MAX_TTL:
        raise InvalidValue(f"a TTL must be 0 to {MAX_TTL} seconds, not {ttl}", field)


def check_expiry(expires_at: datetime | None, now: datetime) -> None:
    """Raise InvalidValue unless the time of expiry is in the future; None is never."""
    if expires_at is not None and expires_at <= now:
        raise InvalidValue(f"{expires_at:{_TIME}} is not in the future: it is {now:{_TIME}} now", "expires_at")


def check_comment(comment: str) -> None:
    """Raise InputError if the comment is too long or contains control characters."""
    if len(comment) > MAX_COMMENT:
        raise InputError(f"a comment may have at most {MAX_COMMENT} characters, not {len(comment)}", "comment")
    refuse_control_characters(comment, "comment")
