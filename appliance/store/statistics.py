"""Counts over all zones and nameservers, for metrics, problems and the dashboard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import peewee as pw
from dns.name import Name

from appliance.principal import EVERYTHING, Scope
from appliance.store import name_keys, tables, zones
from appliance.store.zone_states import not_live, reaches, state_column
from appliance.store.zones import is_held
from appliance.zones.deployment import DeploymentState, NameserverState


@dataclass(frozen=True, slots=True)
class NameserverLag:
    """Numbers of zones of one nameserver: served with an old serial or not at all, and without an answer."""

    lagging: int
    unreachable: int


@dataclass(frozen=True, slots=True)
class LateZone:
    """A zone whose last change was not yet seen on every nameserver, or deleted and still answered.

    `error` is that of the last attempt.
    """

    name: Name
    serial: int
    deleted: bool
    queued_at: datetime
    error: str | None
    live_serial: int | None
    live_at: datetime | None


def count_by_state(scope: Scope = EVERYTHING) -> Mapping[str, int]:
    """Return the number of zones of the scope in each deployment state."""
    selected = state_column().alias("state"), pw.fn.count(tables.Zone.id)
    found = dict(not_live(scope).select(*selected).group_by(pw.SQL("state")).tuples().iterator())
    live = zones.count_within(scope) - sum(found.values())
    return found | {DeploymentState.LIVE.value: live} if live else found


def late_zones(limit: int) -> list[LateZone]:
    """Return zones whose last change is not served yet, or deleted and not removed, the longest waiting first.

    Held zones are left out.
    """
    deployed = tables.Deployment
    not_live = tables.Zone.deleted_at.is_null() & ~reaches(deployed.live_serial, tables.Zone.serial) & ~is_held()
    query = (
        tables.Zone.select(tables.Zone, deployed)
        .join(deployed, pw.JOIN.LEFT_OUTER, attr="deployment")
        .where(tables.Zone.id.in_(tables.UnsettledZone.select(tables.UnsettledZone.zone)))
        .where(not_live | (tables.Zone.deleted_at.is_null(False) & deployed.removed_at.is_null()))
        .order_by(tables.Zone.queued_at)
        .limit(limit)
    )
    return [_late(row) for row in query]


def lag_by_nameserver(now: datetime | None = None, patience: timedelta = timedelta()) -> Mapping[str, NameserverLag]:
    """Return the lag of each nameserver that has any.

    With `now`, a zone that has been lagging for no longer than `patience` is not counted: it may be in transfer. A time
    that is still to come counts as long past.
    """
    lagging = tables.Observation.state == NameserverState.LAGGING.value
    if now is not None:
        since, queued = tables.Observation.changed_at, tables.Zone.queued_at
        is_long = ~since.between(now - patience, now)
        lagging &= is_long | (since.is_null() & ~queued.between(now - patience, now))
    unreachable = tables.Observation.state == NameserverState.UNREACHABLE.value
    missing = tables.Observation.state != pw.SQL("'live'")  # an index has these
    query = (
        tables.Observation.select(tables.Observation.nameserver, pw.fn.sum(lagging), pw.fn.sum(unreachable))
        .join(tables.Zone)
        .where(missing, tables.Zone.deleted_at.is_null())
        .group_by(tables.Observation.nameserver)
    )
    return {name: NameserverLag(lagging, unreachable) for name, lagging, unreachable in query.tuples().iterator()}


def queried_nameservers() -> list[str]:
    """Return the nameservers that were queried: by a reconciliation, or for the newest zone that was."""
    seen, confirmed = tables.Observation, tables.Confirmation
    newest = seen.select(pw.fn.max(seen.zone))
    names = seen.select(seen.nameserver).where(seen.zone == newest) | confirmed.select(confirmed.nameserver)
    return [name for (name,) in names.tuples()]


def oldest_lag_by_nameserver() -> Mapping[str, datetime]:
    """Return for each lagging nameserver the time of the oldest change that it does not serve."""
    query = (
        tables.Observation.select(tables.Observation.nameserver, pw.fn.min(tables.Zone.queued_at).alias("since"))
        .join(tables.Zone)
        .where(tables.Zone.deleted_at.is_null(), tables.Observation.state != NameserverState.LIVE.value)
        .group_by(tables.Observation.nameserver)
    )
    rows: Iterable[tuple[str, datetime]] = query.tuples().iterator()
    return dict(rows)


def _late(row: tables.Zone) -> LateZone:
    deployed = getattr(row, "deployment", None) or tables.Deployment()
    return LateZone(
        name=name_keys.domain_from(row.name),
        serial=row.serial,
        deleted=row.deleted_at is not None,
        queued_at=row.queued_at,
        error=deployed.error,
        live_serial=deployed.live_serial,
        live_at=deployed.live_at,
    )
