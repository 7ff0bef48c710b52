"""Reconciliation: compare everything in a worker, and carry out what the comparison requires.

Zones that changed since the comparison began are left alone: their own deployment continues.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

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

MISSED_SNAPSHOTS = 3
"""Snapshots in a row after which a member that no secondary serves is removed and added again."""
MOST_REWRITTEN = 500
"""Zone files that one reconciliation writes again; if there are more, the next one starts at once."""
CLEAN_EVERY = 3600.0
"""Seconds between two searches for files of zones that were removed long ago."""
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
    _clean_due: float = 0.0
    _missed: Counter[UUID] = field(default_factory=Counter)

    @property
    def is_idle(self) -> bool:
        """Return True if no reconciliation is running, nor work that one started."""
        return not (self.is_running or self.raised.running or self.audit.has_doubts)

    def next_start(self) -> float | None:
        """Return when the next reconciliation starts; None while one is running."""
        if self.is_running:
            return None
        due = self.context.schedule.due
        return due if self.context.recorder.is_idle else due + LONGEST_WAIT

    def start_if_due(self) -> None:
        """Start a reconciliation if it is time and none is running."""
        due, began, moment = self.next_start(), self.context.monotonic(), self.context.clock()
        if due is None or began < due:
            return
        self.is_running = True
        self.context.schedule.start()
        self.context.zones.begin_snapshot()
        self.context.members.begin_reading()

        def done(found: Comparison) -> None:
            self.is_running = False
            if found.rows is not None:
                self.context.recorder.load(found.rows)
            self._carry_out(found, began)
            self._confirm(found.snapshot, moment)
            self.count += 1
            self.ended_at = self.context.clock()

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

    def record_removal(self, status: ZoneStatus) -> None:
        """Record that a deleted zone is no longer served, or that a newer zone has its name."""
        self.context.members.leave(status.uuid, status.name)
        self.context.recorder.live(status.uuid, None)

    def _carry_out(self, found: Comparison, began: float) -> None:
        snapshot, plan = found.snapshot, found.plan
        self._note_reachability(snapshot, began)
        self._update_catalog(snapshot, plan)
        self._record(snapshot, plan)
        self._start_work(snapshot, plan)
        self._check_files(snapshot, plan)
        self.dispatcher.notify(snapshot.lagging(plan.await_secondaries))
        self._handle_unknown(snapshot, found.allowed)
        if self.context.monotonic() >= self._clean_due:
            self._clean_due = self.context.monotonic() + CLEAN_EVERY
            self.dispatcher.remove_old_files(self.context.clock())
        if plan.is_settled:
            self.context.schedule.reset_retries()
        elif plan.ahead:
            self.context.schedule.retry_soon()

    def _note_reachability(self, snapshot: Snapshot, began: float) -> None:
        """Note which nameservers answered; the others have been silent since the snapshot began."""
        reachable = snapshot.reachable()
        self.context.reachability.note_answers(reachable, self.context.monotonic())
        for server in set(self.context.host.nameservers) - reachable:
            self.context.reachability.note_query(server, began)
            self.context.verifier.note_silent(server, self.context.monotonic())

    def _update_catalog(self, snapshot: Snapshot, plan: Plan) -> None:
        """Repair a lost catalog, raise its serial over that of a secondary ahead, and request joins and leaves."""
        own, over = snapshot.catalog_serials()
        if own is None and self.context.host.primary in snapshot.reachable():
            self.dispatcher.repair_catalog()
        if snapshot.members is None or snapshot.ahead is None:  # a catalog that cannot be read is not raised
            self.context.schedule.retry_soon()
            return
        self.context.members.learn(snapshot.members)
        self.context.members.remove(plan.leave)
        for status in filter(self.context.zones.is_unchanged, plan.join):
            self.context.members.join(status.uuid, status.name)
        self._let_rejoin(snapshot, plan)
        if own is not None and over is not None:
            self.context.members.adopt(reconcile.adopted(snapshot), raise_over(own, over))
            self.context.schedule.retry_soon()

    def _let_rejoin(self, snapshot: Snapshot, plan: Plan) -> None:
        """Remove members that no secondary has served in several snapshots; the next reconciliation adds them again.

        The secondaries have dropped them.
        """
        missed = [one for one in plan.await_secondaries if snapshot.is_missed(one)]
        self._missed = Counter({one.uuid: self._missed[one.uuid] + 1 for one in missed})
        for status in filter(self.context.zones.is_unchanged, missed):
            if self._missed[status.uuid] >= MISSED_SNAPSHOTS:
                log.warning("event=member-rejoins zone=%s", print_domain(status.name))
                self.context.members.leave(status.uuid, status.name)
                self.context.schedule.retry_soon()

    def _record(self, snapshot: Snapshot, plan: Plan) -> None:
        for status in filter(self.context.zones.is_unchanged, plan.proven):
            self.context.recorder.proven(status.uuid, status.serial)
        for status in filter(self.context.zones.is_unchanged, plan.removed):
            self.record_removal(status)
            if snapshot.is_gone(status):
                self.context.members.forget_left(status.name)
        for status in filter(self.context.zones.is_unchanged, plan.live):
            is_new = status.live_serial != status.serial
            members = self.context.members
            if members.may_be_former(status.uuid, status.name) or (is_new and not members.is_known):
                self.context.schedule.retry_soon()
                continue
            self.context.verifier.drop(status.name)
            self.context.zones.advance(status.name, RolloutEvent.COMPLETE)
            self.context.recorder.compared(status, snapshot.answers_for(status.name))
        for status in filter(self.context.zones.is_unchanged, (*plan.deploy, *plan.await_secondaries)):
            self.context.recorder.observed(status.uuid, status.serial, snapshot.answers_for(status.name))

    def _confirm(self, snapshot: Snapshot, moment: datetime) -> None:
        """Record when the nameservers were queried, after what each left unanswered."""
        answering = {
            server for (server, name), answer in snapshot.answers.items() if answer and name != snapshot.catalog
        }
        for status in snapshot.statuses:
            missing = answering - snapshot.answers_for(status.name).keys()
            if missing:
                self.context.recorder.unanswered(status.uuid, missing)
        self.context.recorder.confirm(answering, moment)

    def _start_work(self, snapshot: Snapshot, plan: Plan) -> None:
        if len(plan.rewrite) > MOST_REWRITTEN:
            self.context.schedule.make_due()
        rewritten = plan.rewrite[:MOST_REWRITTEN]
        self._log_rewritten([one for one in rewritten if self.context.zones.is_unchanged(one)])
        raised = [*plan.ahead, *((status, status.serial) for status in rewritten)]
        self.raised.start([pair for pair in raised if self.context.zones.is_unchanged(pair[0])])
        reachable = snapshot.reachable()
        for status in filter(self.context.zones.is_unchanged, plan.await_secondaries):
            if not snapshot.lacking(status).isdisjoint(reachable):  # silent ones are queried when they answer again
                self._await_secondaries(status, snapshot)
        withdrawn = [one for one in plan.withdraw if not snapshot.is_gone(one)]
        for status in filter(self.context.zones.is_unchanged, (*plan.deploy, *withdrawn)):
            self.context.zones.request(status)

    def _check_files(self, snapshot: Snapshot, plan: Plan) -> None:
        """Refresh files that are older than what is served; compare whole zones, first those in doubt."""
        for status in filter(self.context.zones.is_unchanged, plan.behind):
            self.context.refresher.note_behind(status.uuid, status.name)
        for status in (one for one in plan.doubtful if one.uuid in snapshot.files.doubtful):
            head = self.context.host.files.head(status.uuid)
            if head is None or not head.by_named:
                log.warning("event=file-touched zone=%s", print_domain(status.name))
        self.audit.start(snapshot, plan)

    def _log_rewritten(self, statuses: Sequence[ZoneStatus]) -> None:
        """Log each zone file that is missing, and in one line how many the settings now describe differently."""
        files, altered = self.context.host.files, 0
        for status in statuses:
            if status.published is None or files.digest(status.uuid) is None:
                altered += 1
                log.warning("event=file-touched zone=%s", print_domain(status.name))
        if altered < len(statuses):
            log.info("event=settings-changed zones=%d", len(statuses) - altered)

    def _await_secondaries(self, status: ZoneStatus, snapshot: Snapshot) -> None:
        self.context.zones.resume(status.name)
        self.context.verifier.watch_secondaries(
            status.uuid,
            status.name,
            status.serial,
            partial(self.context.publisher.expected, status.serial),
            self.context.monotonic(),
            snapshot.answers_for(status.name)[self.context.host.primary],
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
