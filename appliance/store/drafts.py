"""Rows of drafts: changes of a zone that someone gathers in the console, and that are not saved yet.

A draft is nobody else's to see, and nothing of it is published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from appliance.store import tables
from appliance.store.records import zone_id
from appliance.zones.model import Zone

Changes = Sequence[Mapping[str, Any]]
"""Each as the API writes a change."""


def of(zone: Zone, account: UUID) -> Changes:
    """What the account has gathered for the zone, in its order."""
    row = tables.Draft.get_or_none(tables.Draft.zone == zone_id(zone), tables.Draft.account == account)
    return row.changes if row else ()


def put(zone: Zone, account: UUID, changes: Changes, now: datetime) -> None:
    """Keep these changes in place of what was gathered; none: there is no draft."""
    if changes:
        tables.Draft.insert(
            zone=zone_id(zone), account=account, changes=list(changes), updated_at=now
        ).on_conflict_replace().execute()
    else:
        tables.Draft.delete().where(tables.Draft.zone == zone_id(zone), tables.Draft.account == account).execute()
