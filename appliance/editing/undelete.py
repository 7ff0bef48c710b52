"""Bring deleted zones back: with uuid, records and settings, under a serial later than all that the name ever had."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from appliance.editing.new_holds import release_held
from appliance.editing.new_zones import NewZone, commit_above
from appliance.editing.zone_names import RESERVATION
from appliance.errors import NotFound
from appliance.principal import Principal, Scope
from appliance.store import deployments, former_zones, holds, journal, record_writes, signing, zones
from appliance.zones.model import Zone
from appliance.zones.ownership import Proof
from appliance.zones.serial import latest, next_serial


def find_deleted_zone(uuid: UUID, scope: Scope, now: datetime) -> Zone:
    """Return the zone of that uuid; raise NotFound unless it was deleted less than 30 days ago."""
    zone = former_zones.get(uuid, scope, now - RESERVATION)
    if zone is None:
        raise NotFound(f"there is no such zone among those that were deleted less than {RESERVATION.days} days ago")
    return zone


def commit_undeletion(zone: Zone, delegated: NewZone, principal: Principal, proof: Proof, now: datetime) -> Zone:
    """Store that the deleted zone exists again, in the write transaction that evaluated the delegation above it.

    A zone that was held is held again; one that was published releases those below it, as a new one does. One that was
    signed is signed again, and what was known of its DS must be seen or reported again.
    """
    serial = next_serial(latest(*former_zones.past_serials(zone.name)), now.date())
    revision = zone.revision + 1
    restored = zones.mark_restored(zone, serial=serial, revision=revision, queued_at=now, updated_at=now)
    deployments.forget_removal(zone.uuid)
    known = signing.get(restored) if restored.signed else None
    if known:
        signing.begin(restored, now, known.ds_ttl)
    journal.append(restored, journal.RESTORE, principal, now)
    if proof is not Proof.OFF and not holds.get(zone.uuid):
        release_held(restored, principal, now)
    record_writes.execute(delegated.statements)
    commit_above(delegated, principal, now)
    return restored
