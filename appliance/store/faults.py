"""Rows of faults: what the deployer fails to do for all zones, as its last reconciliation found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.store import tables


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: its subject, which is unique, what is wrong, and what to do."""

    subject: str
    text: str
    remedy: str


def store(found: Sequence[Fault], now: datetime) -> None:
    """Store these faults in place of the former ones; one whose text is as before keeps its time."""
    row = tables.Fault
    row.delete().where(row.text.not_in([fault.text for fault in found])).execute()
    for fault in found:
        row.insert(subject=fault.subject, text=fault.text, remedy=fault.remedy, found_at=now).on_conflict(
            conflict_target=[row.subject], update={row.remedy: fault.remedy}
        ).execute()


def all_faults() -> list[Fault]:
    """Return the faults of the last reconciliation."""
    return [Fault(row.subject, row.text, row.remedy) for row in tables.Fault.select().order_by(tables.Fault.subject)]
