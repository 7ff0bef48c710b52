"""The schemas of the history of a zone."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields

from appliance.api.fields import QueryInteger, Timestamp
from appliance.api.strict_schema import Strict
from appliance.zones.serial import MODULUS


class ZoneVersion(ma.Schema):
    """A version of a zone: its author, and how many records it changed."""

    serial = fields.Integer(required=True)
    created_at = Timestamp(required=True)
    actor = fields.String(required=True, metadata={"description": "Account and token, process or command."})
    address = fields.String(required=True, metadata={"description": "IP address; empty for commands on the host."})
    comment = fields.String(required=True)
    added = fields.Integer(required=True, metadata={"description": "Number of records."})
    changed = fields.Integer(required=True, metadata={"description": "Number of records."})
    removed = fields.Integer(required=True, metadata={"description": "Number of records."})
    restorable = fields.Boolean(
        required=True, metadata={"description": "False if its records are no longer stored: see `journal.keep`."}
    )
    change_id = fields.UUID(required=True, metadata={"description": "The uuid of its first change."})
    confirm_by = Timestamp(
        required=True,
        allow_none=True,
        metadata={"description": "When the change is reverted unless it is confirmed before; else null."},
    )


class CompareQuery(Strict):
    """The version with which another one is compared; without it, the one before."""

    from_serial = QueryInteger(
        0, MODULUS - 1, data_key="from", metadata={"description": "Serial of the version to compare with."}
    )
