"""Changes that are reverted at a certain time, unless they are confirmed before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import peewee as pw

from appliance.store import tables
from appliance.zones.model import Zone

LONGEST = timedelta(days=1)
"""The longest time in which a change may be confirmed."""


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change with its row in the journal and its serial; it is decided once it was confirmed or reverted."""

    zone: UUID
    change_id: UUID
    row: int
    serial: int
    due_at: datetime
    confirmed: bool
    reverted: bool

    @property
    def waits_until(self) -> datetime:
        """When the change is reverted even if a later one is undecided."""
        return self.due_at + LONGEST


def add(change_id: UUID, due_at: datetime) -> None:
    """Store, in the transaction of the change, that it is to be confirmed until then."""
    tables.PendingChange.create(change=_row_of(change_id), due_at=due_at)


def get(change_id: UUID) -> PendingChange | None:
    """Return the change, or None if it was stored without a time until which it is to be confirmed."""
    row = _select().where(tables.Change.uuid == change_id).get_or_none()
    return _from_row(row) if row else None


def of_zone(zone: Zone) -> list[PendingChange]:
    """Return the changes of the zone that are neither confirmed nor reverted, by when they are due."""
    query = _select().where(tables.Zone.uuid == zone.uuid, *_is_undecided())
    return [_from_row(row) for row in query.order_by(tables.PendingChange.due_at, tables.Change.id)]


def due(now: datetime) -> list[PendingChange]:
    """Return the changes of existing zones that are to be reverted now, the newest first.

    One that would be due only after LONGEST is due now: the clock was set back since it was stored.
    """
    pending = tables.PendingChange
    is_due = (pending.due_at <= now) | (pending.due_at > now + LONGEST)
    query = _select().where(is_due, *_is_undecided(), tables.Zone.deleted_at.is_null())
    return [_from_row(row) for row in query.order_by(tables.Change.id.desc())]


def undecided_after(pending: PendingChange) -> list[PendingChange]:
    """Return the changes of the same zone after this one that are neither confirmed nor reverted, the newest first."""
    is_later = (tables.Zone.uuid == pending.zone) & (tables.Change.id > pending.row)
    return [_from_row(row) for row in _select().where(is_later, *_is_undecided()).order_by(tables.Change.id.desc())]


def reverts_after(zone: Zone, row: int) -> dict[UUID, UUID]:
    """Return, of each change of the zone after that row that was reverted, the uuid of what reverted it, by its own."""
    is_later = (tables.Zone.uuid == zone.uuid) & (tables.Change.id > row)
    query: Iterable[tables.PendingChange] = _select().where(is_later)
    return {row.change.uuid: row.reverted_by for row in query if row.reverted_by}


def confirm(change_id: UUID, now: datetime) -> None:
    """Store that the change was confirmed."""
    _update(change_id, confirmed_at=now)


def note_reverted(change_id: UUID, now: datetime, reverted_by: UUID | None) -> None:
    """Store that the change was reverted, and by which change; None if everything stayed as it was."""
    _update(change_id, reverted_at=now, reverted_by=reverted_by)


def _is_undecided() -> tuple[pw.Expression, ...]:
    return tables.PendingChange.confirmed_at.is_null(), tables.PendingChange.reverted_at.is_null()


def _update(change_id: UUID, **changed: datetime | UUID | None) -> None:
    pending = tables.PendingChange
    pending.update(changed).where(pending.change == _row_of(change_id)).execute()


def _row_of(change_id: UUID) -> pw.ModelSelect[tables.Change]:
    return tables.Change.select(tables.Change.id).where(tables.Change.uuid == change_id)


def _select() -> pw.ModelSelect[tables.PendingChange]:
    columns = (tables.PendingChange, tables.Change.id, tables.Change.uuid, tables.Change.serial, tables.Zone.uuid)
    return tables.PendingChange.select(*columns).join(tables.Change).join(tables.Zone)


def _from_row(row: tables.PendingChange) -> PendingChange:
    change = row.change
    decided = row.confirmed_at is not None, row.reverted_at is not None
    return PendingChange(change.zone.uuid, change.uuid, change.id, change.serial, row.due_at, *decided)
