"""The part of the Editor that stores what users report and want of DNSSEC, and ends signing where that is safe."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from appliance.editing.access import check_whole_zone, find_zone
from appliance.editing.zone_editor import ZoneEditor
from appliance.errors import Conflict
from appliance.principal import Principal
from appliance.store import deployments, journal, signing, zones
from appliance.zones.model import Zone
from appliance.zones.serial import is_later, next_serial, raise_over
from appliance.zones.signing import DsConfirmation, DsReport, Signing, SigningState, may_unsign, state_of

_CONFIRMABLE = {
    DsReport.PUBLISHED: (SigningState.SIGNING, SigningState.DS_WAIT, SigningState.DS_READY, SigningState.ROLLING),
    DsReport.WITHDRAWN: (SigningState.DS_REMOVE,),
}
_DEPLOYER = Principal.local("deployer")


@dataclass(frozen=True, slots=True)
class SigningEditor(ZoneEditor):
    """Performs the writes of DNSSEC, but for turning it on and off, which is a setting of the zone."""

    def confirm_ds(self, principal: Principal, uuid: UUID, report: DsReport, key_tag: int | None = None) -> Zone:
        """Store that a user saw the DS at the parent, or that it is gone; the deployer goes on from there.

        Without a tag the only key is meant. Raise Conflict in a state that waits for no such report, for a tag of no
        key, and for `withdrawn` while the last check of the parent showed a DS.
        """
        with self._writing():
            zone, now = self._find(principal, uuid, "confirm a DS"), self.clock()
            self.precondition(zone)
            known = _known(zone)
            state = state_of(known, zone.name, now)
            if state not in _CONFIRMABLE[report]:
                raise Conflict(f"the DS cannot be confirmed as {report.value}: the state is {state.value}")
            if report is DsReport.WITHDRAWN and known.parent and known.parent.anywhere:
                where = known.parent.name
                raise Conflict(f"a nameserver of {where} still has a DS: confirm when it is gone from all of them")
            self.count_write(principal, {zone.uuid: 0})
            signing.confirm(zone, DsConfirmation(report, _tag(known, key_tag), now))
            zone = zones.update(zone, revision=zone.revision + 1, updated_at=now)
            journal.append(zone, journal.DS, principal, now, comment=f"DS confirmed as {report.value}")
        return zone

    def roll_keys(self, principal: Principal, uuid: UUID) -> Zone:
        """Begin a rollover of the zone's keys; raise Conflict unless it is secured."""
        with self._writing():
            zone, now = self._find(principal, uuid, "roll keys"), self.clock()
            self.precondition(zone)
            known = _known(zone)
            state = state_of(known, zone.name, now)
            if state is not SigningState.SECURED or known.roll_requested_at:
                shown = "a rollover is requested already" if known.roll_requested_at else f"the state is {state.value}"
                raise Conflict(f"keys are rolled in the state secured only: {shown}")
            self.count_write(principal, {zone.uuid: 0})
            signing.request_rollover(zone, now)
            zone = zones.update(zone, revision=zone.revision + 1, updated_at=now)
            journal.append(zone, journal.DS, principal, now, comment="key rollover")
        return zone

    def unsign_zone(self, uuid: UUID, served: int | None) -> bool:
        """Publish the zone unsigned from a serial on that follows `served`, the latest one of a nameserver.

        Return False, and do nothing, unless its DS is gone from the parent and from all caches.
        """
        with self._writing():
            zone, now = zones.get_any(uuid), self.clock()
            known = signing.get(zone)
            if known is None or zone.deleted_at or not may_unsign(known, now):
                return False
            serial = next_serial(zone.last_serial, now.date())
            if served is not None and not is_later(serial, served):
                serial = raise_over(zone.serial, served)
            zone = zones.update(zone, signed=False, serial=serial, queued_at=now, updated_at=now)
            deployments.forget_proof(uuid)
            journal.append(zone, journal.DNSSEC, _DEPLOYER, now, comment="published unsigned")
        return True

    def _find(self, principal: Principal, uuid: UUID, action: str) -> Zone:
        zone = find_zone(uuid, principal.scope)
        check_whole_zone(principal, zone, action)
        return zone


def _known(zone: Zone) -> Signing:
    known = signing.get(zone)
    if known is None:
        raise Conflict("the zone is not signed: its state is unsigned")
    return known


def _tag(known: Signing, tag: int | None) -> int:
    tags = [key.tag for key in known.keys]
    if tag is None and len(tags) == 1:
        return tags[0]
    if tag not in tags:
        shown = ", ".join(map(str, tags)) or "none"
        raise Conflict(f"the zone has no key {tag}: its keys are {shown}" if tag else f"name one of the keys {shown}")
    return tag
