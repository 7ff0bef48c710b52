"""The rows of `observation`: what nameservers answered, and that it was confirmed; read at the deployer's start."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import peewee as pw

from appliance.store import tables
from appliance.store.prepared import PreparedSelect, PreparedWrite, in_parts
from appliance.zones.deployment import NameserverState, Observation


def all_observations() -> dict[tuple[UUID, str], tuple[int | None, NameserverState, bool]]:
    """Return serial, state and `answered` by zone and nameserver, of zones whose removal was not confirmed."""
    # equal values are one object: the deployer keeps all of this
    uuid_of, row_of = cache(UUID), cache(_row)
    rows = _of_present_zones.tuples()
    return {(uuid_of(uuid), sys.intern(name)): row_of(*row) for uuid, name, *row in rows}


def _row(serial: int | None, state: str, answered: int) -> tuple[int | None, NameserverState, bool]:
    return serial, NameserverState(state), bool(answered)


@PreparedSelect
def _of_present_zones() -> pw.ModelSelect[tables.Observation]:
    row = tables.Observation
    return (
        row.select(tables.Zone.uuid, row.nameserver, row.serial, row.state, row.answered)
        .join(tables.Zone)
        .join(tables.Deployment, pw.JOIN.LEFT_OUTER)
        .where(tables.Deployment.removed_at.is_null())
    )


def store_confirmations(nameservers: Iterable[str], moment: datetime) -> None:
    """Store that a completed reconciliation queried these nameservers about every zone at that moment.

    It confirms every row that is `answered`; the zones that were left unanswered must be stored before.
    """
    for name in nameservers:
        tables.Confirmation.insert(nameserver=name, confirmed_at=moment).on_conflict_replace().execute()


def delete_of_others(nameservers: Collection[str], limit: int) -> int:
    """Delete observations of nameservers that are no longer configured; return how many, at most `limit`."""
    row = tables.Observation
    key = pw.Tuple(row.zone, row.nameserver)
    others = row.select(row.zone, row.nameserver).where(row.nameserver.not_in(list(nameservers))).limit(limit)
    return int(row.delete().where(key.in_(others)).execute())


def store_answers(observed: Mapping[int, Iterable[Observation]]) -> None:
    """Store the answers of nameservers by id of the zone; `deployments.store_all` describes their times."""
    for part in in_parts([_columns(zone_id, one) for zone_id, found in observed.items() for one in found]):
        _store(part)


def mark_unanswered(unanswered: Mapping[int, Iterable[str]]) -> None:
    """Store, by id of the zone, which nameservers left it unanswered; their last serial and state stay."""
    silent: dict[str, list[int]] = {}
    for zone_id, names in unanswered.items():
        for name in names:
            silent.setdefault(name, []).append(zone_id)
    for name, zone_ids in silent.items():
        _mark_unanswered(name, frozenset(zone_ids))


@PreparedWrite
def _store(rows: list[dict[str, Any]]) -> pw.ModelInsert:
    row = tables.Observation
    return row.insert_many(rows).on_conflict(conflict_target=[row.zone, row.nameserver], update=_newer_answer())


def _newer_answer() -> dict[pw.Field, Any]:
    """Return the columns to update when a nameserver has answered again."""
    row, new = tables.Observation, pw.EXCLUDED
    same = (row.state == new.state) & pw.Expression(row.serial, "IS", new.serial)
    return {
        row.serial: new.serial,
        row.state: new.state,
        row.answered: new.answered,
        row.checked_at: pw.fn.coalesce(new.checked_at, _last_answer()),
        row.changed_at: pw.Case(None, ((same, row.changed_at),), new.changed_at),
    }


def _last_answer() -> pw.Case:
    """Return the time of the last answer of a row: its own, or that of a later confirmation."""
    row, confirmation = tables.Observation, tables.Confirmation
    confirmed = confirmation.select(confirmation.confirmed_at).where(confirmation.nameserver == row.nameserver)
    later = pw.fn.max(row.checked_at, pw.fn.coalesce(confirmed, row.checked_at))
    return pw.Case(None, ((row.answered, later),), row.checked_at)


@PreparedWrite
def _mark_unanswered(nameserver: str, zone_ids: frozenset[int]) -> pw.ModelUpdate:
    row = tables.Observation
    of_zones = row.zone.in_(list(zone_ids)), row.nameserver == nameserver
    return row.update(answered=False, checked_at=_last_answer()).where(*of_zones, row.answered)


def _columns(zone_id: int, one: Observation) -> dict[str, Any]:
    return {
        "zone": zone_id,
        "nameserver": one.nameserver,
        "serial": one.serial,
        "state": one.state.value,
        "checked_at": one.checked_at,
        "changed_at": one.changed_at or one.checked_at,
        "answered": one.answered,
    }
