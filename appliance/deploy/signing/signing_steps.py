"""Check signed zones when they are due, and take the next step that is safe: beside the loop, in its own thread.

What named does by itself it does by its clock; what depends on the parent zone waits until a DS was seen there, or is
known to be gone. A resolver that does not answer changes nothing.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from appliance.addresses import Nameserver
from appliance.deploy.background import BackgroundJob
from appliance.deploy.host import PrimaryHost
from appliance.deploy.signing.observation import SeenZone, observe
from appliance.deploy.signing.own_parents import CheckParent, OwnParents, is_awaited
from appliance.deploy.signing.parent_lookups import Pending
from appliance.deploy.signing.parent_pauses import CHECK_WHEN_SECURED, is_check_due, parent_pause
from appliance.deploy.signing.stuck_zones import StuckZones
from appliance.editing import Editor
from appliance.errors import ApplianceError, CommandError, PublishFailed, StoreError
from appliance.store import holds, signing, signing_summary, zones
from appliance.store.file.database import Store
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.parent_checks import after_check, may_roll, report_due
from appliance.zones.serial import is_later
from appliance.zones.signing import (
    BETWEEN_CHECKS,
    Signing,
    SigningState,
    is_rolling,
    may_unsign,
    state_of,
)

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two polls of the store for zones that are due."""
MOST_AT_ONCE = 50
"""Zones of one poll."""
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=30)
"""Between two checks of a zone that is being signed, or taken out: at first short, then longer."""
HELD_PAUSE = timedelta(hours=1)
"""Between two checks of a zone that is held: it is checked at once when it is released."""
SETTLED_PAUSE = signing.LONGEST_PAUSE
"""Between two checks of a zone that waits for nothing."""
SILENCE = 5.0
"""Seconds in which a secondary that did not answer is not queried for other zones."""
START_EVERY = 5.0
"""Seconds between two queries to named for the time of its start."""


@dataclass(slots=True)
class SigningSteps(BackgroundJob):
    """Checks each zone that is or was signed, stores what it sees, and does what follows.

    `check_parent` may raise Pending: `take_ended` then returns the zone once its parent was checked.
    """

    failure = "event=signing-step-failed"
    every = EVERY

    host: PrimaryHost
    store: Store
    editor: Editor
    check_parent: CheckParent
    clock: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic
    take_ended: Callable[[], Collection[UUID]] = tuple
    _stuck: StuckZones = field(init=False)
    _started_at: datetime | None = field(default=None, init=False)
    _start_due: float = field(default=-math.inf, init=False)
    _silent_until: dict[Nameserver, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Begin without zones in doubt."""
        self._stuck = StuckZones(self.host, self.store, self.editor, self.monotonic)

    @property
    def _own_parents(self) -> OwnParents:
        return OwnParents(self.host, self.editor, self.check_parent)

    def step(self) -> float:
        """Check the zones that are due; return the seconds to the next time; raise StoreError if the store fails."""
        with self.store.connection():
            self._follow_start()
            if ended := self.take_ended():
                with self.store.writing():
                    signing.make_due(ended, self.clock())
            with self.store.reading():
                due = signing.due(self.clock(), MOST_AT_ONCE)
            for uuid in due:
                if self._stopped.is_set():
                    break
                self._check_apart(uuid)
        return 0.0 if len(due) == MOST_AT_ONCE else EVERY

    def _follow_start(self) -> None:
        """Check every zone after a start of named, which may have found its files lost or cut."""
        if self.monotonic() < self._start_due:
            return
        self._start_due = self.monotonic() + START_EVERY
        try:
            started_at = self.host.control.boot_time()
        except CommandError:
            return
        if started_at != self._started_at:
            with self.store.writing():
                signing.make_all_due(self.clock())
            self._started_at = started_at

    def _check_apart(self, uuid: UUID) -> None:
        """Check one zone; whatever fails must not keep the others waiting."""
        began = self.clock()
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
            signing.put_off(uuid, self.clock() + pause, began)
            signing_summary.store(*self._read(uuid), self.clock())

    def check(self, uuid: UUID) -> timedelta:
        """Check a zone, and do what follows; return how long it may be left alone; raise CommandError if that fails.

        What was seen before stays stored.
        """
        zone, known = self._follow_clock(*self._read(uuid))
        seen = observe(zone, known, self.host, self._silent())
        self._note_silent(seen)
        self._store_seen(seen, known)
        in_doubt = self._stuck.handle(seen, known)
        zone, known = self._read(uuid)
        is_changed = not in_doubt and self._own_parents.delegate(zone, known, self.clock())
        if is_changed:
            zone, known = self._read(uuid)
        try:
            if self._check_parent(zone, known):
                zone, known = self._read(uuid)
            may_end = may_unsign(known, self.clock())
        except Pending:
            may_end = False  # it may find a DS
        if may_end and self.editor.unsign_zone(uuid, seen.latest_serial):
            log.info("event=unsigned zone=%s", print_domain(zone.name))
            return SHORTEST_PAUSE
        if zone.signed and not in_doubt:
            self._report_to_named(zone, known)
            if self._roll(zone, known):
                return SHORTEST_PAUSE
        if is_changed or in_doubt:
            return SHORTEST_PAUSE
        if self._is_held(zone):
            return HELD_PAUSE
        return min(LONGEST_PAUSE if is_awaited(known) else SETTLED_PAUSE, self._pause(zone, known))

    def _follow_clock(self, zone: Zone, known: Signing) -> tuple[Zone, Signing]:
        """Let a zone that waits for years, since the clock was ahead when it began to, wait from now on."""
        now = self.clock()
        reports = (one.at for one in known.confirmations.values())
        times = (known.since, known.signed_at, known.gone_since, known.gone_at, *reports)
        if all(at is None or at <= now + BETWEEN_CHECKS for at in times):
            return zone, known
        log.warning("event=clock-set-back zone=%s", print_domain(zone.name))
        with self.store.writing():
            signing.follow_clock(zone, self._read(zone.uuid)[1], now)
        return self._read(zone.uuid)

    def _silent(self) -> frozenset[Nameserver]:
        """Return the secondaries that did not answer a moment ago: no zone need wait for each of them again."""
        return frozenset(server for server, until in self._silent_until.items() if until > self.monotonic())

    def _note_silent(self, seen: SeenZone) -> None:
        for server in seen.silent & {*self.host.secondaries} - self._silent():
            self._silent_until[server] = self.monotonic() + SILENCE

    def _read(self, uuid: UUID) -> tuple[Zone, Signing]:
        with self.store.reading():
            zone = zones.get_any(uuid)
            known = signing.get(zone)
        if known is None:
            raise StoreError(f"nothing is stored about the signing of {print_domain(zone.name)}")
        return zone, known

    def _is_held(self, zone: Zone) -> bool:
        with self.store.reading():
            return holds.get(zone.uuid) is not None

    def _store_seen(self, seen: SeenZone, known: Signing) -> None:
        zone, served = seen.zone, {server.name: one for server, one in seen.served.items()}
        signed_at = known.signed_at
        if zone.signed and signed_at is None and seen.is_signed_everywhere(self.host):
            signed_at = self.clock()
            log.info("event=signed zone=%s", print_domain(zone.name))
        lacks_keys = zone.signed and not self._has_keys(zone, known)
        serial, keys = seen.latest_serial, known.keys if seen.keys is None else tuple(seen.keys)
        is_served_later = zone.signed and serial is not None and is_later(serial, zone.last_serial)
        found = replace(known, served=served, signed_at=signed_at, keys=keys, lacks_keys=lacks_keys)
        if found == known and not is_served_later:
            return  # a commit would wait for the disk
        with self.store.writing():
            if _beginning(self._read(zone.uuid)[1]) != _beginning(known):
                return  # what was seen is of the time before
            if served != known.served or signed_at != known.signed_at:
                signing.store_served(zone.uuid, served, signed_at)
            if keys != known.keys:
                signing.store_keys(zone.uuid, keys)
            if lacks_keys != known.lacks_keys:
                signing.store_lack_of_keys(zone.uuid, lacks_keys=lacks_keys)
            if is_served_later and serial is not None:
                signing.store_signed_serial(zone.uuid, serial)

    def _has_keys(self, zone: Zone, known: Signing) -> bool:
        """Return True if the files of all keys of the zone are there; False also if their folder cannot be read."""
        try:
            return self.host.files.has_keys(zone.uuid, [key.tag for key in known.keys])
        except PublishFailed as failed:
            log.warning("event=keys-unread zone=%s reason=%r", print_domain(zone.name), str(failed))
            return False

    def _check_parent(self, zone: Zone, known: Signing) -> bool:
        """Check the parent of a signed zone if that is due, and store what is known then; return True if it was.

        Raise Pending if the check has begun, and has not ended yet.
        """
        now = self.clock()
        if not zone.signed or not (known.own_parent or is_check_due(zone, known, now)):
            return False
        own = known.own_parent
        check = self._own_parents.check(zone, own, now, self._silent()) if own else self.check_parent(zone, now)
        if check is None:
            return False
        with self.store.writing():  # a user may have changed something since
            _, known = self._read(zone.uuid)
            above = known.own_parent and known.own_parent.uuid
            if known.since <= check.checked_at and above == check.own:
                signing.store_findings(zone.uuid, after_check(known, zone.name, check))
        return True

    def _report_to_named(self, zone: Zone, known: Signing) -> None:
        """Report to named which DS is at the parent and which is gone: it waits for both in a rollover."""
        reported = {**known.reported}
        for key in known.keys:
            report = report_due(key, known, zone.name, self.clock())
            if report:
                self.host.control.note_ds(zone.name, key.tag, report)
                reported[key.tag] = report
                with self.store.writing():
                    signing.store_reported(zone.uuid, reported)
                log.info("event=ds-noted zone=%s key=%d report=%s", print_domain(zone.name), key.tag, report.value)

    def _roll(self, zone: Zone, known: Signing) -> bool:
        """Begin the rollover that a user wanted once that is safe; return True if it begins now."""
        key = may_roll(known)
        if key is not None:
            self.host.control.roll_key(zone.name, key.tag)
            log.info("event=rollover-started zone=%s key=%d", print_domain(zone.name), key.tag)
        elif known.roll_requested_at and is_rolling(known):
            with self.store.writing():
                signing.end_rollover(zone.uuid)
        return key is not None

    def _pause(self, zone: Zone, known: Signing) -> timedelta:
        now = self.clock()
        state = state_of(known, zone.name, now)
        if state in (SigningState.SIGNING, SigningState.UNSIGNING) or (zone.signed and known.signed_at is None):
            return max(SHORTEST_PAUSE, min(LONGEST_PAUSE, (now - known.since) / 4))
        match state:
            case SigningState.SECURED:
                return SETTLED_PAUSE
            case SigningState.UNSIGNED:
                return CHECK_WHEN_SECURED
            case SigningState.DS_WAIT | SigningState.DS_READY:
                return parent_pause(known, state, now)
            case SigningState.DS_EXPIRING if known.unsigned_from and known.unsigned_from > now:
                return max(SHORTEST_PAUSE, min(BETWEEN_CHECKS, known.unsigned_from - now))
        return BETWEEN_CHECKS


def _beginning(known: Signing) -> tuple[bool, datetime, datetime | None]:
    """Return what changes when a zone is turned on or off, or named begins again to sign it."""
    return known.is_signed, known.since, known.signed_at
