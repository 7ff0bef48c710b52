"""Rows of unknown zones: served but not in the database, as the deployer found them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from dns.name import Name

from appliance.store import tables
from appliance.zones.names import print_domain


def store(found: Iterable[tuple[str, Name]], now: datetime) -> None:
    """Store the unknown zones, by their labels in the catalog; delete those that are not among them any longer."""
    names_by_label = {label: print_domain(name) for label, name in found}
    stored = {row.label for row in tables.UnknownZone.select()}
    for label in stored - names_by_label.keys():
        tables.UnknownZone.delete().where(tables.UnknownZone.label == label).execute()
    for label in names_by_label.keys() - stored:
        tables.UnknownZone.insert(label=label, name=names_by_label[label], found_at=now).execute()


def allow_removals(now: datetime) -> int:
    """Allow the removal of all unknown zones that are stored now; return their number."""
    return int(tables.UnknownZone.update(allowed_at=now).execute())


def allowed() -> set[str]:
    """Return the labels of the unknown zones that may be removed."""
    return {row.label for row in tables.UnknownZone.select().where(tables.UnknownZone.allowed_at.is_null(False))}


def names(limit: int) -> list[str]:
    """Return the distinct names of unknown zones, at most `limit`."""
    query = tables.UnknownZone.select(tables.UnknownZone.name).distinct().order_by(tables.UnknownZone.name).limit(limit)
    return [row.name for row in query]
