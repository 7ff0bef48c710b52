"""A restore never turns DNSSEC of a zone off, and forgets no report of a DS.

The parent zone may have the DS of a zone that was signed since the backup, and resolvers would refuse it unsigned. What
the replaced store knows of a signed zone is newer than the backup, and is adopted as revocations are.
"""

from __future__ import annotations

from datetime import datetime

from appliance.store import replaced_signing, signing, zones
from appliance.store.restoration import ReplacedZone
from appliance.zones.model import Zone
from appliance.zones.serial import latest


def keep_signing(zone: Zone, last: ReplacedZone | None, now: datetime, *, is_signed_here: bool) -> Zone:
    """Take over what is known of the DNSSEC of a restored zone, and return it as it is stored now.

    `last` is the zone of its name that the replaced store had. `is_signed_here`: nothing is known of its name since the
    backup, and its keys are on this host.

        signed in the replaced store    signed, with its keys, and what it knows of the DS
        unsigned there                  as in the backup; if that is signed, it begins again
        unknown                         as in the backup, or signed because of its keys; a zone above has no DS of it
                                        until all nameservers are seen to serve it signed
    """
    if last and last.signing.signed:
        return _adopt(zone, last, now)
    if zone.signed:
        if last:
            signing.begin(zone, now)
            return zone
        signing.store_delegated(zone.uuid, ())
        if not zone.dnssec:  # a DS may have been published again since
            signing.change_wish(zone, now)
        return zone
    if is_signed_here:
        zone = zones.update(zone, dnssec=True, signed=True, revision=zone.revision + 1)
        signing.begin(zone, now)
    return zone


def _adopt(zone: Zone, last: ReplacedZone, now: datetime) -> Zone:
    dnssec = zone.dnssec or last.signing.dnssec
    serials = [one for one in (zone.signed_serial, last.signing.signed_serial) if one is not None]
    revision = zone.revision + (not zone.signed or dnssec != zone.dnssec)
    seen = latest(*serials) if serials else None
    zone = zones.update(zone, dnssec=dnssec, signed=True, signed_serial=seen, revision=revision)
    replaced_signing.adopt(zone, last.signing)
    if dnssec != last.signing.dnssec:
        signing.change_wish(zone, now)
    return zone
