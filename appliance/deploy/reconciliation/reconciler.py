"""Reconciliation: compare everything in a worker, and carry out what the comparison requires, some zones at a time.

Zones that changed since the comparison began are left alone: their own deployment continues.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import chain, islice
from uuid import UUID

from appliance.addresses import Nameserver
from appliance.deploy.context import DeployerContext
from appliance.deploy.dispatcher import Dispatcher
from appliance.deploy.publishing.raised_serials import RaisedSerials
from appliance.deploy.reconciliation import reconcile
from appliance.deploy.reconciliation.comparison import Comparison, compare
from appliance.deploy.reconciliation.reconcile import Plan, Snapshot
from appliance.deploy.rollout import RolloutEvent
from appliance.deploy.verification.zone_audit import ZoneAudit
from appliance.deploy.worker_pool import Worker
from appliance.errors import ApplianceError
from appliance.store.deployments import ZoneStatus
from appliance.zones.names import print_domain
from appliance.zones.serial import raise_over

log = logging.getLogger(__name__)

MOST_IN_STEP = 200
"""Zones that one step of the loop handles at most: a change waits for these alone."""
MISSED_SNAPSHOTS = 3
"""Snapshots in a row after which a member that no secondary serves is removed and added again."""
MOST_REWRITTEN = 500
"""Zone files that one reconciliation writes again; if there are more, the next one starts at once."""
LONGEST_WAIT = 10.0
"""Seconds to wait until all notes are written: a reconciliation would find them undone."""


@dataclass(slots=True)
class Reconciler:
    """Compares everything and repairs what differs.

    `allow_removals`: zones that are served but not in the database are removed.
    """

    context: DeployerContext
    dispatcher: Dispatcher
    raised: RaisedSerials
    audit: ZoneAudit
    allow_removals: bool = False
    is_running: bool = False
    count: int = 0
    ended_at: datetime | None = None
    _work: Iterator[None] | None = None
    """What is left of the reconciliation that is being carried out."""
    _missed: Counter[UUID] = field(default_factory=Counter)

    @property
    def is_idle(self) -> bool:
        """Return True if no reconciliation is running, nor work that one started."""
        return not (self.is_running or self.raised.running or self.audit.has_doubts)

    def next_start(self) -> float | None:
        """Return when the next reconciliation starts or the present one is continued; None while a worker compares."""
        if self._work is not None:
            return self.context.monotonic()
        if self.is_running:
            return None
        due = self.context.schedule.due
        return due if self.context.recorder.is_idle else due + LONGEST_WAIT

    def step(self) -> None:
        """Carry out the next part of a reconciliation; or start one, if it is time and none is running."""
        due = self.next_start()
        if self._work is not None:
            for _ in islice(self._work, MOST_IN_STEP):
                pass
        elif due is not None and self.context.monotonic() >= due:
            self._start()

    def _start(self) -> None:
        began, moment = self.context.monotonic(), self.context.clock()
        self.is_running = True
        self.context.schedule.start()
        self.context.zones.begin_snapshot()
        self.context.members.begin_reading()

        def done(found: Comparison) -> None:
            self.context.schedule.note_compared()
            self._work = self._finish(found, began, moment)

        def failed(error: ApplianceError) -> None:
            self.is_running = False
            log.warning("event=reconciliation-failed reason=%r", str(error))
            self.context.schedule.retry_soon()

        comparison = partial(
            compare,
            self.context,
            silent=self.context.verifier.silent(),
            with_rows=not self.context.recorder.is_loaded,
            known_faults=[*self.context.refresher.faults, *self.audit.faults, *self.raised.faults],
        )
        self.context.workers.start(comparison, done, failed, Worker.RECONCILIATION)

    def _finish(self, found: Comparison, began: float, moment: datetime) -> Iterator[None]:
        """Carry out what the comparison requires, and confirm it; yield after each zone."""
        try:
            if found.rows is not None:
                self.context.recorder.load(found.rows)
            yield from self._carry_out(found, began)
            for uuid, missing in found.unanswered:
                self.context.recorder.unanswered(uuid, missing)
                yield
            self.context.recorder.confirm(found.confirmed, moment)
            self.count += 1
            self.ended_at = self.context.clock()
        finally:
            self.is_running, self._work = False, None

    def record_removal(self, status: ZoneStatus) -> None:
        """Record that a deleted zone is no longer served, or that a newer zone has its name."""
        self.context.members.leave(status.uuid, status.name)
        self.context.recorder.live(status.uuid, None)

    def _carry_out(self, found: Comparison, began: float) -> Iterator[None]:
        snapshot, plan = found.snapshot, found.plan
        self._note_reachability(found.reachable, began)
        yield from self._update_catalog(found)
        yield from self._record(snapshot, plan)
        yield from self._start_work(found)
        yield from self._check_files(snapshot, plan)
        self.dispatcher.notify(found.lagging)
        self._handle_unknown(snapshot, found.allowed)
        if found.is_settled:
            self.context.schedule.reset_retries()
        elif plan.ahead:
            self.context.schedule.retry_soon()

    def _each(self, statuses: Iterable[ZoneStatus], action: Callable[[ZoneStatus], None]) -> Iterator[None]:
        """Do it with each of these zones that is unchanged by then; yield after each."""
        for status in statuses:
            if self.context.zones.is_unchanged(status):
                action(status)
            yield

    def _note_reachability(self, reachable: Collection[Nameserver], began: float) -> None:
        """Note which nameservers answered; the others have been silent since the snapshot began."""
        self.context.reachability.note_answers(reachable, self.context.monotonic())
        for server in set(self.context.host.nameservers).difference(reachable):
            self.context.reachability.note_query(server, began)
            self.context.verifier.note_silent(server, self.context.monotonic())

    def _update_catalog(self, found: Comparison) -> Iterator[None]:
        """Repair a lost catalog, raise its serial over that of a secondary ahead, and request joins and leaves."""
        snapshot, members = found.snapshot, self.context.members
        own, over = snapshot.catalog_serials()
        if own is None and self.context.host.primary in found.reachable:
            self.dispatcher.repair_catalog()
        if found.listed is None or snapshot.ahead is None:  # a catalog that cannot be read is not raised
            self.context.schedule.retry_soon()
            return
        members.learn(found.listed)
        has_changed = self.context.zones.has_changed  # a zone that was deleted then may be restored by now
        members.remove({label: name for label, name in found.plan.leave.items() if not has_changed(name)})
        if own is not None and over is not None:  # before any yield: else a catalog without these members is sent first
            log.warning("event=catalog-behind serial=%d later=%d", own, over)
            members.adopt(reconcile.adopted(snapshot), raise_over(own, over))
            self.context.schedule.retry_soon()
        yield from self._each(found.plan.join, lambda one: members.join(one.uuid, one.name))
        self._missed = Counter({one.uuid: self._missed[one.uuid] + 1 for one in found.missed})
        yield from self._each(found.missed, self._let_rejoin)

    def _let_rejoin(self, status: ZoneStatus) -> None:
        """Remove a member that no secondary has served in several snapshots; the next reconciliation adds it again.

        The secondaries have dropped it.
        """
        if self._missed[status.uuid] >= MISSED_SNAPSHOTS:
            log.warning("event=member-rejoins zone=%s", print_domain(status.name))
            self.context.members.leave(status.uuid, status.name)
            self.context.schedule.retry_soon()

    def _record(self, snapshot: Snapshot, plan: Plan) -> Iterator[None]:
        recorder = self.context.recorder

        def note_removal(status: ZoneStatus) -> None:
            self.record_removal(status)
            if snapshot.is_gone(status):
                self.context.members.forget_left(status.name)

        yield from self._each(plan.proven, lambda one: recorder.proven(one.uuid, one.serial))
        yield from self._each(plan.removed, note_removal)
        yield from self._each(plan.live, lambda one: self._record_live(one, snapshot))
        yield from self._each(
            chain(plan.deploy, plan.await_secondaries),
            lambda one: recorder.observed(one.uuid, one.serial, snapshot.answers_for(one.name)),
        )

    def _record_live(self, status: ZoneStatus, snapshot: Snapshot) -> None:
        """Note that every nameserver serves the zone, unless one may have answered from a former member."""
        members, is_new = self.context.members, status.live_serial != status.serial
        if members.may_be_former(status.uuid, status.name) or (is_new and not members.is_known):
            self.context.schedule.retry_soon()
            return
        self.context.verifier.drop(status.name)
        self.context.zones.advance(status.name, RolloutEvent.COMPLETE)
        self.context.recorder.compared(status, snapshot.answers_for(status.name))

    def _start_work(self, found: Comparison) -> Iterator[None]:
        snapshot, plan, zones = found.snapshot, found.plan, self.context.zones

        def await_secondaries(status: ZoneStatus) -> None:
            if not snapshot.lacking(status).isdisjoint(found.reachable):  # silent ones are queried when they answer
                self._await_secondaries(status, snapshot)

        if len(plan.rewrite) > MOST_REWRITTEN:
            self.context.schedule.make_due()
        rewritten = plan.rewrite[:MOST_REWRITTEN]
        yield from self._log_rewritten(rewritten)
        raised = [*plan.ahead, *((status, status.serial) for status in rewritten)]
        self.raised.start([pair for pair in raised if zones.is_unchanged(pair[0])])
        yield from self._each(plan.await_secondaries, await_secondaries)
        yield from self._each(plan.deploy, lambda one: self._deploy(one, snapshot))
        yield from self._each((one for one in plan.withdraw if not snapshot.is_gone(one)), zones.request)

    def _deploy(self, status: ZoneStatus, snapshot: Snapshot) -> None:
        """Deploy the zone; one that the primary left unanswered, and was handed as it is, is compared again instead."""
        if snapshot.answers.get((self.context.host.primary, status.name)) or not reconcile.is_handed_over(status):
            self.context.zones.request(status)
        else:
            self.context.schedule.retry_soon()

    def _check_files(self, snapshot: Snapshot, plan: Plan) -> Iterator[None]:
        """Refresh files that are older than what is served; compare whole zones, first those in doubt."""
        refresher = self.context.refresher
        yield from self._each(plan.behind, lambda one: refresher.note_behind(one.uuid, one.name))
        doubtful = list(filter(self.context.zones.is_unchanged, plan.doubtful))
        for status in (one for one in doubtful if one.uuid in snapshot.files.doubtful):
            head = self.context.host.files.head(status.uuid)
            if head is None or not head.by_named:
                log.warning("event=file-touched zone=%s", print_domain(status.name))
            yield
        self.audit.start(snapshot, replace(plan, doubtful=doubtful))

    def _log_rewritten(self, statuses: Iterable[ZoneStatus]) -> Iterator[None]:
        """Log each zone file that is missing, and in one line how many the settings now describe differently."""
        files, described = self.context.host.files, 0
        for status in filter(self.context.zones.is_unchanged, statuses):
            if status.published is None or files.digest(status.uuid) is None:
                log.warning("event=file-touched zone=%s", print_domain(status.name))
            else:
                described += 1
            yield
        if described:
            log.info("event=settings-changed zones=%d", described)

    def _await_secondaries(self, status: ZoneStatus, snapshot: Snapshot) -> None:
        self.context.zones.resume(status.name)
        self.context.verifier.watch_secondaries(
            status.uuid,
            status.name,
            status.serial,
            partial(self.context.publisher.expected, status.serial),
            self.context.monotonic(),
            snapshot.answers_for(status.name)[self.context.host.primary],
            signed=status.signed,
        )
        if self.context.members.has(status.uuid, status.name):
            self.dispatcher.query_secondaries(status.uuid, status.name)
        else:
            self.context.members.join(status.uuid, status.name)

    def _handle_unknown(self, snapshot: Snapshot, allowed: set[str]) -> None:
        """Keep zones that are not in the database, unless an operator allowed their removal."""
        for unknown in snapshot.unknown:
            if self.allow_removals or unknown.label in allowed:
                self.dispatcher.remove_unknown(unknown)
                self.context.schedule.retry_soon()
