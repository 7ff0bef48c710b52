"""The proof of ownership of a zone that is held: its schema, and its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields

from appliance.api.fields import Timestamp
from appliance.zones.names import print_domain
from appliance.zones.ownership import Hold


class Ownership(ma.Schema):
    """The TXT record that proves the ownership of a zone that is held, and the time of the last check for it."""

    name = fields.String(required=True, metadata={"example": "_dns-appliance-challenge.example.com"})
    record_type = fields.String(required=True, metadata={"example": "TXT"})
    value = fields.String(required=True, metadata={"example": "8d0cbd5f0b8b4d4f9e6f0a2c7b1d3e5f"})
    checked_at = Timestamp(required=True, allow_none=True)


OWNERSHIP = fields.Nested(
    Ownership,
    required=True,
    allow_none=True,
    metadata={"description": "The record without which a held zone is not published; null for all other zones."},
)
"""The field of a zone."""


def ownership_of(hold: Hold | None) -> Mapping[str, Any] | None:
    """Return what proves the ownership of a held zone, None for any other."""
    if hold is None:
        return None
    name = print_domain(hold.challenge)
    return {"name": name, "record_type": "TXT", "value": hold.token, "checked_at": hold.checked_at}
