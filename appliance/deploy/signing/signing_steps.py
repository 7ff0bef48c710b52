"""Check signed zones when they are due, and take the next step that is safe: beside the loop, in its own thread.

What named does by itself it does by its clock; what depends on the parent zone waits until a DS was seen there, or is
known to be gone. A resolver that does not answer changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from appliance.addresses import Endpoint, Nameserver
from appliance.deploy.background import BackgroundJob
from appliance.deploy.host import PrimaryHost
from appliance.deploy.signing.observation import SeenZone, observe
from appliance.editing import Editor
from appliance.errors import ApplianceError, StoreError
from appliance.queries.delegation import is_public
from appliance.queries.delegation_signer import check_parent
from appliance.store import signing, zones
from appliance.store.file.database import Store
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.signing import (
    BETWEEN_CHECKS,
    DsReport,
    ParentCheck,
    Signing,
    SigningState,
    Timing,
    after_check,
    may_unsign,
    own_ds,
    state_of,
)

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two polls of the store for zones that are due."""
MOST_AT_ONCE = 50
"""Zones of one poll."""
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=30)
"""Between two checks of a zone that is being signed, or taken out: at first short, then longer."""
SETTLED_PAUSE = timedelta(hours=1)
"""Between two checks of a zone that waits for nothing."""
CHECK_WHEN_SECURED = timedelta(days=1)
"""Between two checks of the parent of a secured zone; otherwise BETWEEN_CHECKS."""

CheckParent = Callable[[Zone, datetime], ParentCheck | None]
"""Returns what the nameservers of the parent zone answer; None if no resolver is set."""


@dataclass(slots=True)
class SigningSteps(BackgroundJob):
    """Checks at each zone that is or was signed, stores what it sees, and does what follows."""

    failure = "event=signing-step-failed"
    every = EVERY

    host: PrimaryHost
    store: Store
    editor: Editor
    check_parent: CheckParent
    clock: Callable[[], datetime]

    def step(self) -> float:
        """Check at the zones that are due; return the seconds to the next time; raise StoreError if the store fails."""
        with self.store.connection():
            with self.store.reading():
                due = signing.due(self.clock(), MOST_AT_ONCE)
            for uuid in due:
                if self._stopped.is_set():
                    break
                self._check_apart(uuid)
        return 0.0 if len(due) == MOST_AT_ONCE else EVERY

    def _check_apart(self, uuid: UUID) -> None:
        """Check at one zone; whatever fails must not keep the others waiting."""
        try:
            pause = self.check(uuid)
        except StoreError:
            raise
        except ApplianceError as failed:
            log.warning("event=signing-step-failed zone=%s reason=%r", uuid, str(failed))
            pause = LONGEST_PAUSE
        except Exception:
            log.exception("event=signing-step-failed zone=%s", uuid)
            pause = LONGEST_PAUSE
        with self.store.writing():
            signing.put_off(uuid, self.clock() + pause)

    def check(self, uuid: UUID) -> timedelta:
        """Check at a zone, and do what follows; return how long it may be left alone; raise CommandError if that fails.

        What was seen before stays stored.
        """
        zone, known = self._read(uuid)
        seen = observe(zone, known, self.host)
        self._store_seen(seen, known)
        self._check_parent(zone, known)
        zone, known = self._read(uuid)
        if zone.signed:
            self._tell_named(zone, known)
            self._roll(zone, known)
        if may_unsign(known, self.clock()) and self.editor.unsign_zone(uuid, seen.latest_serial):
            log.info("event=unsigned zone=%s", print_domain(zone.name))
            return SHORTEST_PAUSE
        return self._pause(zone, known)

    def _read(self, uuid: UUID) -> tuple[Zone, Signing]:
        with self.store.reading():
            zone = zones.get_any(uuid)
            known = signing.get(zone)
        if known is None:
            raise StoreError(f"nothing is stored about the signing of {print_domain(zone.name)}")
        return zone, known

    def _store_seen(self, seen: SeenZone, known: Signing) -> None:
        zone, served = seen.zone, {server.name: one for server, one in seen.served.items()}
        signed_at = known.signed_at
        if zone.signed and signed_at is None and seen.is_signed_everywhere(self.host):
            signed_at = self.clock()
            log.info("event=signed zone=%s", print_domain(zone.name))
        with self.store.writing():
            if served != known.served or signed_at != known.signed_at:
                signing.store_served(zone.uuid, served, signed_at)
            if seen.keys is not None and list(seen.keys) != list(known.keys):
                signing.store_keys(zone.uuid, seen.keys)
            if zone.signed and seen.latest_serial is not None:
                signing.store_signed_serial(zone.uuid, seen.latest_serial)

    def _check_parent(self, zone: Zone, known: Signing) -> None:
        """Check at the parent if that is due, and store what it says."""
        now = self.clock()
        state = state_of(known, zone.name, now)
        if state in (SigningState.UNSIGNED, SigningState.UNSIGNING):
            return
        pause = CHECK_WHEN_SECURED if state is SigningState.SECURED else BETWEEN_CHECKS
        if known.parent and known.parent.checked_at + pause > now and known.parent.checked_at >= known.since:
            return
        check = self.check_parent(zone, now)
        if check is not None:
            with self.store.writing():
                signing.store_check(zone.uuid, check, *after_check(known, check))

    def _tell_named(self, zone: Zone, known: Signing) -> None:
        """Tell named which DS is at the parent and which is gone, once each: it waits for both in a rollover."""
        for key in known.keys:
            report = _report_of(key.tag, known, zone)
            if report and known.reported.get(key.tag) is not report:
                self.host.control.note_ds(zone.name, key.tag, report)
                with self.store.writing():
                    signing.store_reported(zone.uuid, {**known.reported, key.tag: report})
                log.info("event=ds-noted zone=%s key=%d report=%s", print_domain(zone.name), key.tag, report.value)

    def _roll(self, zone: Zone, known: Signing) -> None:
        """Begin the rollover that a user wanted."""
        wanted = [key for key in known.keys if key.is_wanted]
        if known.roll_requested_at is None or len(wanted) != 1:
            return
        self.host.control.roll_key(zone.name, wanted[0].tag)
        with self.store.writing():
            signing.end_rollover(zone.uuid)
        log.info("event=rollover-started zone=%s key=%d", print_domain(zone.name), wanted[0].tag)

    def _pause(self, zone: Zone, known: Signing) -> timedelta:
        now = self.clock()
        match state_of(known, zone.name, now):
            case SigningState.SIGNING | SigningState.UNSIGNING:
                return max(SHORTEST_PAUSE, min(LONGEST_PAUSE, (now - known.since) / 4))
            case SigningState.SECURED | SigningState.UNSIGNED:
                return SETTLED_PAUSE
            case SigningState.DS_EXPIRING if known.unsigned_from:
                return max(SHORTEST_PAUSE, min(BETWEEN_CHECKS, known.unsigned_from - now))
        return BETWEEN_CHECKS


def parent_check_by(
    resolver: Endpoint | None, port: int = 53, is_allowed: Callable[[str], bool] = is_public
) -> CheckParent:
    """Return the function that checks parents through this resolver."""

    def check(zone: Zone, now: datetime) -> ParentCheck | None:
        if resolver is None:
            return None
        return check_parent(zone.name, Nameserver("resolver", resolver), now, port, is_allowed=is_allowed)

    return check


def _report_of(tag: int, known: Signing, zone: Zone) -> DsReport | None:
    """Return what is known of the DS of a key; None if nothing is, or named need not be reported."""
    (key,) = (one for one in known.keys if one.tag == tag)
    check, confirmed = known.parent, known.confirmations.get(tag)
    own = own_ds([key], zone.name)
    is_at_parent = bool(check and check.ds and not check.ds.isdisjoint(own))
    if confirmed and (check is None or check.ds is None or check.checked_at <= confirmed.at):
        return confirmed.report
    if is_at_parent:
        return DsReport.PUBLISHED
    is_retired = not key.is_wanted and key.ds is Timing.UNRETENTIVE
    return DsReport.WITHDRAWN if is_retired and check and check.ds and check.anywhere.isdisjoint(own) else None
