"""Zones that are held: stored, and not published until their ownership is proven. A deleted zone keeps its hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import peewee as pw
from dns.name import Name

from appliance.store import name_keys, tables
from appliance.store.prepared import PreparedSelect
from appliance.store.zones import from_row, is_held
from appliance.zones.model import Zone
from appliance.zones.ownership import LONGEST_PAUSE, Hold, HoldReason


def insert(zone: UUID, token: str, reason: HoldReason, now: datetime) -> None:
    """Hold a zone; it is due to be checked at once."""
    tables.Hold.create(zone=_id_of(zone), token=token, reason=reason.value, due_at=now)


def of_zones(uuids: Iterable[UUID]) -> Mapping[UUID, Hold]:
    """Return the holds of these zones; those that are not held are missing."""
    return {row.zone.uuid: _hold(row) for row in _of_zones(frozenset(uuids))}


@PreparedSelect
def _of_zones(uuids: frozenset[UUID]) -> pw.ModelSelect[tables.Hold]:
    return _select().where(tables.Zone.uuid.in_(list(uuids)))


def get(zone: UUID) -> Hold | None:
    """Return the hold of the zone, None if it is not held."""
    return of_zones([zone]).get(zone)


def due(now: datetime | None, limit: int, *, one_each: bool = False) -> list[Hold]:
    """Return holds of existing zones that are due to be checked (None: of all), those that wait longest first.

    One that would be due too late is due, too: the clock was set back since it was checked. `one_each`: of each account
    only the first.
    """
    query = _select().where(tables.Zone.deleted_at.is_null())
    if now is not None:
        query = query.where((tables.Hold.due_at <= now) | (tables.Hold.due_at > now + LONGEST_PAUSE))
    if one_each:  # the columns are of the row with the minimum (https://sqlite.org/lang_select.html#bareagg)
        query = query.select_extend(pw.fn.MIN(tables.Hold.due_at)).group_by(tables.Zone.account)
    return [_hold(row) for row in query.order_by(tables.Hold.due_at).limit(limit)]


def held_since(zone: Zone, domain: Name, pause: timedelta) -> datetime:
    """Return since when the account of the held zone holds names at or below `domain`, this zone or deleted ones.

    Zones that were held when they were deleted count, up to a time of `pause` in which there was none.
    """
    key = name_keys.domain_key(domain)
    low, high = name_keys.below(key)
    row, since = tables.Zone, zone.created_at
    query = (
        row.select(row.created_at, row.deleted_at)
        .join(tables.Account)
        .where(tables.Account.uuid == zone.account, row.deleted_at.is_null(False), is_held())
        .where((row.name_key == key) | ((row.name_key > low) & (row.name_key < high)))
        .order_by(row.deleted_at.desc())
    )
    for former in query:
        if former.deleted_at <= since - pause:
            break
        since = min(since, former.created_at)
    return since


def store_check(hold: Hold, due_at: datetime) -> bool:
    """Store the result of a check, and when the next one is due; return False if the zone is not held any longer."""
    stored = tables.Hold.update(
        reason=hold.reason.value, problem=hold.problem, checks=hold.checks, checked_at=hold.checked_at, due_at=due_at
    )
    return bool(stored.where(tables.Hold.zone == _id_of(hold.zone)).execute())


def release(zone: Zone) -> list[Zone]:
    """Release the zone, and the zones of its account below it; return those that were held, deleted ones aside."""
    low, high = name_keys.below(name_keys.domain_key(zone.name))
    row = tables.Zone
    query = (
        row.select(row, tables.Account.uuid)
        .join_from(row, tables.Account)
        .join_from(row, tables.Hold)
        .where(row.deleted_at.is_null(), tables.Account.uuid == zone.account)
        .where((row.uuid == zone.uuid) | ((row.name_key > low) & (row.name_key < high)))
        .order_by(row.name_key)
    )
    rows = list(query)
    tables.Hold.delete().where(tables.Hold.zone.in_([one.id for one in rows])).execute()
    return [from_row(one) for one in rows]


def _select() -> pw.ModelSelect[tables.Hold]:
    return tables.Hold.select(tables.Hold, tables.Zone.uuid, tables.Zone.name).join(tables.Zone)


def _id_of(zone: UUID) -> pw.ModelSelect[tables.Zone]:
    return tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == zone)


def _hold(row: tables.Hold) -> Hold:
    return Hold(
        zone=row.zone.uuid,
        domain=name_keys.domain_from(row.zone.name),
        token=row.token,
        reason=HoldReason(row.reason),
        problem=row.problem,
        checked_at=row.checked_at,
        checks=row.checks,
    )
