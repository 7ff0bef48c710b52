"""See how the nameservers serve a signed zone, and which keys named has for it; store what differs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from appliance.addresses import Nameserver
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.signed_elsewhere import EPOCH, new_key
from appliance.errors import CommandFailed
from appliance.nameserver.control import ZoneState
from appliance.nameserver.key_status import KeyStatus
from appliance.queries.bulk import query_all
from appliance.queries.zone_signatures import ServedKey, ServedZone, query_signatures
from appliance.zones.deployment import reaches
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.serial import latest
from appliance.zones.signing import Ds, ServedSigning, Signing, SigningKey, own_ds

log = logging.getLogger(__name__)

ANSWER_TIMEOUT = 1.0
"""Seconds to wait for the content number of a zone before the query is sent again."""


@dataclass(frozen=True, slots=True)
class SeenZone:
    """What was seen: `state` in named, None if it has no such zone; what each nameserver serves; the keys.

    A nameserver that did not answer is `silent`, and has what it served before. `keys` is None if named does not sign
    the zone, or cannot read its keys. `content` is the content number that the primary serves.
    """

    zone: Zone
    state: ZoneState | None
    served: Mapping[Nameserver, ServedSigning]
    keys: Sequence[SigningKey] | None
    content: int | None = None
    silent: frozenset[Nameserver] = frozenset()

    @property
    def latest_serial(self) -> int | None:
        """Return the latest serial of an SOA that is, or was, served."""
        serials = [one.serial for one in self.served.values() if one.serial is not None]
        return latest(*serials) if serials else None

    @property
    def is_signed(self) -> bool:
        """Return True if named serves all of the zone signed."""
        return self.state is not None and self.state.secure

    def is_signed_everywhere(self, host: PrimaryHost) -> bool:
        """Return True if every nameserver serves all of the zone signed, with the keys of the primary."""
        own = self.served.get(host.primary)
        if own is None or own.serial is None or not self.is_signed:
            return False
        everywhere = all(_is_as(self.served.get(server), own) for server in host.nameservers)
        return reaches(self.content, self.zone.serial) and everywhere


def _is_as(one: ServedSigning | None, primary: ServedSigning) -> bool:
    """Return True if a nameserver serves the zone signed as the primary does, or later."""
    if one is None or one.expires_at is None or primary.serial is None:
        return False
    return one.key_tags == primary.key_tags and reaches(one.serial, primary.serial)


def observe(zone: Zone, known: Signing, host: PrimaryHost, silent: Set[Nameserver] = frozenset()) -> SeenZone:
    """Query every nameserver, and named for its keys; raise CommandError if named cannot be asked.

    Nameservers that are known to be `silent` are not queried.
    """
    answers = {
        server: ServedZone(is_answered=False) if server in silent else query_signatures(server, zone.name)
        for server in host.nameservers
    }
    before = {server: known.served[server.name] for server in host.nameservers if server.name in known.served}
    unanswered = frozenset(server for server, one in answers.items() if not one.is_answered)
    served = {server: one for server, one in before.items() if server in unanswered}
    served |= {server: one.signing for server, one in answers.items() if one.signing}
    state = host.control.zone_state(zone.name)
    keys, content = None, None
    if zone.signed and state is not None and state.signed and state.serial is not None:
        keys = _keys(zone, answers[host.primary], known, host)
        query = host.primary, zone.name
        answer = query_all([query], timeout=ANSWER_TIMEOUT, signed={zone.name})[query]
        content = answer.serial if answer else None
    return SeenZone(zone, state, served, keys, content, unanswered)


def _keys(zone: Zone, served: ServedZone, known: Signing, host: PrimaryHost) -> Sequence[SigningKey] | None:
    """Return the keys of the zone as named has them; None if it cannot read them, as without their folder."""
    try:
        statuses = host.control.key_status(zone.name)
    except CommandFailed as failed:
        log.warning("event=keys-unread zone=%s reason=%r", print_domain(zone.name), failed.detail)
        return None
    may_add = not known.keys or known.roll_requested_at is not None
    at_parent = known.parent.ds or frozenset() if known.parent else frozenset[Ds]()

    def is_trusted(key: SigningKey) -> bool:
        return not at_parent.isdisjoint(own_ds([key], zone.name))

    return merged(statuses, served, known.keys, may_add=may_add, is_trusted=is_trusted)


def merged(
    statuses: Sequence[KeyStatus],
    served: ServedZone,
    known: Sequence[SigningKey],
    *,
    may_add: bool,
    is_trusted: Callable[[SigningKey], bool] = lambda _key: False,
) -> list[SigningKey]:
    """Return the keys of the zone as named has them.

    A known key stays until named says that it has removed it: without its files named lists it no longer. The last one
    that is wanted stays even then: named removes it beside a key that it created when the files were gone. A new one is
    added, with its data as it is served, only if it `may_add` keys, or the parent `is_trusted` to have its DS: the
    store may be older than a rollover.
    """
    states = {one.tag: one for one in statuses}
    new = [new_key(key) for key in served.keys if key.tag in states and _is_new(key, known)]
    added = [key for key in new if may_add or is_trusted(key)]
    present = [_with_status(key, states.get(key.tag)) for key in (*known, *added)]
    kept = [key for key in present if not ((status := states.get(key.tag)) and status.is_removed)]
    return kept if any(key.is_wanted for key in kept) else present


def _with_status(key: SigningKey, status: KeyStatus | None) -> SigningKey:
    if status is None:
        return key
    return replace(
        key, is_wanted=status.is_wanted, dnskey=status.dnskey, ds=status.ds, created_at=_created(status, key)
    )


def _is_new(key: ServedKey, known: Sequence[SigningKey]) -> bool:
    return key.public_key not in {one.public_key for one in known}


def _created(status: KeyStatus, key: SigningKey) -> datetime:
    """Return when the key was created: named shows when its DNSKEY was first served."""
    return (status.published_at or key.created_at) if key.created_at == EPOCH else key.created_at
