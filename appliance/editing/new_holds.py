"""Which new zones are held until their ownership is proven, and their release."""

from __future__ import annotations

import secrets
from datetime import datetime

from dns.name import Name

from appliance.editing.zone_names import RESERVATION, public_suffixes
from appliance.errors import InvalidName
from appliance.principal import Principal, Scope
from appliance.store import former_zones, holds, journal, zones
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.ownership import HELD_AT_MOST, HoldReason, Proof

TOKEN_OCTETS = 16
"""Random octets of a token."""


def hold_if_unproven(zone: Zone, principal: Principal, proof: Proof, now: datetime) -> bool:
    """Hold the new zone, and return True, if its account must prove its ownership.

    No proof is required of operators, nor for what has shown to be the account's: the name of a published zone that it
    deleted, while that is reserved for it, and names below a published zone. Raise InvalidName if the account has held
    names of the same domain for as long as it may.
    """
    if proof is Proof.OFF or principal.operator or _is_continued(zone, now):
        return False
    above = zones.find_zone_of(zone.name.parent(), Scope(zone.account))
    if above and not holds.get(above.uuid):
        return False
    if is_expired(zone, now):
        raise InvalidName(
            f"this account did not prove the ownership of {print_domain(_registered(zone.name))} within "
            f"{HELD_AT_MOST.days} days: it can create such zones again {RESERVATION.days} days after the last one was "
            "deleted; ask an operator to create it",
            "domain",
        )
    reason = HoldReason.ALWAYS if proof is Proof.ALWAYS else HoldReason.UNCHECKED
    holds.insert(zone.uuid, secrets.token_hex(TOKEN_OCTETS), reason, now)
    return True


def is_expired(zone: Zone, now: datetime) -> bool:
    """Return whether its account has held this zone, or names of the same registered domain, for HELD_AT_MOST.

    Whoever deletes a held zone, and creates it or one beside it within 30 days, gains no time.
    """
    return now - holds.held_since(zone, _registered(zone.name), RESERVATION) > HELD_AT_MOST


def release_held(zone: Zone, principal: Principal, now: datetime) -> list[Zone]:
    """Release the zone and those of its account below it; return those that were held."""
    released = holds.release(zone)
    for one in released:
        after = zones.update(one, queued_at=now, updated_at=now, revision=one.revision + 1)
        journal.append(after, "zone.release", principal, now)
    return released


def _registered(name: Name) -> Name:
    """Return the domain directly below the public suffix, or the name itself if it is none."""
    found = public_suffixes().privatesuffix(print_domain(name))
    return Name(name.labels[-found.count(".") - 2 :]) if found else name


def _is_continued(zone: Zone, now: datetime) -> bool:
    former = former_zones.last_named(zone.name)
    is_reserved = former and former.deleted_at and former.deleted_at > now - RESERVATION
    return bool(former and is_reserved and former.account == zone.account and not holds.get(former.uuid))
