"""The deployer's loop: notice, launch, verify, record; and a full turn from time to time.

One thread decides everything and never waits for a nameserver: what takes time runs in workers. Each zone under way is
a rollout (`rollout.py`), one a name: what changes meanwhile is in its next start.
"""

from __future__ import annotations

import logging
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from appliance.deploy.context import new_context
from appliance.deploy.dispatcher import Dispatcher
from appliance.deploy.host import PrimaryHost
from appliance.deploy.problem_log import ProblemLog
from appliance.deploy.reconciler import Reconciler
from appliance.deploy.rollout import RolloutEvent
from appliance.deploy.verifier import Ahead, Complete, Event, Overdue, PrimaryServes, Returned, Watch
from appliance.editing import Editor
from appliance.errors import StoreError
from appliance.settings import DeployerSettings
from appliance.store import deployments, journal, zones
from appliance.store.deployments import ZoneStatus
from appliance.store.file.database import Store
from appliance.systemd import ServiceManager
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)

SIGN_OF_LIFE = 2.0
"""Seconds between two rows that say the deployer is at work."""
PAUSE_AFTER_FAILURE = 0.1
"""Seconds."""
PAUSE_AFTER_STORE_FAILURE = 1.0
"""Seconds; meanwhile what is served stays as it is."""


class Deployer:
    """Makes it so. `clock` gives the time of day for rows, `monotonic` seconds for waiting.

    `allow_removals` is an operator's word that zones which the store never knew may be taken away.
    """

    def __init__(
        self,
        host: PrimaryHost,
        store: Store,
        editor: Editor,
        settings: DeployerSettings,
        notices: socket.socket,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        *,
        allow_removals: bool = False,
    ) -> None:
        self._parts = parts = new_context(host, store, editor, settings, clock, monotonic)
        self._settings, self._notices = settings, notices
        self._place: int | None = None
        self._look_due = self._sign_due = monotonic()
        self._events: deque[Event] = deque()
        self._alarm = ProblemLog([server.name for server in host.nameservers], store, parts.lanes, clock, monotonic)
        self._launcher = Dispatcher(parts)
        self._full_turn = Reconciler(parts, self._launcher, allow_removals)
        self._poll = select.poll()
        for readable in (notices, parts.lanes, parts.verifier.asker):
            self._poll.register(readable, select.POLLIN)

    def run(self, stopped: Callable[[], bool], manager: ServiceManager) -> None:
        """Turn until `stopped`. A failure ends its turn and not the loop: the next full turn compares everything.

        Each turn is a sign of life to the manager, except one that broke.
        """
        with self._parts.store.connection():
            while not stopped():
                try:
                    with self._parts.store.failing():
                        self._parts.store.refresh()
                        self.turn()
                    manager.notify_alive(f"{len(self._parts.zones)} zones wait or are under way")
                except StoreError as failed:
                    log.warning("event=store-failed reason=%r", str(failed))
                    manager.notify_alive(str(failed), ready=False)
                    self._recover(PAUSE_AFTER_STORE_FAILURE)
                except Exception:  # the top of the turn: whatever it was, the next full turn compares everything
                    log.exception("event=loop-failed")
                    self._recover(PAUSE_AFTER_FAILURE)
        manager.notify_stopping()
        self.close()

    def close(self) -> None:
        """Wait for the jobs under way, and give threads and sockets back."""
        self._parts.lanes.close()
        self._parts.verifier.close()

    @property
    def is_settled(self) -> bool:
        """True when a full turn was made and nothing is left to do or to wait for."""
        parts = self._parts
        is_idle = parts.recorder.is_idle and self._full_turn.is_idle and not parts.membership.is_changing
        return self._full_turn.count > 0 and is_idle and not (parts.zones or parts.verifier)

    @property
    def reconciliations(self) -> int:
        """How many full turns were made."""
        return self._full_turn.count

    @property
    def awaited(self) -> int:
        """How many zones some nameserver is asked for."""
        return len(self._parts.verifier)

    def turn(self) -> None:
        """Wait until there is something to do, at most until the next look, and do it."""
        self._poll.poll(max(0.0, self._next_moment() - self._parts.monotonic()) * 1000)
        if self._drain_notices() or self._parts.monotonic() >= self._look_due:
            self._look()
        self._parts.lanes.take_ends()
        self._events.extend(self._parts.verifier.turn(self._parts.monotonic()))
        while self._events:  # one that fails costs itself alone: the others stay for the next turn
            self._take_event(self._events.popleft())
        self._launcher.launch_ready()
        self._launcher.send_members()
        self._parts.recorder.flush()  # last: a store that takes no write must keep no name busy
        self._give_sign_of_life()
        self._full_turn.start_if_due()

    def _recover(self, pause: float) -> None:
        """Connect to the store anew, and let everything be compared soon."""
        with suppress(StoreError):
            self._parts.store.renew()
        self._parts.pace.soon()
        time.sleep(pause)

    # notice

    def _next_moment(self) -> float:
        moments = [self._look_due, self._sign_due]
        if (comparison := self._full_turn.next_moment()) is not None:
            moments.append(comparison)
        if (question := self._parts.verifier.next_question()) is not None:
            moments.append(question)
        return min(*moments, *self._parts.zones.moments())

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
        self._look_due = self._parts.monotonic() + self._settings.poll_interval / 1000
        if self._place is None:  # what was before is for the first full turn
            self._place = journal.last()
        changed, self._place = journal.zones_since(self._place)
        for standing in deployments.statuses(changed) if changed else ():
            self._want(standing)

    def _want(self, standing: ZoneStatus) -> None:
        """Let the zone wait for a lane; a deleted one not, when its name has a newer zone."""
        if standing.deleted and zones.get_by_name(standing.name):
            self._full_turn.record_removal(standing)
        else:
            self._parts.zones.want(standing)

    # verify

    def _take_event(self, event: Event) -> None:
        match event:
            case PrimaryServes(watch):
                self._parts.zones.advance(watch.name, RolloutEvent.PRIMARY_SERVES)
                self._let_join(watch)
                self._tell_of_silence(watch)
            case Complete(watch):
                self._parts.zones.advance(watch.name, RolloutEvent.COMPLETE)
                self._parts.recorder.complete(watch)
            case Ahead(watch):
                self._parts.zones.advance(watch.name, RolloutEvent.AHEAD)
                self._parts.pace.soon()
            case Overdue(watch):
                self._take_overdue(watch)
            case Returned(server):
                log.info("event=nameserver-returned nameserver=%s", server.name)
                self._parts.pace.at_once()

    def _let_join(self, watch: Watch) -> None:
        """Ask the secondaries; of a new zone once the catalog lists it: before, they may know a former one."""
        if self._parts.membership.has(watch.uuid, watch.name):
            self._launcher.ask_secondaries(watch.name)
        else:
            self._parts.membership.join(watch.uuid, watch.name)

    def _tell_of_silence(self, watch: Watch) -> None:
        """Say at once that a nameserver is missing which is known to be silent: nobody need wait for it."""
        now = self._parts.monotonic()
        if any(self._parts.reach.is_silent(server, now) for server in self._parts.host.secondaries):
            self._parts.recorder.seen(watch.uuid, watch.wanted, watch.served)

    def _give_up(self, watch: Watch) -> None:
        """A content that the primary did not load gives way to the former one; until it has, the name is held."""
        is_not_loaded = not (watch.wanted is None or watch.primary_serves) and self._parts.host.primary in watch.served
        if is_not_loaded:
            self._parts.zones.advance(watch.name, RolloutEvent.NOT_LOADED)
            self._launcher.put_back(watch)
        else:
            self._parts.zones.advance(watch.name, RolloutEvent.OVERDUE)

    def _take_overdue(self, watch: Watch) -> None:
        """Store what is missing; the rest is left to the full turns."""
        self._give_up(watch)
        self._parts.pace.soon()
        self._parts.recorder.seen(watch.uuid, watch.wanted, watch.served)
        if watch.wanted is None or watch.primary_serves:
            return
        served = watch.served.get(self._parts.host.primary)
        reason = (
            f"the primary serves {served}"
            if self._parts.host.primary in watch.served
            else "the primary does not answer"
        )
        log.warning("event=not-served zone=%s serial=%d reason=%r", print_domain(watch.name), watch.wanted, reason)
        self._parts.recorder.attempt(watch.uuid, watch.wanted, f"verify: {reason}; wanted is {watch.wanted}")

    def _give_sign_of_life(self) -> None:
        now = self._parts.monotonic()
        if now >= self._sign_due:
            self._sign_due = now + SIGN_OF_LIFE
            turn = self._full_turn
            with self._parts.store.writing():
                deployments.store_heartbeat(
                    deployments.Heartbeat(self._parts.clock(), turn.ended_at, turn.count, len(self._parts.zones))
                )
            slow = self._parts.verifier.older_than(now - SIGN_OF_LIFE)
            for watch in slow:
                self._parts.recorder.seen(watch.uuid, watch.wanted, watch.served)
            self._launcher.notify(question for watch in slow for question in watch.lagging())
            self._alarm.look_if_due()
