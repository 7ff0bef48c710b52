"""The DS records of a zone in its delegation by a zone of this appliance: nobody has to copy them.

They follow what any parent zone should have (`ds_to_publish`), but for what a registrar would not be asked to do: no
record is removed while the zone is to be signed, unless that of another key takes its place.
"""

from __future__ import annotations

from datetime import datetime

from dns.name import Name

from appliance.zones.signing import UNTIL_SIGNED_EVERYWHERE, Ds, ParentCheck, Signing
from appliance.zones.signing_outlook import ds_to_publish


def ds_to_delegate(signing: Signing, domain: Name, now: datetime) -> frozenset[Ds]:
    """Return the DS records that the delegation is to have now; none as soon as the zone is no longer to be signed.

    The first ones wait until no cache holds unsigned answers: named, which forgets when a zone was unsigned meanwhile,
    may be ready before. Those of another key wait until every nameserver serves that key.
    """
    if not signing.is_wanted:
        return frozenset()
    wanted = frozenset(ds_to_publish(signing, domain, now))
    added = {one.key_tag for one in wanted - signing.delegated}
    is_served = bool(signing.served) and all(added <= one.key_tags for one in signing.served.values())
    is_early = signing.signed_at is None or now < signing.signed_at + UNTIL_SIGNED_EVERYWHERE
    is_first = added and not signing.delegated
    return signing.delegated if not wanted or not is_served or (is_first and is_early) else wanted


def is_delegated(signing: Signing, check: ParentCheck) -> bool:
    """Return True if every nameserver has these DS records in the delegation, and no others."""
    return check.ds == check.anywhere == signing.delegated
