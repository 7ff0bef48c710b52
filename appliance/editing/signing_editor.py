"""The part of the Editor that stores what users report and want of DNSSEC, and ends signing where that is safe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from dns.name import Name

from appliance.editing.access import check_whole_zone, find_zone
from appliance.editing.child_zones import change_delegation
from appliance.editing.zone_editor import ZoneEditor
from appliance.errors import Conflict
from appliance.principal import Principal
from appliance.store import deployments, journal, signing, zones
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.own_delegation import ds_to_delegate
from appliance.zones.serial import is_later, next_serial, raise_over
from appliance.zones.signing import (
    DsReport,
    Signing,
    SigningKey,
    SigningState,
    is_secured,
    may_unsign,
    own_ds,
    state_of,
)
from appliance.zones.signing_outlook import LONGEST_UNCHECKED, is_check_overdue

_CONFIRMABLE = {
    DsReport.PUBLISHED: (SigningState.SIGNING, SigningState.DS_WAIT, SigningState.DS_READY, SigningState.ROLLING),
    DsReport.WITHDRAWN: (SigningState.DS_REMOVE, SigningState.ROLLING),
}
_DEPLOYER = Principal.local("deployer")


@dataclass(frozen=True, slots=True)
class SigningEditor(ZoneEditor):
    """Performs the writes of DNSSEC, but for turning it on and off, which is a setting of the zone."""

    def confirm_ds(
        self,
        principal: Principal,
        uuid: UUID,
        report: DsReport,
        key_tag: int | None = None,
        alongside: Callable[[Zone], None] = lambda _zone: None,
    ) -> Zone:
        """Store that a user saw the DS at the parent, or that it is gone; the deployer goes on from there.

        Without a tag the key is meant for which the state waits, or every key of a zone that is to be unsigned. In a
        rollover the DS of the new key is published, and then that of the former one withdrawn. Raise Conflict in a
        state that waits for no such report, for a tag of no such key, and for `withdrawn` while the last check of the
        parent showed that DS. `alongside` is called in the transaction, with the zone.
        """
        with self._writing():
            zone, now = self._find(principal, uuid, "confirm a DS"), self.clock()
            self.precondition(zone)
            known = _known(zone)
            tags = confirmed_keys(known, zone.name, report, key_tag, now)
            self.count_write(principal, {zone.uuid: 0})
            signing.confirm(zone, known, report, tags, now)
            zone = zones.update(zone, revision=zone.revision + 1, updated_at=now)
            journal.append(zone, journal.DS, principal, now, comment=f"DS confirmed as {report.value}")
            alongside(zone)
        return zone

    def roll_keys(
        self, principal: Principal, uuid: UUID, alongside: Callable[[Zone], None] = lambda _zone: None
    ) -> Zone:
        """Begin a rollover of the zone's keys; raise Conflict unless it is secured. `alongside` as in `confirm_ds`."""
        with self._writing():
            zone, now = self._find(principal, uuid, "roll keys"), self.clock()
            self.precondition(zone)
            known = _known(zone)
            state = state_of(known, zone.name, now)
            if state is not SigningState.SECURED or known.roll_requested_at:
                shown = "a rollover is requested already" if known.roll_requested_at else f"the state is {state.value}"
                raise Conflict(f"a key can be replaced in the state secured only: {shown}")
            self.count_write(principal, {zone.uuid: 0})
            signing.request_rollover(zone, now)
            zone = zones.update(zone, revision=zone.revision + 1, updated_at=now)
            journal.append(zone, journal.DS, principal, now, comment="key rollover")
            alongside(zone)
        return zone

    def unsign_zone(self, uuid: UUID, served: int | None) -> bool:
        """Publish the zone unsigned from a serial on that follows `served`, the latest one of a nameserver.

        It leaves one serial out, which named may have given the signed zone since. Return False, and do nothing, unless
        its DS is gone from the parent and from all caches.
        """
        with self._writing():
            zone, now = zones.get_any(uuid), self.clock()
            known = signing.get(zone)
            if known is None or zone.deleted_at or not may_unsign(known, now):
                return False
            serial = next_serial(_serial_over(zone, served, now), now.date())
            zone = zones.update(zone, signed=False, serial=serial, queued_at=now, updated_at=now)
            signing.end(zone, now)
            deployments.forget_proof(uuid)
            journal.append(zone, journal.DNSSEC, _DEPLOYER, now, comment="published unsigned")
        return True

    def sign_again(self, uuid: UUID, served: int | None) -> bool:
        """Publish a zone that named does not publish again, under a serial that follows `served`, the latest one.

        It leaves one serial out, which no nameserver has. Return False, and do nothing, if the zone is not signed or
        deleted.
        """
        with self._writing():
            zone, now = zones.get_any(uuid), self.clock()
            if not zone.signed or zone.deleted_at:
                return False
            serial = next_serial(_serial_over(zone, served, now), now.date())
            zone = zones.update(zone, serial=serial, queued_at=now)
            deployments.forget_proof(uuid)
            signing.store_stuck(uuid, is_stuck=True)
            journal.append(zone, journal.RAISED, _DEPLOYER, now)
        return True

    def keep_signed(self, uuid: UUID, keys: Sequence[SigningKey], served: int | None) -> None:
        """Publish the zone signed with these keys, as a nameserver serves it at the serial `served`.

        Do nothing if it is signed and has keys, or is deleted.
        """
        with self._writing():
            zone, now = zones.get_any(uuid), self.clock()
            if zone.deleted_at or (zone.signed and signing.key_tags(uuid)):
                return
            if not zone.signed:
                serial, revision = _serial_over(zone, served, now), zone.revision + 1
                changes = {"serial": serial, "revision": revision, "queued_at": now, "updated_at": now}
                zone = zones.update(zone, dnssec=True, signed=True, **changes)
                signing.begin(zone, now)
                journal.append(zone, journal.DNSSEC, _DEPLOYER, now, comment="a nameserver serves it signed")
            signing.store_keys(uuid, keys)

    def delegate_ds(self, uuid: UUID) -> bool:
        """Let the delegation of the zone by a zone of this appliance have the DS records that it is to have now.

        That is a change of the zone above. Return False if the delegation has them.
        """
        with self._writing():
            zone, now = zones.get_any(uuid), self.clock()
            known = None if zone.deleted_at else signing.get(zone)
            if known is None:
                return False
            wanted = ds_to_delegate(known, zone.name, now)
            if wanted == known.delegated:
                return False
            signing.store_delegated(uuid, wanted)
            if known.own_parent:
                tags = ", ".join(str(one.key_tag) for one in sorted(wanted))
                what = f"with the DS of key {tags}" if wanted else "without DS"
                change_delegation(zones.get_any(known.own_parent.uuid), zone.name, _DEPLOYER, now, what)
        return True

    def _find(self, principal: Principal, uuid: UUID, action: str) -> Zone:
        zone = find_zone(uuid, principal.scope)
        check_whole_zone(principal, zone, action)
        return zone


def _serial_over(zone: Zone, served: int | None, now: datetime) -> int:
    """Return the next serial of the zone, which nameservers at `served` accept, too."""
    serial = next_serial(zone.last_serial, now.date())
    return serial if served is None or is_later(serial, served) else raise_over(zone.serial, served)


def _known(zone: Zone) -> Signing:
    known = signing.get(zone)
    if known is None:
        raise Conflict("the zone is not signed: its state is unsigned")
    return known


def confirmed_keys(known: Signing, domain: Name, report: DsReport, tag: int | None, now: datetime) -> list[int]:
    """Return the tags of the keys of whose DS this is reported; raise Conflict if it cannot be reported now."""
    if known.own_parent:
        above = print_domain(known.own_parent.name)
        raise Conflict(
            f"{above} is on this appliance, which changes the DS there by itself: there is nothing to confirm"
        )
    state = state_of(known, domain, now)
    is_overdue = report is DsReport.WITHDRAWN and is_check_overdue(known, now)
    if state not in _CONFIRMABLE[report] and not is_overdue:
        raise Conflict(f"the DS cannot be confirmed as {report.value}: the state is {state.value}")
    is_rolling = state is SigningState.ROLLING
    keys = [key for key in known.keys if not is_rolling or key.is_wanted is (report is DsReport.PUBLISHED)]
    if tag is not None:
        keys = [key for key in keys if key.tag == tag] or _refuse_tag(keys, tag, report)
    if report is DsReport.WITHDRAWN:
        _refuse_while_needed(known, domain, keys, now, is_rolling=is_rolling)
        return [key.tag for key in keys]
    if len(keys) != 1:
        shown = ", ".join(str(key.tag) for key in keys)
        raise Conflict(f"select one of the keys with key_tag: {shown}" if keys else "the zone has no key yet")
    if is_rolling and not keys[0].is_ready:
        raise Conflict(f"the DS of key {keys[0].tag} is not to be at the parent yet: caches may lack the new key")
    return [keys[0].tag]


def _refuse_tag(keys: Sequence[SigningKey], tag: int, report: DsReport) -> NoReturn:
    shown = ", ".join(str(key.tag) for key in keys)
    reason = f"only that of key {shown} can" if keys else "the zone has no key yet"
    raise Conflict(f"the DS of key {tag} cannot be confirmed as {report.value}: {reason}")


def _refuse_while_needed(
    known: Signing, domain: Name, keys: Sequence[SigningKey], now: datetime, *, is_rolling: bool
) -> None:
    """Raise Conflict if the parent has the DS of these keys, or in a rollover none of another key.

    What was seen there counts while the parent is checked: without a resolver, or with a nameserver of the parent that
    is silent for ever, only users know.
    """
    check = known.parent
    if is_rolling:
        others = [key for key in known.keys if key not in keys]
        if not is_secured(replace(known, keys=others), domain):
            raise Conflict("the DS of the new key is not known to be at the parent: confirm it as published first")
    is_there = check and (check.anywhere & own_ds(keys, domain) if is_rolling else check.anywhere)
    if check and is_there and now <= max(check.checked_at, known.since) + LONGEST_UNCHECKED:
        raise Conflict(
            f"a nameserver of {check.name} still had the DS at {check.checked_at:%Y-%m-%dT%H:%M:%SZ}: confirm when it "
            "is gone from all of them"
        )
