"""The deployer's loop: read the journal, start work, verify, record; and reconcile from time to time.

One thread makes every decision and never waits for a nameserver; what takes time runs in workers. Each zone that is
being deployed has one rollout (`rollout.py`) for its name; what changes meanwhile is part of the next start.
"""

from __future__ import annotations

import logging
import select
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime

from appliance.deploy.context import new_context
from appliance.deploy.dispatcher import Dispatcher
from appliance.deploy.host import PrimaryHost
from appliance.deploy.problem_log import ProblemLog
from appliance.deploy.publishing.raised_serials import RaisedSerials
from appliance.deploy.publishing.update_publisher import UpdatePublisher, update_client_of
from appliance.deploy.reconciliation.reconciler import Reconciler
from appliance.deploy.rollout_events import RolloutEvents
from appliance.deploy.verification.comparing_process import ComparingProcess
from appliance.deploy.verification.proof import prover_of
from appliance.deploy.verification.proof_queue import ProofQueue
from appliance.deploy.verification.watch import Event
from appliance.deploy.verification.whole_zone import StoredContent
from appliance.deploy.verification.zone_audit import ZoneAudit
from appliance.deploy.worker_pool import ZONE_WORKERS
from appliance.editing import Editor
from appliance.errors import StoreError
from appliance.settings import DeployerSettings
from appliance.store import deployments, heartbeat, holds, journal, zones
from appliance.store.deployments import ZoneStatus
from appliance.store.file.database import Store
from appliance.store.wakeup import DeployerSocket
from appliance.systemd import ServiceManager

log = logging.getLogger(__name__)

HEARTBEAT_INTERVAL = 2.0
"""Seconds between two heartbeats in the store."""
REFRESH_INTERVAL = 0.1
"""Seconds after which the file of the store is followed again: whether it was replaced, or has failed."""
PAUSE_AFTER_FAILURE = 0.1
"""Seconds to wait after an unexpected error."""
PAUSE_AFTER_STORE_FAILURE = 1.0
"""Seconds to wait after an error of the store; meanwhile what is served stays as it is."""


class Deployer:
    """Deploys what the store holds. `clock` gives the time of day for rows, `monotonic` seconds for waiting.

    `allow_removals`: an operator allows that zones which are served but not in the database are removed.
    """

    def __init__(
        self,
        host: PrimaryHost,
        store: Store,
        editor: Editor,
        settings: DeployerSettings,
        wakeups: DeployerSocket,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        *,
        allow_removals: bool = False,
    ) -> None:
        self._context = context = new_context(host, store, editor, settings, clock, monotonic)
        self._settings, self._wakeups = settings, wakeups
        self._position: int | None = None
        self._poll_due = self._heartbeat_due = self._refresh_due = monotonic()
        self._events: deque[Event] = deque()
        self._problem_log = ProblemLog(
            [server.name for server in host.nameservers], store, context.workers, clock, monotonic
        )
        self._dispatcher = Dispatcher(context)
        raised, source = RaisedSerials(context), StoredContent(store.path, host.apex, host.transfer_key)
        self._proof_queue = ProofQueue(context, prover_of(host, store), raised)
        self._updates = UpdatePublisher(context, update_client_of(host, monotonic), self._proof_queue)
        self._rollout_events = RolloutEvents(context, self._dispatcher, self._proof_queue)
        self._audit = ZoneAudit(context, ComparingProcess(source), raised)
        self._reconciler = Reconciler(context, self._dispatcher, raised, self._audit, allow_removals)
        self._poll = select.poll()
        for readable in (wakeups, context.workers, context.verifier.client, self._updates.client):
            self._poll.register(readable, select.POLLIN)

    def run(self, stopped: Callable[[], bool], manager: ServiceManager) -> None:
        """Run steps until `stopped`. An error ends its step, not the loop: the next reconciliation compares everything.

        Each step that did not fail reports to the service manager that the process is alive.
        """
        checker = self._context.host.checker
        with checker.started_ahead(ZONE_WORKERS), closing(self), self._context.store.connection():
            while not stopped():
                try:
                    with self._context.store.translating_errors():
                        self._follow_store()
                        self.step()
                    manager.notify_alive(f"{len(self._context.zones)} zones wait or are being deployed")
                except StoreError as failed:
                    log.warning("event=store-failed reason=%r", str(failed))
                    manager.notify_alive(str(failed), ready=False)
                    self._recover(PAUSE_AFTER_STORE_FAILURE)
                except Exception:  # whatever it was, the next reconciliation compares everything
                    log.exception("event=loop-failed")
                    self._recover(PAUSE_AFTER_FAILURE)
            manager.notify_stopping()

    def close(self) -> None:
        """End the audit, wait for the other jobs, and close threads and sockets."""
        self._audit.close()
        self._context.workers.close()
        self._context.verifier.close()
        self._context.notifies.close()
        self._updates.close()
        self._proof_queue.close()

    @property
    def is_settled(self) -> bool:
        """Return True if a reconciliation has ended and nothing is left to do or to wait for."""
        context = self._context
        is_idle = context.recorder.is_idle and self._reconciler.is_idle and self._proof_queue.is_idle
        is_waiting = context.members.is_changing or context.zones or context.verifier
        return self._reconciler.count > 0 and is_idle and context.refresher.is_idle and not is_waiting

    @property
    def reconciliations(self) -> int:
        """Return the number of reconciliations that have ended."""
        return self._reconciler.count

    @property
    def awaited(self) -> int:
        """Return the number of zones for which a nameserver is being queried."""
        return len(self._context.verifier)

    def step(self) -> None:
        """Wait until there is something to do, at most until the next poll, and do it."""
        readable = self._wait()
        is_changed = self._wakeups.fileno() in readable and self._wakeups.drain()
        if is_changed or self._context.monotonic() >= self._poll_due:
            self._read_journal()
        if self._context.workers.fileno() in readable:
            self._context.workers.run_callbacks()
        self._updates.handle_responses(is_readable=self._updates.client.fileno() in readable)
        self._events.extend(self._proof_queue.take_events())
        has_answers = self._context.verifier.client.fileno() in readable
        self._events.extend(self._context.verifier.step(self._context.monotonic(), has_answers=has_answers))
        while self._events:  # after an error the others stay for the next step
            self._rollout_events.handle(self._events.popleft())
        now = self._context.monotonic()  # the same for both: what becomes ready later is due in a later step
        self._updates.start_ready(now)
        self._dispatcher.start_ready(now)
        self._dispatcher.send_members()
        self._proof_queue.start_waiting()
        is_awaited = self._wakeups.has_subscribers or not (self._context.zones or self._context.verifier)
        if self._context.recorder.flush(
            is_awaited=is_awaited
        ):  # last: a store that refuses writes must not keep names held
            self._wakeups.notify_subscribers()
        self._beat()
        self._reconciler.step()
        self._context.refresher.start_if_due()

    def _wait(self) -> set[int]:
        """Wait as long as nothing is due; return the file descriptors that are readable."""
        seconds = self._next_wakeup() - self._context.monotonic()
        return {descriptor for descriptor, _ in self._poll.poll(max(0.0, seconds) * 1000)}

    def _follow_store(self) -> None:
        """Follow the file of the store, but not at each of the many steps of a change."""
        now = self._context.monotonic()
        if now >= self._refresh_due:
            self._refresh_due = now + REFRESH_INTERVAL
            self._context.store.refresh()

    def _recover(self, pause: float) -> None:
        """Reconnect to the store, and schedule a reconciliation soon."""
        with suppress(StoreError):
            self._context.store.reconnect()
        self._context.schedule.retry_soon()
        time.sleep(pause)

    # journal

    def _next_wakeup(self) -> float:
        moments = [self._poll_due, self._heartbeat_due]
        if (start := self._reconciler.next_start()) is not None:
            moments.append(start)
        if (refresh := self._context.refresher.next_start()) is not None:
            moments.append(refresh)
        if (query := self._context.verifier.next_query()) is not None:
            moments.append(query)
        if (proof := self._proof_queue.next_start()) is not None:
            moments.append(proof)
        if (write := self._context.recorder.next_write()) is not None:
            moments.append(write)
        if (repeat := self._updates.next_timeout()) is not None:
            moments.append(self._context.monotonic() + repeat)
        return min(*moments, *self._context.zones.next_starts())

    def _read_journal(self) -> None:
        """Request the deployment of each zone that changed since the last reading."""
        self._poll_due = self._context.monotonic() + self._settings.poll_interval / 1000
        if self._position is None:  # what changed before is found by the first reconciliation
            self._position = journal.last()
        changed, self._position = journal.zones_since(self._position)
        for status in deployments.statuses(changed) if changed else ():
            self._request(status)

    def _request(self, status: ZoneStatus) -> None:
        """Request the zone's deployment; a deleted zone's only if no newer zone is published under its name."""
        newer = zones.get_by_name(status.name) if status.deleted else None
        if newer and not holds.get(newer.uuid):
            self._reconciler.record_removal(status)
        else:
            self._context.zones.request(status)

    def _beat(self) -> None:
        now = self._context.monotonic()
        if now >= self._heartbeat_due:
            self._heartbeat_due = now + HEARTBEAT_INTERVAL
            reconciler = self._reconciler
            with self._context.store.writing():
                pending = len(self._context.zones)
                now_at, figures = self._context.clock(), self._context.figures.values
                latest = heartbeat.Heartbeat(now_at, reconciler.ended_at, reconciler.count, pending, figures)
                heartbeat.store(latest)
            self._rollout_events.handle_slow(self._context.verifier.older_than(now - HEARTBEAT_INTERVAL))
            self._problem_log.check_if_due()
