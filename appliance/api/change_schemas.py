"""The schemas of calls that change many records at once: the changes, new zones with records, and the diff."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import marshmallow as ma
from marshmallow import fields

from appliance.api.fields import (
    BoundedList,
    OneOfObjects,
    QueryBoolean,
    StrictBoolean,
    StrictInteger,
    StrictString,
    StrictUuid,
    TextOrObject,
)
from appliance.api.schemas import Record, RecordBody, RecordPatch, ZoneWarning
from appliance.api.strict_schema import Strict
from appliance.editing import MAX_CHANGES
from appliance.store.pending_changes import LONGEST
from appliance.zones.impact_reasons import REASONS
from appliance.zones.model import MAX_TTL
from appliance.zones.rdata import MAX_PRIORITY
from appliance.zones.serial import MODULUS


def _described(text: str, example: object = None) -> dict[str, object]:
    return {"description": text} | ({} if example is None else {"example": example})


def _action(name: str) -> fields.String:
    return fields.String(required=True, metadata={"enum": [name]})


class CreateChange(RecordBody):
    """Create a record."""

    action = _action("create")


class UpdateChange(RecordPatch):
    """Change fields of a record; absent ones stay as they are."""

    action = _action("update")
    uuid = StrictUuid(required=True)  # type: ignore[assignment] # it says which record, and is no field of it here


class DeleteChange(Strict):
    """Delete a record."""

    action = _action("delete")
    uuid = StrictUuid(required=True)


class SetValue(Strict):
    """A value with a priority of its own."""

    value = StrictString(required=True)
    priority = StrictInteger(0, MAX_PRIORITY, allow_none=True)


class ReplaceChange(RecordBody):
    """Replace all records of one name and type; an empty list deletes them. Equal records keep uuid and comment."""

    class Meta:
        """Without the fields of a single record."""

        exclude = ("value", "comment", "expires_at")

    action = _action("replace")
    values = fields.List(
        TextOrObject(SetValue, metadata=_described("Values, or objects with `value` and `priority`.")),
        required=True,
    )


CHANGES: Mapping[str, type[Strict]] = {
    "create": CreateChange,
    "update": UpdateChange,
    "delete": DeleteChange,
    "replace": ReplaceChange,
}
CHOICES: tuple[type[Strict], ...] = (*CHANGES.values(), SetValue)
"""The schemas of which an object may be one."""


class Changes(Strict):
    """Changes of the records of a zone: all of them or none, in order, under one serial."""

    changes = BoundedList(
        OneOfObjects("action", CHANGES),
        MAX_CHANGES,
        required=True,
    )
    comment = StrictString(metadata=_described("Why, up to 500 characters: shown in the history."))
    confirm_within = StrictInteger(
        10,
        LONGEST // timedelta(seconds=1),
        metadata=_described("Seconds after which the change is reverted, unless it is confirmed before."),
    )


class DryRun(Strict):
    """Whether to store nothing."""

    dry_run = QueryBoolean(
        load_default=False,
        metadata=_described("`true`: check everything and answer the same, but store nothing."),
    )


class ZoneCreate(Strict):
    """A zone to create, with its records: all of them or nothing."""

    domain = StrictString(required=True, metadata=_described("Domain, with A-labels or U-labels.", "example.com"))
    records = BoundedList(fields.Nested(RecordBody), MAX_CHANGES)
    default_ttl = StrictInteger(0, MAX_TTL)
    protected = StrictBoolean()
    comment = StrictString()
    dnssec = StrictBoolean(metadata=_described("Sign it from its first serial on."))
    serial = StrictInteger(
        0, MODULUS - 1, metadata=_described("The last serial that other servers gave: the first one here is later.")
    )
    take_records = StrictBoolean(
        metadata=_described(
            "Move the records at and below the domain from the zone above into the new zone; otherwise it is refused."
        )
    )


class RecordChange(ma.Schema):
    """A record before and after a change; its uuid stays the same."""

    before = fields.Nested(Record, required=True)
    after = fields.Nested(Record, required=True)


_CONTENT = {
    "oneOf": [
        {"type": "string", "enum": ["NXDOMAIN", "NODATA"]},
        {"type": "array", "items": {"type": "string"}},
    ],
    "example": ["www.example.com. 300 IN A 192.0.2.1"],
}


class AnswerChange(ma.Schema):
    """How the answer to queries for one name and type changes."""

    name = fields.String(
        required=True, metadata=_described("Name relative to the zone; `*.x`: names below x that do not exist.", "www")
    )
    type = fields.String(
        required=True, metadata=_described("Record type; `*`: every type that the name has no records of.", "A")
    )
    before = fields.Raw(
        required=True,
        metadata={
            **_CONTENT,
            "description": "The former answer: records, those of a referral too, or why there are none.",
        },
    )
    after = fields.Raw(required=True, metadata={**_CONTENT, "description": "The new answer."})
    why = fields.String(required=True, metadata={"description": "The cause.", "enum": list(REASONS)})
    detail = fields.String(required=True, metadata=_described("The cause as a sentence."))
    cached_for = fields.Integer(
        required=True, metadata=_described("Seconds for which resolvers may keep the former answer.", 300)
    )


class Diff(ma.Schema):
    """What a change did to the records of a zone, or would do."""

    serial = fields.Integer(required=True, metadata=_described("The serial of the zone after the change."))
    applied = fields.Boolean(required=True, metadata=_described("False for a dry run: nothing was stored."))
    added = fields.List(fields.Nested(Record), required=True)
    changed = fields.List(fields.Nested(RecordChange), required=True)
    removed = fields.List(fields.Nested(Record), required=True)
    warnings = fields.List(fields.Nested(ZoneWarning), required=True)
    impact = fields.List(
        fields.Nested(AnswerChange),
        required=True,
        allow_none=True,
        metadata=_described(
            "The answers that a dry run would change; null for what is stored, or over 10,000 changes."
        ),
    )
    change_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata=_described("The uuid of the change; null for a dry run, and if nothing changed."),
    )
