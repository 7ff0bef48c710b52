"""Values of DNSSEC for tests: keys, what the parent answers, and zones in each state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dns.rdata
from dns.dnssec import key_id
from dns.name import Name

from appliance.store import signing
from appliance.zones.model import Zone
from appliance.zones.parent_checks import ParentFindings
from appliance.zones.signing import ParentCheck, ServedSigning, Signing, SigningKey, Timing

AT = datetime(2031, 5, 4, 12, tzinfo=UTC)
PUBLIC = (
    "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==",
    "oJMRESz5E4gYzS/q6XDrvU1qMPYIjCWzJaOau8XNEZeqCYKD5ar0IRd8KqXXFJkqmVfRvMGPmM1x8fGAa2XhSA==",
)


def key(
    number: int = 0, ds: Timing = Timing.HIDDEN, *, is_wanted: bool = True, created_at: datetime = AT
) -> SigningKey:
    """Return one of two keys."""
    public = PUBLIC[number]
    tag = key_id(dns.rdata.from_text("IN", "DNSKEY", f"257 3 13 {public}"))  # type: ignore[arg-type]
    return SigningKey(tag, 13, 257, public, created_at, is_wanted=is_wanted, dnskey=Timing.OMNIPRESENT, ds=ds)


def at_parent(domain: Name, *keys: SigningKey, at: datetime = AT) -> ParentCheck:
    """Return a check in which every nameserver of the parent has the DS of these keys, or none."""
    ds = frozenset(one.ds_of(domain) for one in keys)
    return ParentCheck("com", at, ds, ds, 3600 if keys else 0)


def signed(
    *keys: SigningKey, parent: ParentCheck | None = None, is_wanted: bool = True, signed_at: datetime | None = AT
) -> Signing:
    """Return what is known of a signed zone."""
    return Signing(is_wanted, is_signed=True, since=AT, signed_at=signed_at, keys=keys, parent=parent)


def store_signing(zone: Zone, known: Signing) -> None:
    """Store what the deployer would have seen of a signed zone, in a write transaction."""
    served = ServedSigning(zone.serial, known.since + timedelta(days=30), frozenset(one.tag for one in known.keys))
    signing.store_served(zone.uuid, {"ns1.appliance.test": served}, known.signed_at)
    signing.store_keys(zone.uuid, known.keys)
    if known.parent:
        found = ParentFindings(known.parent, known.gone_since, known.gone_at, known.ds_ttl)
        signing.store_findings(zone.uuid, found)
