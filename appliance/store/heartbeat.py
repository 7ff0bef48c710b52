"""The heartbeat: one row, in which the deployer says that it is running and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import peewee as pw

from appliance.store import tables
from appliance.store.prepared import PreparedWrite


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last heartbeat of the deployer: its time, the last reconciliation, their number, and pending zones.

    `figures` are what it has counted since its start, by name and label.
    """

    beat_at: datetime
    reconciled_at: datetime | None
    reconciliations: int
    pending: int
    figures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def store(heartbeat: Heartbeat) -> None:
    """Store that the deployer is running."""
    _replace(
        id=1,
        beat_at=heartbeat.beat_at,
        reconciled_at=heartbeat.reconciled_at,
        reconciliations=heartbeat.reconciliations,
        pending=heartbeat.pending,
        figures=heartbeat.figures,
    )


@PreparedWrite
def _replace(**columns: object) -> pw.ModelInsert:
    return tables.Heartbeat.insert(columns).on_conflict_replace()


def last() -> Heartbeat | None:
    """Return the last heartbeat of the deployer, or None."""
    row = tables.Heartbeat.get_or_none(tables.Heartbeat.id == 1)
    return Heartbeat(row.beat_at, row.reconciled_at, row.reconciliations, row.pending, row.figures) if row else None


def last_at() -> datetime | None:
    """Return the time of the last heartbeat of the deployer, or None."""
    heartbeat = last()
    return heartbeat.beat_at if heartbeat else None
