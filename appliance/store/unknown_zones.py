"""Zones that are served and that the store never knew, as the deployer found them. An operator may let them go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from dns.name import Name

from appliance.store import tables
from appliance.zones.names import print_domain


def note(found: Iterable[tuple[str, Name]], now: datetime) -> None:
    """The zones that are served and that the store never knew, by their label; what is not told again is forgotten."""
    told = {label: print_domain(name) for label, name in found}
    kept = {row.label for row in tables.UnknownZone.select()}
    for label in kept - told.keys():
        tables.UnknownZone.delete().where(tables.UnknownZone.label == label).execute()
    for label in told.keys() - kept:
        tables.UnknownZone.insert(label=label, name=told[label], found_at=now).execute()


def allow_removals(now: datetime) -> int:
    """An operator's word: the zones that are told now may go; how many they are."""
    return int(tables.UnknownZone.update(allowed_at=now).execute())


def allowed() -> set[str]:
    """The labels of the zones that may go."""
    return {row.label for row in tables.UnknownZone.select().where(tables.UnknownZone.allowed_at.is_null(False))}


def names(limit: int) -> list[str]:
    """Names of zones that are served and that the store never knew, each once, `limit` of them at most."""
    query = tables.UnknownZone.select(tables.UnknownZone.name).distinct().order_by(tables.UnknownZone.name).limit(limit)
    return [row.name for row in query]
