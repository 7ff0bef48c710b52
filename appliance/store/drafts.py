"""Rows of drafts: changes of a zone that an account prepares in the console and has not saved.

Only its account sees a draft, and nothing of it is published.
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
"""Each in the form of a change in the API."""


def of(zone: Zone, account: UUID) -> Changes:
    """Return the changes of the account's draft for the zone, in order; none without a draft."""
    row = tables.Draft.get_or_none(tables.Draft.zone == zone_id(zone), tables.Draft.account == account)
    return row.changes if row else ()


def put(zone: Zone, account: UUID, changes: Changes, now: datetime) -> None:
    """Replace the draft by these changes; delete it if there are none."""
    if changes:
        tables.Draft.insert(
            zone=zone_id(zone), account=account, changes=list(changes), updated_at=now
        ).on_conflict_replace().execute()
    else:
        tables.Draft.delete().where(tables.Draft.zone == zone_id(zone), tables.Draft.account == account).execute()
