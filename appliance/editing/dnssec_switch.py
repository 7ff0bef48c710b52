"""Turn DNSSEC of a zone on or off, in a write transaction.

On, the zone is signed from its next serial on. Off, it stays signed until its DS is known to be gone from the parent
and from all caches: the deployer then ends it (`SigningEditor.unsign_zone`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dns.name import Name

from appliance.errors import ConfirmationRequired, Conflict, InvalidValue
from appliance.principal import Principal
from appliance.render.zone_file import Apex
from appliance.store import deployments, journal, records, signing, zones
from appliance.zones.model import Zone
from appliance.zones.names import print_domain, print_owner
from appliance.zones.serial import next_serial
from appliance.zones.signing import MAX_NAME, MAX_TTL, SigningState, file_name_length, state_of

_WITH_DS = (
    SigningState.DS_READY,
    SigningState.SECURED,
    SigningState.ROLLING,
    SigningState.DS_REMOVE,
    SigningState.DS_EXPIRING,
)
"""States in which the parent, or caches, may have a DS."""


def switch_dnssec(zone: Zone, principal: Principal, apex: Apex, now: datetime, *, wanted: bool) -> Zone:
    """Store whether the zone is to be signed, and return it as it is now.

    Raise InvalidValue if a TTL is too high for a signed zone, Conflict while a key rollover is under way.
    """
    if zone.dnssec == wanted:
        return zone
    known = signing.get(zone)
    if not wanted and known and state_of(known, zone.name, now) is SigningState.ROLLING:
        raise Conflict("a key rollover is under way: turn DNSSEC off when it has ended")
    revision, published = zone.revision + 1, dict[str, Any]()
    if wanted and not zone.signed:
        _require_low_ttls(zone, apex)
        serial = next_serial(zone.last_serial, now.date())
        published = {"serial": serial, "queued_at": now, "signed": True}
        zone = zones.update(zone, dnssec=True, revision=revision, updated_at=now, **published)
        signing.begin(zone, now)
        deployments.forget_proof(zone.uuid)
    else:
        zone = zones.update(zone, dnssec=wanted, revision=revision, updated_at=now)
        signing.change_wish(zone, now)
    kind = journal.DNSSEC if "signed" in published else journal.DS
    journal.append(zone, kind, principal, now, comment=f"DNSSEC {'on' if wanted else 'off'}")
    return zone


def needs_ds_confirmation(zone: Zone, now: datetime) -> bool:
    """Return whether the parent zone may have a DS of the zone, or caches one.

    If the zone was deleted then, resolvers would refuse its answers wherever it is served next. Not so if the parent
    zone is on this appliance: its delegation of the zone ends with the zone.
    """
    known = signing.get(zone) if zone.signed else None
    if known is None or known.own_parent:
        return False
    state = state_of(known, zone.name, now)
    is_known_to_named = state is SigningState.DS_WAIT and any(key.is_ready for key in known.keys)
    return state in _WITH_DS or is_known_to_named


def require_no_ds(zone: Zone, now: datetime) -> None:
    """Raise ConfirmationRequired if `needs_ds_confirmation`."""
    if needs_ds_confirmation(zone, now):
        raise ConfirmationRequired(
            f"{print_domain(zone.name)} is signed: with its DS at the parent, resolvers would refuse the domain "
            "wherever it is served next; remove the DS at the registrar first, and repeat the request with ds=withdrawn"
        )


def require_signable(name: Name, default_ttl: int, apex: Apex) -> None:
    """Raise InvalidValue if the zone cannot be signed, whatever its records are.

    That is if its name is too long, or records would get too high a TTL, from the appliance or the zone.
    """
    length = file_name_length(name)
    if length > MAX_NAME:
        raise InvalidValue(
            f"{print_domain(name)} cannot be signed: in the file names of its keys it has {length} characters, "
            f"and at most {MAX_NAME} are possible",
            "dnssec",
        )
    if apex.ttl > MAX_TTL:
        raise InvalidValue(
            f"no zone can be signed: the TTL of its apex is {apex.ttl}, and an operator must set dns.apex_ttl to "
            f"{MAX_TTL} or less",
            "dnssec",
        )
    if default_ttl > MAX_TTL:
        raise InvalidValue(
            f"{print_domain(name)} cannot be signed: its default_ttl is {default_ttl}, and a signed zone allows "
            f"{MAX_TTL} seconds at most",
            "dnssec",
        )


def _require_low_ttls(zone: Zone, apex: Apex) -> None:
    """Raise InvalidValue if a TTL of the zone is too high for a signed one."""
    require_signable(zone.name, zone.default_ttl, apex)
    found = records.with_higher_ttl(zone, MAX_TTL)
    if found:
        raise InvalidValue(
            f"{print_domain(zone.name)} cannot be signed: the TTL of {print_owner(found.owner, zone.name)} "
            f"{found.rdtype.name} is {found.ttl}, and a signed zone allows {MAX_TTL} seconds at most",
            "dnssec",
        )
