"""What the listener for DNS UPDATE reports of itself: one row, absent while it does not run by intention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from appliance.store import tables


@dataclass(frozen=True, slots=True)
class UpdateListener:
    """Its last report: the time, and how many messages it answered since its start, by response code."""

    beat_at: datetime
    responses: Mapping[str, int]


def store(report: UpdateListener) -> None:
    """Store a report."""
    row = tables.UpdateListener.insert(id=1, beat_at=report.beat_at, responses=report.responses)
    row.on_conflict_replace().execute()


def last() -> UpdateListener | None:
    """Return the last report, or None."""
    row = tables.UpdateListener.get_or_none(tables.UpdateListener.id == 1)
    return UpdateListener(row.beat_at, row.responses) if row else None


def forget() -> None:
    """Delete the report, since the listener ends as requested."""
    tables.UpdateListener.delete().execute()
