"""Which new zones are held until their ownership is proven, and their release."""

from __future__ import annotations

import secrets
from datetime import datetime

from appliance.editing.zone_names import RESERVATION
from appliance.principal import Principal, Scope
from appliance.store import holds, journal, zones
from appliance.zones.model import Zone
from appliance.zones.ownership import HoldReason, Proof

TOKEN_OCTETS = 16
"""Random octets of a token."""


def hold_if_unproven(zone: Zone, principal: Principal, proof: Proof, now: datetime) -> bool:
    """Hold the new zone, and return True, if its account must prove its ownership.

    No proof is required of operators, nor for what has shown to be the account's: the name of a published zone that it
    deleted, while that is reserved for it, and names below a published zone.
    """
    if proof is Proof.OFF or principal.operator or _is_continued(zone, now):
        return False
    above = zones.find_zone_of(zone.name.parent(), Scope(zone.account))
    if above and not holds.get(above.uuid):
        return False
    reason = HoldReason.ALWAYS if proof is Proof.ALWAYS else HoldReason.UNCHECKED
    holds.insert(zone.uuid, secrets.token_hex(TOKEN_OCTETS), reason, now)
    return True


def release_held(zone: Zone, principal: Principal, now: datetime) -> list[Zone]:
    """Release the zone and those of its account below it; return those that were held."""
    released = holds.release(zone)
    for one in released:
        after = zones.update(one, queued_at=now, updated_at=now, revision=one.revision + 1)
        journal.append(after, "zone.release", principal, now)
    return released


def _is_continued(zone: Zone, now: datetime) -> bool:
    former = zones.last_deleted(zone.name)
    is_reserved = former and former.deleted_at and former.deleted_at > now - RESERVATION
    return bool(former and is_reserved and former.account == zone.account and not holds.get(former.uuid))
