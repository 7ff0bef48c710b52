"""The full turn: take a picture in a lane, and carry out what it calls for.

What moved since the picture was taken is left alone: its own deployment brings it further.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from appliance.addresses import Nameserver
from appliance.deploy import reconcile
from appliance.deploy.context import DeployerContext
from appliance.deploy.dispatcher import Dispatcher
from appliance.deploy.reconcile import Plan, Snapshot
from appliance.deploy.recorder import Rows
from appliance.deploy.rollout import RolloutEvent
from appliance.deploy.worker_pool import Worker
from appliance.editing import Editor
from appliance.errors import ApplianceError, StoreError
from appliance.store import deployments, unknown_zones, zones
from appliance.store.deployments import ZoneStatus
from appliance.zones.names import print_domain
from appliance.zones.serial import is_ahead, raise_over

log = logging.getLogger(__name__)

MISSED_TURNS = 3
"""Full turns in a row after which a member that no secondary serves is put into the catalog anew."""
MOST_REWRITTEN = 500
"""Zone files that one full turn has written anew; the next follows at once when there are more."""
CLEAN_EVERY = 3600.0
"""Seconds between two looks for files of zones that were removed long ago."""
LONGEST_WAIT = 10.0
"""Seconds that a full turn waits until everything noted is written: else it would find it undone."""


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What a worker found; `rows`: the observations that the store holds, None when they are known; `allowed`: the
    labels of zones that an operator lets go."""

    picture: Snapshot
    plan: Plan
    rows: Rows | None
    allowed: set[str]


@dataclass(slots=True)
class Reconciler:
    """Compares everything and mends what differs. `allow_removals`: zones that the store never knew are taken away."""

    parts: DeployerContext
    launcher: Dispatcher
    allow_removals: bool = False
    runs: bool = False
    count: int = 0
    ended_at: datetime | None = None
    raising: int = 0
    _clean_due: float = 0.0
    _missed: Counter[UUID] = field(default_factory=Counter)

    @property
    def is_idle(self) -> bool:
        """True when none is under way, and nothing that one began."""
        return not (self.runs or self.raising)

    def next_moment(self) -> float | None:
        """When the next one starts; None while it waits for something else."""
        if self.runs:
            return None
        due = self.parts.pace.due
        return due if self.parts.recorder.is_idle else due + LONGEST_WAIT

    def start_if_due(self) -> None:
        """Start when it is time and none is under way."""
        due, began, moment = self.next_moment(), self.parts.monotonic(), self.parts.clock()
        if due is None or began < due:
            return
        self.runs = True
        self.parts.pace.began()
        self.parts.zones.begin_picture()
        self.parts.membership.begin_reading()

        def done(found: _Comparison) -> None:
            self.runs = False
            if found.rows is not None:
                self.parts.recorder.load(found.rows)
            self._carry_out(found, began)
            self._confirm(found.picture, moment)
            self.count += 1
            self.ended_at = self.parts.clock()

        def failed(error: ApplianceError) -> None:
            self.runs = False
            log.warning("event=reconciliation-failed reason=%r", str(error))
            self.parts.pace.soon()

        compare = partial(
            _compare,
            self.parts,
            silent=self.parts.verifier.silent(),
            with_rows=not self.parts.recorder.is_loaded,
        )
        self.parts.lanes.start(compare, done, failed, Worker.RECONCILIATION)

    def record_removal(self, standing: ZoneStatus) -> None:
        """A deleted zone is no longer served, or a newer zone has its name."""
        self.parts.membership.leave(standing.uuid, standing.name)
        self.parts.recorder.live(standing.uuid, None)

    def _carry_out(self, found: _Comparison, began: float) -> None:
        picture, plan = found.picture, found.plan
        self._note_reach(picture, began)
        self._keep_catalog(picture, plan)
        self._record(picture, plan)
        self._act(picture, plan)
        self.launcher.notify(picture.lagging(plan.await_secondaries))
        self._keep_strays(picture, found.allowed)
        if self.parts.monotonic() >= self._clean_due:
            self._clean_due = self.parts.monotonic() + CLEAN_EVERY
            self.launcher.remove_old_files(self.parts.clock())
        if plan.is_quiet:
            self.parts.pace.all_is_well()
        elif plan.ahead:
            self.parts.pace.soon()

    def _note_reach(self, picture: Snapshot, began: float) -> None:
        """Those that answered nothing of a whole picture have been silent since it began."""
        reachable = picture.reachable()
        self.parts.reach.answered(reachable, self.parts.monotonic())
        for server in set(self.parts.host.nameservers) - reachable:
            self.parts.reach.asked(server, began)
            self.parts.verifier.note_silent(server, self.parts.monotonic())

    def _keep_catalog(self, picture: Snapshot, plan: Plan) -> None:
        """Mend a catalog that the primary lost, go over a secondary that is ahead of it, and tell joins and leaves."""
        own, over = picture.catalog_serials()
        if own is None and self.parts.host.primary in picture.reachable():
            self.launcher.mend_catalog()
        if picture.members is None or picture.ahead is None:  # nobody goes over members that cannot be read
            self.parts.pace.soon()
            return
        self.parts.membership.learn(picture.members)
        self.parts.membership.remove(plan.leave)
        for standing in filter(self.parts.zones.stood_still, plan.join):
            self.parts.membership.join(standing.uuid, standing.name)
        self._let_rejoin(picture, plan)
        if own is not None and over is not None:
            self.parts.membership.adopt(reconcile.adopted(picture), raise_over(own, over))
            self.parts.pace.soon()

    def _let_rejoin(self, picture: Snapshot, plan: Plan) -> None:
        """A member that no secondary serves for several full turns was dropped by them: it leaves, and joins again."""
        missed = [one for one in plan.await_secondaries if picture.is_missed(one)]
        self._missed = Counter({one.uuid: self._missed[one.uuid] + 1 for one in missed})
        for standing in filter(self.parts.zones.stood_still, missed):
            if self._missed[standing.uuid] >= MISSED_TURNS:
                log.warning("event=member-rejoins zone=%s", print_domain(standing.name))
                self.parts.membership.leave(standing.uuid, standing.name)
                self.parts.pace.soon()

    def _record(self, picture: Snapshot, plan: Plan) -> None:
        for standing in filter(self.parts.zones.stood_still, plan.removed):
            self.record_removal(standing)
        for standing in filter(self.parts.zones.stood_still, plan.live):
            self.parts.verifier.drop(standing.name)
            self.parts.zones.advance(standing.name, RolloutEvent.COMPLETE)
            self.parts.recorder.compared(standing, picture.served(standing.name))
        for standing in filter(self.parts.zones.stood_still, (*plan.deploy, *plan.await_secondaries)):
            self.parts.recorder.seen(standing.uuid, standing.serial, picture.served(standing.name))

    def _confirm(self, picture: Snapshot, moment: datetime) -> None:
        """Store when the nameservers were queried, after what each left unanswered."""
        answering = {server for (server, name), answer in picture.answers.items() if answer and name != picture.catalog}
        for standing in picture.standings:
            missing = answering - picture.served(standing.name).keys()
            if missing:
                self.parts.recorder.unanswered(standing.uuid, missing)
        self.parts.recorder.confirm(answering, moment)

    def _act(self, picture: Snapshot, plan: Plan) -> None:
        if len(plan.rewrite) > MOST_REWRITTEN:
            self.parts.pace.at_once()
        rewritten = plan.rewrite[:MOST_REWRITTEN]
        for standing in filter(self.parts.zones.stood_still, rewritten):
            log.warning("event=file-touched zone=%s", print_domain(standing.name))
        raised = [*plan.ahead, *((standing, standing.serial) for standing in rewritten)]
        self._raise_all([pair for pair in raised if self.parts.zones.stood_still(pair[0])])
        reachable = picture.reachable()
        for standing in filter(self.parts.zones.stood_still, plan.await_secondaries):
            if not picture.lacking(standing).isdisjoint(reachable):  # all others are asked when they answer again
                self._await_secondaries(standing, picture)
        withdrawn = [one for one in plan.withdraw if not picture.is_gone(one)]
        for standing in filter(self.parts.zones.stood_still, (*plan.deploy, *withdrawn)):
            self.parts.zones.want(standing)

    def _await_secondaries(self, standing: ZoneStatus, picture: Snapshot) -> None:
        self.parts.zones.resume(standing.name)
        self.parts.verifier.watch_secondaries(
            standing.uuid,
            standing.name,
            standing.serial,
            partial(self.parts.publisher.expected, standing.serial),
            self.parts.monotonic(),
            picture.served(standing.name).get(self.parts.host.primary),
        )
        if self.parts.membership.has(standing.uuid, standing.name):
            self.launcher.ask_secondaries(standing.name)
        else:
            self.parts.membership.join(standing.uuid, standing.name)

    def _raise_all(self, pairs: list[tuple[ZoneStatus, int]]) -> None:
        """Raise these zones over serials that are served with other content, in a worker, and deploy them then."""
        if not pairs:
            return
        self.raising += 1

        def done(raised: list[ZoneStatus]) -> None:
            self.raising -= 1
            for standing in raised:
                self.parts.zones.want(standing)

        def failed(error: ApplianceError) -> None:
            self.raising -= 1
            log.warning("event=serials-not-raised reason=%r", str(error))
            self.parts.pace.soon()

        editor = self.parts.editor
        self.parts.lanes.start(lambda: _raise_over(pairs, editor), done, failed, Worker.RECONCILIATION)

    def _keep_strays(self, picture: Snapshot, allowed: set[str]) -> None:
        """Zones that the store never knew stay, unless an operator said otherwise."""
        for stray in picture.strays:
            if self.allow_removals or stray.label in allowed:
                self.launcher.remove_stray(stray)
                self.parts.pace.soon()


def _compare(parts: DeployerContext, *, silent: Collection[Nameserver], with_rows: bool) -> _Comparison:
    """In a worker: compare everything, and store which zones are served that the store never knew."""
    rows = deployments.all_seen() if with_rows else None
    picture = reconcile.take_snapshot(parts.host, parts.store, silent)
    try:
        with parts.store.writing():
            unknown_zones.note([(stray.label, stray.name) for stray in picture.strays], parts.clock())
    except StoreError as failed:  # a store that takes no write keeps nothing from being compared
        log.warning("event=unknown-zones-not-stored reason=%r", str(failed))
    return _Comparison(picture, reconcile.plan(picture), rows, unknown_zones.allowed())


def _raise_over(pairs: Iterable[tuple[ZoneStatus, int]], editor: Editor) -> list[ZoneStatus]:
    """In a worker: raise each zone over the serial served, unless it has moved on by itself; return those raised."""
    raised = []
    for standing, served in pairs:
        zone = zones.get_any(standing.uuid)
        if zone.deleted_at or (zone.serial != standing.serial and not is_ahead(served, zone.serial)):
            continue
        serial = editor.raise_serial(standing.uuid, served).serial
        name = print_domain(standing.name)
        log.warning("event=serial-raised zone=%s served=%d serial=%d", name, served, serial)
        raised.append(standing)
    return raised
