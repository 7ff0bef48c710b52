"""The deployer's loop: notice, launch, verify, record; and a full turn from time to time.

One thread decides everything and never waits for a nameserver: what takes time runs in lanes. A zone name is in
one lane at a time and has one reload in flight; what changes meanwhile gathers into its next deployment.
"""

from __future__ import annotations

import logging
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from appliance.deploy import reconcile
from appliance.deploy.host import Host
from appliance.deploy.lanes import Lanes
from appliance.deploy.launch import Launcher
from appliance.deploy.membership import Membership
from appliance.deploy.reach import Reach
from appliance.deploy.reconcile import Picture, Plan
from appliance.deploy.record import Recorder
from appliance.deploy.verify import Ahead, Complete, Event, Overdue, PrimaryServes, Verifier, Watch
from appliance.deploy.waiting import Waiting
from appliance.editing import Editor
from appliance.errors import ApplianceError
from appliance.settings import DeployerSettings
from appliance.store import journal, outcomes, zones
from appliance.store.database import Store
from appliance.store.outcomes import Standing
from appliance.zones.names import print_domain
from appliance.zones.serial import is_later

log = logging.getLogger(__name__)

SIGN_OF_LIFE = 2.0
"""Seconds between two rows that say the deployer is at work."""
CLEAN_EVERY = 3600.0
"""Seconds between two looks for files of zones that were removed long ago."""
PAUSE_AFTER_FAILURE = 0.1
"""Seconds."""
FIRST_RETRY = 1.0
"""Seconds from a failure to the next full turn; doubled with each failure up to the usual time between full turns."""


class Deployer:
    """Makes it so. `clock` gives the time of day for rows, `monotonic` seconds for waiting."""

    def __init__(
        self,
        host: Host,
        store: Store,
        editor: Editor,
        settings: DeployerSettings,
        notices: socket.socket,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host, self._store, self._editor, self._settings = host, store, editor, settings
        self._notices, self._monotonic = notices, monotonic
        self._lanes = Lanes(store)
        began = monotonic()
        self._reach = Reach(began)
        self._verifier = Verifier(host.nameservers, self._reach)
        self._events: deque[Event] = deque()
        self._membership = Membership()
        self._recorder = Recorder(host, store, clock, monotonic, self._reach)
        self._clock = clock
        self._place: int | None = None
        self._zones = Waiting(settings.quiet_time / 1000)
        self._look_due = self._sign_due = self._full_turn_due = self._clean_due = began
        self._full_turn_runs = False
        self._full_turns = 0
        self._retry = FIRST_RETRY
        self._launcher = Launcher(
            host,
            store,
            self._lanes,
            self._zones,
            self._verifier,
            self._membership,
            self._recorder,
            monotonic,
            self._retry_soon,
        )
        self._poll = select.poll()
        for readable in (notices, self._lanes, self._verifier.asker):
            self._poll.register(readable, select.POLLIN)

    def run(self, stopped: Callable[[], bool]) -> None:
        """Turn until `stopped`. A failure ends its turn and not the loop: the next full turn compares everything."""
        with self._store.connection():
            while not stopped():
                try:
                    self.turn()
                except Exception:  # the top of the turn: whatever it was, the next full turn compares everything
                    log.exception("event=turn-failed")
                    self._store.renew()
                    self._retry_soon()
                    time.sleep(PAUSE_AFTER_FAILURE)
        self._lanes.close()
        self._verifier.close()

    @property
    def is_settled(self) -> bool:
        """True when a full turn was made and nothing is left to do or to wait for."""
        at_work = self._zones or self._full_turn_runs or self._verifier.next_question() is not None
        return self._full_turns > 0 and not at_work and not self._membership.is_changing

    def turn(self) -> None:
        """Wait until there is something to do, at most until the next look, and do it."""
        self._poll.poll(max(0.0, self._next_moment() - self._monotonic()) * 1000)
        if self._drain_notices() or self._monotonic() >= self._look_due:
            self._look()
        self._lanes.take_ends()
        self._events.extend(self._verifier.turn(self._monotonic()))
        while self._events:  # one that fails costs itself alone: the others stay for the next turn
            self._take_event(self._events.popleft())
        self._launcher.launch_ready()
        self._launcher.send_members()
        self._give_sign_of_life()
        if self._monotonic() >= self._full_turn_due and not self._full_turn_runs:
            self._start_full_turn()

    # notice

    def _next_moment(self) -> float:
        moments = [self._look_due, self._sign_due]
        if not self._full_turn_runs:
            moments.append(self._full_turn_due)
        if (question := self._verifier.next_question()) is not None:
            moments.append(question)
        return min(*moments, *self._zones.moments())

    def _drain_notices(self) -> bool:
        noticed = False
        while True:
            try:
                self._notices.recv(16)
            except BlockingIOError:
                return noticed
            noticed = True

    def _look(self) -> None:
        """Take up what the journal says has changed since the last look."""
        self._look_due = self._monotonic() + self._settings.poll / 1000
        if self._place is None:  # what was before is for the first full turn
            self._place = journal.last()
        changed, self._place = journal.zones_since(self._place)
        for standing in outcomes.standings(changed) if changed else ():
            self._want(standing)

    def _want(self, standing: Standing) -> None:
        """Let the zone wait for a lane, unless what changed is not published."""
        if standing.deleted and zones.get_by_name(standing.name):
            self._record_removal(standing)
        elif standing.deleted or standing.attempted != standing.serial or standing.error is not None:
            self._zones.want(standing)

    def _record_removal(self, standing: Standing) -> None:
        """A deleted zone that is answered no more, or whose name a newer zone has."""
        self._membership.leave(standing.uuid, standing.name)
        self._recorder.live(standing.uuid, None)

    # verify

    def _take_event(self, event: Event) -> None:
        watch = event.watch
        match event:
            case PrimaryServes():
                if watch.holds:
                    self._zones.release(watch.name)
                self._membership.join(watch.uuid, watch.name)
                self._tell_of_silence(watch)
            case Complete():
                self._recorder.complete(watch)
            case Ahead(served=served):
                self._raise_over(watch.uuid, served)
            case Overdue():
                if watch.holds and not watch.primary_serves:
                    self._give_up(watch)
                self._take_overdue(watch)

    def _tell_of_silence(self, watch: Watch) -> None:
        """Say at once that a nameserver is missing which is known to be silent: nobody need wait for it."""
        now = self._monotonic()
        if any(self._reach.is_silent(server, now) for server in self._host.secondaries):
            self._recorder.seen(watch.uuid, watch.wanted, watch.served)

    def _raise_over(self, uuid: UUID, served: int) -> None:
        """A nameserver is ahead of the store, as after the restore of an old backup: lift the zone over it."""
        zone = zones.get_any(uuid)
        if zone.deleted_at is None and is_later(served, zone.serial):
            raised = self._editor.raise_serial(uuid, served)
            log.warning(
                "event=serial-raised zone=%s served=%d serial=%d", print_domain(zone.name), served, raised.serial
            )
            self._look_due = self._monotonic()

    def _give_up(self, watch: Watch) -> None:
        """A file that the primary did not take up gets its former content, and the name is free when it has that."""
        if self._host.primary in watch.served:
            self._launcher.put_back(watch)
        else:
            self._zones.release(watch.name)

    def _take_overdue(self, watch: Watch) -> None:
        """Tell what is missing; the rest is left to the full turns."""
        self._retry_soon()
        self._recorder.seen(watch.uuid, watch.wanted, watch.served)
        if watch.wanted is None or watch.primary_serves:
            return
        served = watch.served.get(self._host.primary)
        reason = f"the primary serves {served}" if self._host.primary in watch.served else "the primary does not answer"
        log.warning("event=not-served zone=%s serial=%d reason=%r", print_domain(watch.name), watch.wanted, reason)
        self._recorder.attempt(watch.uuid, watch.wanted, f"verify: {reason}; wanted is {watch.wanted}")

    def _give_sign_of_life(self) -> None:
        now = self._monotonic()
        if now >= self._sign_due:
            self._sign_due = now + SIGN_OF_LIFE
            outcomes.note_turn(self._clock())
            slow = self._verifier.older_than(now - SIGN_OF_LIFE)
            for watch in slow:
                self._recorder.seen(watch.uuid, watch.wanted, watch.served)
            self._launcher.notify(question for watch in slow for question in watch.lagging())

    # the full turn

    def _retry_soon(self) -> None:
        self._full_turn_due = min(self._full_turn_due, self._monotonic() + self._retry)
        self._retry = min(self._retry * 2, self._settings.full_turn)

    def _start_full_turn(self) -> None:
        self._full_turn_runs = True
        self._full_turn_due = self._monotonic() + self._settings.full_turn
        self._zones.begin_picture()
        self._membership.begin_reading()

        def done(picture: Picture) -> None:
            self._full_turn_runs = False
            self._carry_out(picture)
            self._full_turns += 1

        def failed(error: ApplianceError) -> None:
            self._full_turn_runs = False
            log.warning("event=full-turn-failed reason=%r", str(error))
            self._retry_soon()

        self._lanes.start(lambda: reconcile.take_picture(self._host, self._store), done, failed)

    def _note_reach(self, picture: Picture) -> None:
        """Those that answered nothing of a whole picture are silent."""
        now = self._monotonic()
        self._reach.answered(picture.reachable(), now)
        for server in self._host.nameservers if picture.answers else ():
            if server not in picture.reachable():
                self._reach.asked(server, now)

    def _correct_catalog(self, picture: Picture, plan: Plan) -> None:
        self._membership.learn(picture.members)
        self._membership.remove(plan.leave)
        for standing in filter(self._zones.stood_still, plan.join):
            self._membership.join(standing.uuid, standing.name)
        if not plan.join:  # with members missing, secondaries would drop their zones
            self._launcher.raise_catalog(picture.catalog_ahead(self._host.catalog))

    def _carry_out(self, picture: Picture) -> None:
        """Do what the picture calls for, but for zones that have moved on since it was taken."""
        plan = reconcile.plan(picture)
        self._note_reach(picture)
        stood_still = self._zones.stood_still
        self._correct_catalog(picture, plan)
        for standing in (*plan.deploy, *plan.withdraw):
            if stood_still(standing):
                self._zones.want(standing)
        with self._store.writing():
            for standing in filter(stood_still, plan.removed):
                self._record_removal(standing)
            for standing in filter(stood_still, plan.live):
                self._recorder.compared(standing, picture.served(standing.name))
        for standing in filter(stood_still, plan.await_secondaries):
            self._verifier.watch(standing.uuid, standing.name, standing.serial, self._monotonic())
        for standing, served in plan.ahead:
            self._raise_over(standing.uuid, served)
        self._launcher.notify(picture.lagging(plan.await_secondaries))
        if self._monotonic() >= self._clean_due:
            self._clean_due = self._monotonic() + CLEAN_EVERY
            self._launcher.remove_old_files(self._clock())
        if not (plan.deploy or plan.withdraw or plan.await_secondaries):
            self._retry = FIRST_RETRY
