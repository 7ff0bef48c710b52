"""What is wrong with the DNSSEC of a zone, as far as it is known."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime

from dns.name import Name

from appliance.zones.signing import OLD_SIGNATURES, ServedSigning, Signing, SigningProblem, own_ds


def problems_of(signing: Signing, domain: Name, now: datetime) -> list[SigningProblem]:
    """Return what is wrong."""
    if not signing.is_signed:
        return []
    tags = {key.tag for key in signing.keys}
    served = [one for one in signing.served.values() if one.key_tags]
    check = signing.parent
    found = {
        SigningProblem.KEYS_MISSING: signing.lacks_keys,
        SigningProblem.KEYS_DIFFER: bool(tags) and any(_is_foreign(one, tags, signing) for one in served),
        SigningProblem.DS_MISMATCH: bool(check and check.ds and check.ds.isdisjoint(own_ds(signing.keys, domain))),
        SigningProblem.SIGNATURES_OLD: (signing.expires_at or now + OLD_SIGNATURES) < now + OLD_SIGNATURES,
        SigningProblem.KEY_NOT_BACKED_UP: any(key.backed_up_at is None for key in signing.keys),
        SigningProblem.STUCK: signing.is_stuck,
        SigningProblem.PARENT_UNKNOWN: bool(check and check.problem),
    }
    return [problem for problem, is_found in found.items() if is_found]


def _is_foreign(one: ServedSigning, tags: Set[int], signing: Signing) -> bool:
    """Return True if a nameserver serves other keys, or some beside those of the zone whose files are missing."""
    return not one.key_tags & tags or (signing.lacks_keys and not one.key_tags <= tags)
