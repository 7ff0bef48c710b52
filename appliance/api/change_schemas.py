"""The schemas of changes of a zone: the diff in which every change is shown."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields

from appliance.api.schemas import Record, ZoneWarning


class RecordChange(ma.Schema):
    """A record before and after a change; its uuid stays the same."""

    before = fields.Nested(Record, required=True)
    after = fields.Nested(Record, required=True)


class Diff(ma.Schema):
    """What a change did to the records of a zone, or would do."""

    serial = fields.Integer(required=True, metadata={"description": "The serial of the zone after the change."})
    applied = fields.Boolean(required=True, metadata={"description": "False for a dry run: nothing was stored."})
    added = fields.List(fields.Nested(Record), required=True)
    changed = fields.List(fields.Nested(RecordChange), required=True)
    removed = fields.List(fields.Nested(Record), required=True)
    warnings = fields.List(fields.Nested(ZoneWarning), required=True)
    change_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The uuid of the change; null for a dry run, and if nothing changed."},
    )
