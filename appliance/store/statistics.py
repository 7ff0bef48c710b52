"""How far zones and nameservers have come, over all zones: for what is told of the whole, and never of one zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import peewee as pw
from dns.name import Name

from appliance.principal import EVERYTHING, Scope
from appliance.store import name_keys, tables
from appliance.store.zones import reaches, state_column, within
from appliance.zones.deployment import NameserverState


@dataclass(frozen=True, slots=True)
class NameserverLag:
    """Of one nameserver: the zones that it serves too old a serial of, and those it gave no answer about."""

    lagging: int
    unreachable: int


@dataclass(frozen=True, slots=True)
class LateZone:
    """A zone on its way: living and not live, or deleted and still answered; since when, and what stood in its way."""

    name: Name
    serial: int
    deleted: bool
    queued_at: datetime
    error: str | None
    live_serial: int | None
    live_at: datetime | None


def count_by_state(scope: Scope = EVERYTHING) -> Mapping[str, int]:
    """How many living zones of the scope there are in each state."""
    query = (
        tables.Zone.select(state_column().alias("state"), pw.fn.count(tables.Zone.id))
        .join(tables.Deployment, pw.JOIN.LEFT_OUTER)
        .where(*within(scope))
        .group_by(pw.SQL("state"))
    )
    return dict(query.tuples().iterator())


def late_zones(limit: int) -> list[LateZone]:
    """Zones that are on their way, the longest waiting first."""
    done = tables.Deployment
    not_live = tables.Zone.deleted_at.is_null() & ~reaches(done.live_serial, tables.Zone.serial)
    query = (
        tables.Zone.select(tables.Zone, done)
        .join(done, pw.JOIN.LEFT_OUTER, attr="done")
        .where(not_live | (tables.Zone.deleted_at.is_null(False) & done.removed_at.is_null()))
        .order_by(tables.Zone.queued_at)
        .limit(limit)
    )
    return [_late(row) for row in query]


def lag_by_nameserver() -> Mapping[str, NameserverLag]:
    """How each nameserver keeps up with the living zones; one that was never asked is missing."""
    states = (
        pw.fn.sum(tables.Observation.state == state.value)
        for state in (NameserverState.LAGGING, NameserverState.UNREACHABLE)
    )
    query = (
        tables.Observation.select(tables.Observation.nameserver, *states)
        .join(tables.Zone)
        .where(tables.Zone.deleted_at.is_null())
        .group_by(tables.Observation.nameserver)
    )
    return {name: NameserverLag(lagging, unreachable) for name, lagging, unreachable in query.tuples().iterator()}


def oldest_lag_by_nameserver() -> Mapping[str, datetime]:
    """For each nameserver that is behind, when the oldest change was made that it does not serve."""
    query = (
        tables.Observation.select(tables.Observation.nameserver, pw.fn.min(tables.Zone.queued_at).alias("since"))
        .join(tables.Zone)
        .where(tables.Zone.deleted_at.is_null(), tables.Observation.state != NameserverState.LIVE.value)
        .group_by(tables.Observation.nameserver)
    )
    rows: Iterable[tuple[str, datetime]] = query.tuples().iterator()
    return dict(rows)


def _late(row: tables.Zone) -> LateZone:
    done = getattr(row, "done", None) or tables.Deployment()
    return LateZone(
        name=name_keys.domain_from(row.name),
        serial=row.serial,
        deleted=row.deleted_at is not None,
        queued_at=row.queued_at,
        error=done.error,
        live_serial=done.live_serial,
        live_at=done.live_at,
    )
