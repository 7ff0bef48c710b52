"""The audit: whole zones on every nameserver are compared with the store, all of them in a cycle, a part at a time.

Zones in doubt come first: those whose file is not as it was published, or whose content on the primary is not proven.
Of zones that have changed since, the content of the secondaries is proven by the difference that they send.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from appliance.deploy.context import DeployerContext
from appliance.deploy.publishing.raised_serials import RaisedSerials, content_fault
from appliance.deploy.reconciliation.reconcile import Plan, Snapshot
from appliance.deploy.verification.comparing_process import ComparingProcess
from appliance.deploy.verification.whole_zone import ContentMatch, ToCompare, ZoneComparison
from appliance.deploy.worker_pool import Worker
from appliance.errors import ApplianceError
from appliance.store import deployments
from appliance.store.deployments import ZoneStatus
from appliance.store.faults import Fault
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)

MOST_RECORDS = 50_000
"""Records that are compared at one time, each once for a nameserver; a zone that has more is compared alone."""
MOST_ZONES = 100
"""Zones that are compared at one time: named logs each transfer."""
MOST_CHANGED = 500
"""Zones of which only what changed is compared at one time."""
MOST_FAILURES = 2
"""Comparisons in a row that may fail before that is a problem."""
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 86_400.0
"""Seconds from one repair of a zone to the next; doubled with each until the zone is as stored: one may never be."""
MOST_FAULTS = 20
"""Zones that are reported by name."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The zones that are compared at one time; `is_last` if the cycle ends with them."""

    doubtful: Sequence[ZoneStatus]
    others: Sequence[ZoneStatus]
    is_last: bool


def choose(served: Sequence[ZoneStatus], doubtful: Sequence[ZoneStatus], after: UUID | None) -> Choice:
    """Return the zones to compare now: those in doubt, and of the others the next ones in the order of their uuids."""
    first = _limited(doubtful, MOST_RECORDS, MOST_ZONES)
    left = MOST_RECORDS - sum(one.record_count for one in first)
    following = _following(served, after) or _following(served, None)
    others = _limited(following, left, MOST_ZONES - len(first))
    return Choice(first, others, bool(others) and len(others) == len(following))


def _following(served: Iterable[ZoneStatus], after: UUID | None) -> list[ZoneStatus]:
    rest = (one for one in served if after is None or one.uuid.int > after.int)
    return heapq.nsmallest(MOST_ZONES + 1, rest, key=lambda one: one.uuid.int)


def _limited(statuses: Sequence[ZoneStatus], records: int, most: int) -> list[ZoneStatus]:
    """Return the first of these zones with that many records, at least one if any records are left."""
    chosen = list[ZoneStatus]()
    for status in statuses[:most]:
        if records <= 0 or (chosen and status.record_count > records):
            break
        records -= status.record_count
        chosen.append(status)
    return chosen


@dataclass(slots=True)
class ZoneAudit:
    """Compares a part of the zones after each reconciliation, and repairs what differs."""

    context: DeployerContext
    process: ComparingProcess
    raised: RaisedSerials
    has_doubts: bool = False
    """True while zones in doubt are being compared."""
    is_running: bool = False
    _due: float = 0.0
    _after: UUID | None = None
    _since: tuple[float, float] | None = None
    """When the last complete cycle began, and the present one, in seconds since the epoch."""
    _compared: dict[UUID, int] = field(default_factory=dict)
    """At which serial the content of the secondaries was last compared, or was first seen."""
    _faults: dict[UUID, Fault] = field(default_factory=dict)
    _repairs: dict[UUID, tuple[float, float]] = field(default_factory=dict)
    """When a zone that differed may be repaired again, and the pause after that."""
    _failures: list[str] = field(default_factory=list)
    """Why the last comparisons failed, in a row."""

    @property
    def faults(self) -> list[Fault]:
        """Return what differs, for some zones, and why zones are not compared."""
        failure = [_failure_fault(self._failures[-1])] if len(self._failures) > MOST_FAILURES else []
        return [*failure, *islice(self._faults.values(), MOST_FAULTS)]

    def start(self, snapshot: Snapshot, plan: Plan) -> None:
        """Compare the zones in doubt, and the next of the others if that is due, unless a comparison is running."""
        present = {one.uuid for one in snapshot.statuses if not one.deleted} if self._faults else ()
        self._faults = {uuid: fault for uuid, fault in self._faults.items() if uuid in present}
        now, interval = self.context.monotonic(), self.context.schedule.interval
        self._due = self._due or now + interval
        is_due = now >= self._due
        if self.is_running or not (is_due or plan.doubtful):
            return
        self.is_running, self.has_doubts = True, bool(plan.doubtful)
        if is_due:
            self._due = now + interval
            self._since = self._since or (self._time(), self._time())
        after = self._after

        def done(result: tuple[Choice, list[ZoneComparison]]) -> None:
            self.is_running = self.has_doubts = False
            self._failures.clear()
            self._handle(*result)

        def failed(error: ApplianceError) -> None:
            self.is_running = self.has_doubts = False
            self._failures = [*self._failures[-MOST_FAILURES:], str(error)]
            log.warning("event=audit-failed reason=%r", str(error))

        self.context.workers.start(lambda: self._compare(snapshot, plan, after, is_due), done, failed, Worker.AUDIT)

    def close(self) -> None:
        """End the process, and with it a running comparison."""
        self.process.close()

    def _compare(
        self, snapshot: Snapshot, plan: Plan, after: UUID | None, is_due: bool
    ) -> tuple[Choice, list[ZoneComparison]]:
        """Choose what is compared now, and compare it where it is served as expected; runs in a worker.

        Zones whose file is to be written again, as after other settings, are compared later: they differ.
        """
        live = [one for one in plan.live if one.uuid not in snapshot.files.altered]
        awaited = (one for one in plan.await_secondaries if one.uuid not in snapshot.files.altered)
        choice = choose([*live, *awaited] if is_due else (), plan.doubtful, after)
        primary, *secondaries = snapshot.nameservers
        compared = [ToCompare(one.uuid, [primary]) for one in choice.doubtful]
        if is_due and secondaries:
            compared += [ToCompare(uuid, secondaries, base) for uuid, base in self._changed(live)]
        compared += [
            ToCompare(one.uuid, [server for server in snapshot.nameservers if snapshot.is_met(one, server)])
            for one in choice.others
        ]
        return choice, self.process.compare(compared) if compared else []

    def _changed(self, live: Sequence[ZoneStatus]) -> list[tuple[UUID, int]]:
        """Return zones that have changed since their secondaries were last compared, with the serial of that time.

        What the secondaries had when a zone was first seen is compared in the cycle.
        """
        self._compared = {one.uuid: self._compared.get(one.uuid, one.serial) for one in live}
        changed = (one for one in live if self._compared[one.uuid] != one.serial)
        return [(one.uuid, self._compared[one.uuid]) for one in islice(changed, MOST_CHANGED)]

    def _handle(self, choice: Choice, verdicts: Sequence[ZoneComparison]) -> None:
        found: dict[UUID, list[ZoneComparison]] = {}
        for verdict in verdicts:
            found.setdefault(verdict.uuid, []).append(verdict)
            if verdict.verdict is not ContentMatch.UNKNOWN:
                self.context.figures.count("audited_zones", verdict.server.name)
        doubtful = {one.uuid for one in choice.doubtful}
        for status in deployments.statuses(found):
            self._judge(status, found[status.uuid], is_doubtful=status.uuid in doubtful)
        if choice.others:
            self._after = choice.others[-1].uuid
        if choice.is_last and self._since:
            self._after, self._since = None, (self._since[1], self._time())
        if self._since:
            self.context.figures.set("audited_since", self._since[0])

    def _time(self) -> float:
        return self.context.clock().timestamp()

    def _judge(self, status: ZoneStatus, verdicts: Sequence[ZoneComparison], *, is_doubtful: bool) -> None:
        """Settle a doubt about a zone that is as stored; repair one that is not."""
        differing = [one for one in verdicts if one.verdict is ContentMatch.DIFFERS and one.serial == status.serial]
        if differing:
            self._repair(status, differing)
            return
        same = [one for one in verdicts if one.verdict is ContentMatch.SAME]
        if len(same) == len(verdicts):
            self._faults.pop(status.uuid, None)
            self._repairs.pop(status.uuid, None)
        primary = self.context.host.primary
        if same and same[-1].server != primary:
            self._compared[status.uuid] = same[-1].serial
        same = [one for one in same if one.server == primary]
        if is_doubtful and same:
            if same[0].serial == status.serial and self.context.zones.is_unchanged(status):
                self.context.recorder.proven(status.uuid, status.serial)
            self.context.refresher.note_altered(status.uuid, status.name)

    def _repair(self, status: ZoneStatus, differing: Sequence[ZoneComparison]) -> None:
        """Publish the zone again under a later serial; secondaries that alone differ drop it and transfer it again."""
        name = print_domain(status.name)
        for one in differing:
            log.warning("event=nameserver-differs zone=%s nameserver=%s reason=%r", name, one.server.name, one.reason)
            self.context.figures.count("audit_differences", one.server.name)
        self._faults[status.uuid] = content_fault(status.name, ", ".join(one.server.name for one in differing))
        if not self._may_repair(status.uuid):
            return
        if any(one.server == self.context.host.primary for one in differing):
            self.raised.start([(status, status.serial)])
        else:
            self.context.members.leave(status.uuid, status.name)
            self.context.schedule.retry_soon()

    def _may_repair(self, uuid: UUID) -> bool:
        now = self.context.monotonic()
        due, pause = self._repairs.get(uuid, (now, FIRST_PAUSE))
        if now >= due:
            self._repairs[uuid] = now + pause, min(2 * pause, LONGEST_PAUSE)
        return now >= due


def _failure_fault(reason: str) -> Fault:
    text = f"zones are not compared with the database: {reason}"
    return Fault("audit", text, "it is tried again after each reconciliation; read the deployer's log")
