"""The rows of `observation` as a whole: read at the deployer's start, confirmed by each reconciliation."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

import peewee as pw

from appliance.store import tables
from appliance.zones.deployment import NameserverState


def all_observations() -> dict[tuple[UUID, str], tuple[int | None, NameserverState, bool]]:
    """Return serial, state and `answered` by zone and nameserver, of zones whose removal was not confirmed."""
    row = tables.Observation
    query = (
        row.select(tables.Zone.uuid, row.nameserver, row.serial, row.state, row.answered)
        .join(tables.Zone)
        .join(tables.Deployment, pw.JOIN.LEFT_OUTER)
        .where(tables.Deployment.removed_at.is_null())
    )
    rows: Iterable[tuple[UUID, str, int | None, str, bool]] = query.tuples().iterator()
    return {(uuid, name): (serial, NameserverState(state), answered) for uuid, name, serial, state, answered in rows}


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
