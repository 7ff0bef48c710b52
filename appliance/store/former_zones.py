"""Rows of deleted zones, and the serials that zones of a name ever had."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import peewee as pw
from dns.name import Name

from appliance.principal import Scope
from appliance.store import name_keys, tables
from appliance.store.prepared import PreparedSelect
from appliance.store.scopes import within_with_deleted
from appliance.store.search import contains
from appliance.store.zones import Page, from_row, select
from appliance.zones.model import Zone
from appliance.zones.names import print_domain


def find(
    scope: Scope, deleted_after: datetime, page: Page, *, name: Name | None = None, search: str | None = None
) -> tuple[list[Zone], int]:
    """Return a page of the zones that were deleted after that time, newest first, and their number on all pages."""
    deleted_at = tables.Zone.deleted_at
    query = select().where(deleted_at > deleted_after, *within_with_deleted(scope))
    if name is not None:
        query = query.where(tables.Zone.name == print_domain(name))
    if search:
        query = query.where(contains(search, tables.Zone.name, tables.Zone.comment))
    ordered = query.order_by(deleted_at.desc(), tables.Zone.id.desc())
    return [from_row(row) for row in ordered.limit(page.size).offset(page.offset)], query.count()


def get(uuid: UUID, scope: Scope, deleted_after: datetime) -> Zone | None:
    """Return the zone with that uuid if it was deleted after that time and is in the scope, else None."""
    of_scope = within_with_deleted(scope)
    row = select().where(tables.Zone.uuid == uuid, tables.Zone.deleted_at > deleted_after, *of_scope).get_or_none()
    return from_row(row) if row else None


def last_named(name: Name) -> Zone | None:
    """Return the zone of that name that was deleted last, or None."""
    deleted_at = tables.Zone.deleted_at
    query = select().where(tables.Zone.name_key == name_keys.domain_key(name), deleted_at.is_null(False))
    row = query.order_by(deleted_at.desc()).first()
    return from_row(row) if row else None


def among(uuids: Iterable[UUID]) -> set[UUID]:
    """Return those of these zones that are marked as deleted."""
    query = tables.Zone.select(tables.Zone.uuid).where(tables.Zone.deleted_at.is_null(False))
    return {row.uuid for part in tables.batches(uuids) for row in query.where(tables.Zone.uuid.in_(part))}


def past_serials(name: Name) -> list[int]:
    """Return the last serials of all zones that ever had that name, oldest first; of signed ones, as served too."""
    rows = _named(print_domain(name))
    return [serial for row in rows for serial in (row.signed_serial, row.serial) if serial is not None]


@PreparedSelect
def _named(name: str) -> pw.ModelSelect[tables.Zone]:
    return (
        tables.Zone.select(tables.Zone.serial, tables.Zone.signed_serial)
        .where(tables.Zone.name == name)
        .order_by(tables.Zone.id)
    )
