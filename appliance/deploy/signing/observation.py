"""See how the nameservers serve a signed zone, and which keys named has for it; store what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from appliance.addresses import Nameserver
from appliance.deploy.host import PrimaryHost
from appliance.nameserver.control import ZoneState
from appliance.nameserver.key_status import KeyStatus
from appliance.queries.bulk import query_all
from appliance.queries.zone_signatures import ServedKey, ServedZone, query_signatures
from appliance.zones.deployment import reaches
from appliance.zones.model import Zone
from appliance.zones.serial import latest
from appliance.zones.signing import ServedSigning, Signing, SigningKey

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ANSWER_TIMEOUT = 1.0
"""Seconds to wait for the content number of a zone before the query is sent again."""


@dataclass(frozen=True, slots=True)
class SeenZone:
    """What was seen: `state` in named, None if it has no such zone; what each nameserver serves; the keys.

    `keys` is None if named could not be asked. `content` is the content number that the primary serves.
    """

    zone: Zone
    state: ZoneState | None
    served: Mapping[Nameserver, ServedSigning]
    keys: Sequence[SigningKey] | None
    content: int | None = None

    @property
    def latest_serial(self) -> int | None:
        """Return the latest serial of an SOA that is served."""
        serials = [one.serial for one in self.served.values() if one.serial is not None]
        return latest(*serials) if serials else None

    def is_signed_everywhere(self, host: PrimaryHost) -> bool:
        """Return True if every nameserver serves all of the zone signed, with the keys of the primary."""
        own = self.served.get(host.primary)
        if own is None or own.serial is None or self.state is None or not self.state.secure:
            return False
        everywhere = all(_is_as(self.served.get(server), own) for server in host.nameservers)
        return reaches(self.content, self.zone.serial) and everywhere


def _is_as(one: ServedSigning | None, primary: ServedSigning) -> bool:
    """Return True if a nameserver serves the zone signed as the primary does, or later."""
    if one is None or one.expires_at is None or primary.serial is None:
        return False
    return one.key_tags == primary.key_tags and reaches(one.serial, primary.serial)


def observe(zone: Zone, known: Signing, host: PrimaryHost) -> SeenZone:
    """Query every nameserver, and named for its keys; raise CommandError if named cannot be asked."""
    answers = {server: query_signatures(server, zone.name) for server in host.nameservers}
    served = {server: one.signing for server, one in answers.items() if one.signing}
    state = host.control.zone_state(zone.name)
    keys, content = None, None
    if zone.signed and state is not None and state.signed:
        keys = merged(host.control.key_status(zone.name), answers[host.primary], known.keys)
        query = host.primary, zone.name
        answer = query_all([query], timeout=ANSWER_TIMEOUT, signed={zone.name})[query]
        content = answer.serial if answer else None
    return SeenZone(zone, state, served, keys, content)


def merged(statuses: Sequence[KeyStatus], served: ServedZone, known: Sequence[SigningKey]) -> list[SigningKey]:
    """Return the keys that named has: their data as it is served, or as it was known before."""
    present = {key.tag: key for key in known} | {key.tag: _new_key(key) for key in served.keys if _is_new(key, known)}
    return [
        replace(present[one.tag], is_wanted=one.is_wanted, dnskey=one.dnskey, ds=one.ds, created_at=_created(one, key))
        for one in statuses
        if (key := present.get(one.tag))
    ]


def _is_new(key: ServedKey, known: Sequence[SigningKey]) -> bool:
    return key.public_key not in {one.public_key for one in known}


def _new_key(key: ServedKey) -> SigningKey:
    return SigningKey(key.tag, key.algorithm, key.flags, key.public_key, _EPOCH)


def _created(status: KeyStatus, key: SigningKey) -> datetime:
    """Return when the key was created: named shows when its DNSKEY was first served."""
    return (status.published_at or key.created_at) if key.created_at == _EPOCH else key.created_at
