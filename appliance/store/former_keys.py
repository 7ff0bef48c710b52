"""Rows of the DNSSEC keys of zones that are not signed any longer. The deployer alone uses this module."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from appliance.store import name_keys, tables
from appliance.zones.model import Zone


def former_zones(zone: Zone) -> list[UUID]:
    """Return the deleted zones of the same name and account, the last one first."""
    row = tables.Zone
    is_former = row.name_key == name_keys.domain_key(zone.name), row.uuid != zone.uuid, row.deleted_at.is_null(False)
    query = row.select(row.uuid).join(tables.Account).where(*is_former, tables.Account.uuid == zone.account)
    return [one.uuid for one in query.order_by(row.deleted_at.desc(), row.id.desc())]


def unneeded(uuids: Iterable[UUID], moment: datetime) -> list[UUID]:
    """Return those of these zones that were deleted and removed, or unsigned, before that moment."""
    zone, deployed, row = tables.Zone, tables.Deployment, tables.Signing
    is_gone = (zone.deleted_at < moment) & (deployed.removed_at < moment)
    is_off = zone.deleted_at.is_null() & ~zone.signed & ~zone.dnssec & (row.since < moment)
    query = zone.select(zone.uuid).left_outer_join(deployed).switch(zone).left_outer_join(row).where(is_gone | is_off)
    return [one.uuid for part in tables.batches(uuids) for one in query.where(zone.uuid.in_(part))]


def forget(uuid: UUID) -> None:
    """Forget the keys of a zone: it may have other ones from now on."""
    number = tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == uuid)
    tables.SigningKey.delete().where(tables.SigningKey.zone.in_(number)).execute()
