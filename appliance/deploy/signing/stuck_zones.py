"""Find signed zones that named does not publish, though it has read their file, and have them signed again.

named keeps the signed zone in files of its own, and does not follow the zone file any longer if these are lost, cut or
differ from each other. It says that it has loaded the file all the same: only what it answers shows it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.primary_zone import is_of_file, withdraw_zone
from appliance.deploy.signing.observation import SeenZone
from appliance.editing import Editor
from appliance.store import signing
from appliance.store.file.database import Store
from appliance.zones.deployment import reaches
from appliance.zones.names import print_domain
from appliance.zones.serial import is_later
from appliance.zones.signing import ServedSigning, Signing

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds in which named must publish a small zone, or answer otherwise than before."""
OCTETS_PER_SECOND = 50_000
"""Octets of a zone file for each of which second it has more: named signs about a thousand records in a second."""
ZONES_PER_SECOND = 500
"""Signed zones for each of which second it has more until it has loaded a zone."""
MOST_DOUBLED = 8
"""How often the patience is doubled for a zone that was signed again, and is still not published."""


class SigningFault(StrEnum):
    """What is wrong with what the primary serves of a signed zone."""

    NOT_LOADED = "not loaded"
    OLD_CONTENT = "its content is older than its file"
    UNSIGNED = "unsigned"
    DIFFERS = "a secondary has other signatures under its serial"
    OTHER_KEYS = "a secondary has other keys under its serial"
    SERIAL_BEHIND = "its serial is behind that of a secondary"


_CERTAIN = (SigningFault.UNSIGNED, SigningFault.DIFFERS)
_DAMAGED = (SigningFault.UNSIGNED, SigningFault.OLD_CONTENT)
"""Faults of a primary that may answer unsigned, or with a part of a change."""


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A fault since a moment, with the content and the serial that the primary served then and still serves."""

    fault: SigningFault
    shown: tuple[int | None, int | None]
    since: float


@dataclass(slots=True)
class StuckZones:
    """The zones in doubt. A fault counts when nothing has changed for a time; `monotonic` is in seconds."""

    host: PrimaryHost
    store: Store
    editor: Editor
    monotonic: Callable[[], float]
    _doubts: dict[UUID, _Doubt] = field(default_factory=dict)
    _repairs: dict[UUID, int] = field(default_factory=dict)

    def handle(self, seen: SeenZone, known: Signing) -> bool:
        """Return True if the zone must be checked again soon: it is in doubt, or its repair has begun."""
        uuid, fault = seen.zone.uuid, fault_of(seen, self.host)
        if fault is None:
            self._doubts.pop(uuid, None)
            is_published = seen.is_signed and reaches(seen.content, seen.zone.serial)
            if known.is_stuck and (is_published or not seen.zone.signed):
                self._clear(uuid)
            if seen.is_signed_everywhere(self.host):
                self._repairs.pop(uuid, None)
            return known.is_stuck
        if known.is_stuck or not self._is_certain(fault, seen, known):
            return True
        self._doubts.pop(uuid, None)
        self._repair(fault, seen)
        return True

    def _is_certain(self, fault: SigningFault, seen: SeenZone, known: Signing) -> bool:
        """Return True if the primary has shown nothing but this fault for long enough.

        An unsigned answer for a zone that all nameservers served signed needs no second one, nor two different zones
        under one serial, nor a zone that has no file: it was held back from named.
        """
        uuid, repairs = seen.zone.uuid, self._repairs.get(seen.zone.uuid, 0)
        is_held = fault is SigningFault.NOT_LOADED and not self.host.files.size(uuid)
        if known.signed_at and (fault in _CERTAIN or is_held) and not repairs:
            return True
        own, now = seen.served.get(self.host.primary), self.monotonic()
        shown = seen.content, own.serial if own else None
        doubt = self._doubts.get(uuid)
        if doubt is None or (doubt.fault, doubt.shown) != (fault, shown):
            doubt = self._doubts[uuid] = _Doubt(fault, shown, now)
        patience = PATIENCE + self.host.files.size(uuid) / OCTETS_PER_SECOND
        if fault is SigningFault.NOT_LOADED:
            patience += signing.count() / ZONES_PER_SECOND
        return now - doubt.since >= patience * (1 << min(repairs, MOST_DOUBLED))

    def _repair(self, fault: SigningFault, seen: SeenZone) -> None:
        """Have the zone published under a later serial; a primary with answers in doubt leaves it to the others."""
        zone, serial = seen.zone, seen.latest_serial
        if fault is SigningFault.SERIAL_BEHIND and serial is not None:
            self.editor.raise_serial(zone.uuid, serial)
        elif not self.editor.sign_again(zone.uuid, serial):
            return
        self._repairs[zone.uuid] = self._repairs.get(zone.uuid, 0) + 1
        log.warning("event=zone-stuck zone=%s reason=%r", print_domain(zone.name), fault.value)
        others = [one for server, one in seen.served.items() if server != self.host.primary]
        if fault in _DAMAGED and any(one.expires_at for one in others):
            withdraw_zone(zone.name, self.host)

    def _clear(self, uuid: UUID) -> None:
        with self.store.writing():
            signing.store_stuck(uuid, is_stuck=False)


def fault_of(seen: SeenZone, host: PrimaryHost) -> SigningFault | None:
    """Return what is wrong; None if nothing is, or if the primary has not read the newest file of the zone yet."""
    zone, state, own = seen.zone, seen.state, seen.served.get(host.primary)
    if not zone.signed or state is None or not state.signed or not is_of_file(state, zone.uuid, host):
        return None
    if state.serial is None:
        return SigningFault.NOT_LOADED
    return _fault_of_answers(seen, own, host) if reaches(state.serial, zone.serial) else None


def _fault_of_answers(seen: SeenZone, own: ServedSigning | None, host: PrimaryHost) -> SigningFault | None:
    if not reaches(seen.content, seen.zone.serial):
        return SigningFault.OLD_CONTENT
    if own is None or own.serial is None:
        return SigningFault.NOT_LOADED  # until a moment ago: it answered for the content number since
    if own.expires_at is None:
        return SigningFault.UNSIGNED
    others = [one for server, one in seen.served.items() if server != host.primary]
    alike = [one for one in others if one.serial == own.serial] if seen.is_signed else []
    if any(one.expires_at != own.expires_at for one in alike):
        return SigningFault.DIFFERS
    if any(one.key_tags != own.key_tags for one in alike):
        return SigningFault.OTHER_KEYS
    is_behind = any(one.serial is not None and is_later(one.serial, own.serial) for one in others)
    return SigningFault.SERIAL_BEHIND if is_behind else None
