"""Which new zones are held until their ownership is proven."""

from __future__ import annotations

import secrets
from datetime import datetime

from appliance.editing.zone_names import RESERVATION
from appliance.principal import Principal, Scope
from appliance.store import holds, zones
from appliance.zones.model import Zone
from appliance.zones.ownership import HoldReason, Proof

TOKEN_OCTETS = 16
"""Random octets of a token."""


def hold_if_unproven(zone: Zone, principal: Principal, proof: Proof, now: datetime) -> None:
    """Hold the new zone unless no proof is required, an operator created it, or its account has shown that it owns it.

    An account keeps a name that it deleted while that is reserved for it, and what is below a published zone is its
    own.
    """
    if proof is Proof.OFF or principal.operator or _is_continued(zone, now):
        return
    above = zones.find_zone_of(zone.name.parent(), Scope(zone.account))
    if above and not holds.get(above.uuid):
        return
    reason = HoldReason.ALWAYS if proof is Proof.ALWAYS else HoldReason.UNCHECKED
    holds.insert(zone.uuid, secrets.token_hex(TOKEN_OCTETS), reason, now)


def _is_continued(zone: Zone, now: datetime) -> bool:
    former = zones.last_deleted(zone.name)
    is_reserved = former and former.deleted_at and former.deleted_at > now - RESERVATION
    return bool(former and is_reserved and former.account == zone.account and not holds.get(former.uuid))
