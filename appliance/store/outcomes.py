"""What the deployer did and saw. It alone writes here; API, console, command line and metrics read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import peewee as pw
from dns.name import Name

from appliance.store import order, tables
from appliance.zones.deployment import Answer, Deployment, Seen
from appliance.zones.model import Zone
from appliance.zones.names import print_domain

_Row = TypeVar("_Row", tables.Deployment, tables.Outcome)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the store says of one zone, living or deleted: what is wanted, and what was done last."""

    uuid: UUID
    name: Name
    serial: int
    record_count: int
    deleted: bool
    removed: bool
    attempted: int | None
    live_serial: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Reach:
    """Of one nameserver: the zones that it serves too old a serial of, and those it gave no answer about."""

    lagging: int
    unreachable: int


def deployments(zones: Sequence[Zone], nameservers: Sequence[str]) -> Mapping[UUID, Deployment]:
    """Where each of these zones has come to; two statements, however many zones."""
    uuids = [zone.uuid for zone in zones]
    done = {row.zone.uuid: row for row in _of(tables.Deployment, uuids)}
    seen = {(row.zone.uuid, row.nameserver): row for row in _of(tables.Outcome, uuids)}
    return {
        zone.uuid: _deployment(
            zone,
            done.get(zone.uuid, tables.Deployment()),
            [_seen(seen.get((zone.uuid, name)), name) for name in nameservers],
        )
        for zone in zones
    }


def standings(uuids: Iterable[UUID] | None = None) -> list[Standing]:
    """The standing of these zones, or of all whose removal has not been seen yet.

    All are read before this returns: SQLite refuses a write at once while a read of the same connection is open and
    another process has written since.
    """
    query = (
        tables.Zone.select(tables.Zone, tables.Deployment)
        .join(tables.Deployment, pw.JOIN.LEFT_OUTER, attr="done")
        .order_by(tables.Zone.id)
    )
    if uuids is not None:
        query = query.where(tables.Zone.uuid.in_(list(uuids)))
    else:
        query = query.where(tables.Zone.deleted_at.is_null() | tables.Deployment.removed_at.is_null())
    return [_standing(row) for row in query.iterator()]


def note_attempt(uuid: UUID, serial: int, error: str | None) -> None:
    """The deployer took this serial up; `error` tells how far it came when it failed."""
    _put(uuid, serial=serial, error=error)


def note_live(uuid: UUID, serial: int, now: datetime) -> None:
    """Every nameserver was seen serving this serial."""
    _put(uuid, serial=serial, live_serial=serial, live_at=now, error=None)


def note_removed(uuid: UUID, now: datetime) -> None:
    """No nameserver answers for the deleted zone."""
    _put(uuid, removed_at=now, error=None)


def note_seen(uuid: UUID, seen: Iterable[Seen]) -> None:
    """What nameservers answered for the zone."""
    zone_id = _id_of(uuid)
    for one in seen:
        columns = {"serial": one.serial, "state": one.state.value, "checked_at": one.checked_at}
        key = {"zone": zone_id, "nameserver": one.nameserver}
        tables.Outcome.insert(**key, **columns).on_conflict(
            conflict_target=[tables.Outcome.zone, tables.Outcome.nameserver], update=columns
        ).execute()


def removed_before(uuids: Iterable[UUID], moment: datetime) -> list[UUID]:
    """Those of these zones whose removal was seen before that moment."""
    query = tables.Zone.select(tables.Zone.uuid).join(tables.Deployment).where(tables.Deployment.removed_at < moment)
    return [row.uuid for part in tables.parts(uuids) for row in query.where(tables.Zone.uuid.in_(part))]


def note_strays(strays: Iterable[tuple[str, Name]], now: datetime) -> None:
    """The zones that are served and that the store never knew, by their label; what is not told again is forgotten."""
    told = {label: print_domain(name) for label, name in strays}
    kept = {row.label for row in tables.Stray.select()}
    for label in kept - told.keys():
        tables.Stray.delete().where(tables.Stray.label == label).execute()
    for label in told.keys() - kept:
        tables.Stray.insert(label=label, name=told[label], found_at=now).execute()


def allow_removals(now: datetime) -> int:
    """An operator's word: the zones that are told now may go; how many they are."""
    return int(tables.Stray.update(allowed_at=now).execute())


def allowed_strays() -> set[str]:
    """The labels of the zones that may go."""
    return {row.label for row in tables.Stray.select().where(tables.Stray.allowed_at.is_null(False))}


def strays(limit: int) -> list[str]:
    """Names of zones that are served and that the store never knew, `limit` of them at most."""
    return [row.name for row in tables.Stray.select().order_by(tables.Stray.name).limit(limit)]


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """What the deployer last said of itself: its last turn, its last full turn, how many of these, zones that wait."""

    turned_at: datetime
    full_turn_at: datetime | None
    full_turns: int
    waiting: int


def note_turn(sign: SignOfLife) -> None:
    """The deployer is at work."""
    tables.Turn.insert(
        id=1,
        turned_at=sign.turned_at,
        full_turn_at=sign.full_turn_at,
        full_turns=sign.full_turns,
        waiting=sign.waiting,
    ).on_conflict_replace().execute()


def last_sign() -> SignOfLife | None:
    """What the deployer last said of itself."""
    row = tables.Turn.get_or_none(tables.Turn.id == 1)
    return SignOfLife(row.turned_at, row.full_turn_at, row.full_turns, row.waiting) if row else None


def turned_at() -> datetime | None:
    """When the deployer last said that it is at work."""
    sign = last_sign()
    return sign.turned_at if sign else None


def count_by_state() -> Mapping[str, int]:
    """How many living zones there are in each state."""
    wanted = tables.Zone.serial
    done = tables.Deployment
    state = pw.Case(
        None,
        (
            (done.live_serial == wanted, "live"),
            (done.serial.is_null() | (done.serial != wanted), "pending"),
            (done.error.is_null(False), "failed"),
        ),
        "deploying",
    )
    query = (
        tables.Zone.select(state.alias("state"), pw.fn.count(tables.Zone.id))
        .join(done, pw.JOIN.LEFT_OUTER)
        .where(tables.Zone.deleted_at.is_null())
        .group_by(state)
    )
    return dict(query.tuples().iterator())


@dataclass(frozen=True, slots=True)
class Late:
    """A zone on its way: living and not live, or deleted and still answered; since when, and what stood in its way."""

    name: Name
    serial: int
    deleted: bool
    queued_at: datetime
    error: str | None
    live_serial: int | None
    live_at: datetime | None


def late(limit: int) -> list[Late]:
    """Zones that are on their way, the longest waiting first."""
    done = tables.Deployment
    not_live = tables.Zone.deleted_at.is_null() & (
        done.live_serial.is_null() | (done.live_serial != tables.Zone.serial)
    )
    query = (
        tables.Zone.select(tables.Zone, done)
        .join(done, pw.JOIN.LEFT_OUTER, attr="done")
        .where(not_live | (tables.Zone.deleted_at.is_null(False) & done.removed_at.is_null()))
        .order_by(tables.Zone.queued_at)
        .limit(limit)
    )
    return [_late(row) for row in query]


def reaches_of_nameservers() -> Mapping[str, Reach]:
    """How each nameserver keeps up with the living zones; one that was never asked is missing."""
    states = (pw.fn.sum(tables.Outcome.state == state.value) for state in (Answer.LAGGING, Answer.UNREACHABLE))
    query = (
        tables.Outcome.select(tables.Outcome.nameserver, *states)
        .join(tables.Zone)
        .where(tables.Zone.deleted_at.is_null())
        .group_by(tables.Outcome.nameserver)
    )
    return {name: Reach(lagging, unreachable) for name, lagging, unreachable in query.tuples().iterator()}


def lags_of_nameservers() -> Mapping[str, datetime]:
    """For each nameserver that is behind, when the oldest change was made that it does not serve."""
    query = (
        tables.Outcome.select(tables.Outcome.nameserver, pw.fn.min(tables.Zone.queued_at).alias("since"))
        .join(tables.Zone)
        .where(tables.Zone.deleted_at.is_null(), tables.Outcome.state != Answer.LIVE.value)
        .group_by(tables.Outcome.nameserver)
    )
    rows: Iterable[tuple[str, datetime]] = query.tuples().iterator()
    return dict(rows)


def _late(row: tables.Zone) -> Late:
    done = getattr(row, "done", None) or tables.Deployment()
    return Late(
        name=order.domain_from(row.name),
        serial=row.serial,
        deleted=row.deleted_at is not None,
        queued_at=row.queued_at,
        error=done.error,
        live_serial=done.live_serial,
        live_at=done.live_at,
    )


def _put(uuid: UUID, **columns: Any) -> None:  # noqa: ANN401 - columns of several types
    tables.Deployment.insert(zone=_id_of(uuid), **columns).on_conflict(
        conflict_target=[tables.Deployment.zone], update=columns
    ).execute()


def _id_of(uuid: UUID) -> int:
    return int(tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == uuid).scalar())


def _of(table: type[_Row], uuids: list[UUID]) -> pw.ModelSelect[_Row]:
    return table.select(table, tables.Zone.uuid).join(tables.Zone).where(tables.Zone.uuid.in_(uuids))


def _deployment(zone: Zone, done: tables.Deployment, seen: list[Seen]) -> Deployment:
    return Deployment(
        serial=zone.serial,
        attempted=done.serial,
        live_serial=done.live_serial,
        live_at=done.live_at,
        queued_at=zone.queued_at,
        error=done.error,
        nameservers=seen,
        removed=done.removed_at is not None,
        deleted=zone.deleted_at is not None,
    )


def _seen(row: tables.Outcome | None, nameserver: str) -> Seen:
    if row is None:
        return Seen(nameserver, None, Answer.LAGGING, None)
    return Seen(nameserver, row.serial, Answer(row.state), row.checked_at)


def _standing(row: tables.Zone) -> Standing:
    done = getattr(row, "done", None)
    return Standing(
        uuid=row.uuid,
        name=order.domain_from(row.name),
        serial=row.serial,
        record_count=row.record_count,
        deleted=row.deleted_at is not None,
        removed=bool(done and done.removed_at),
        attempted=done and done.serial,
        live_serial=done and done.live_serial,
        error=done and done.error,
    )
