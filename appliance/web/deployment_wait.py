"""`Prefer: wait=N`: delay a response until the nameservers are seen serving the change.

While any request waits, one thread polls the store, when the deployer reports that it has written, and every few
milliseconds in any case; each waiting request then reads the deployment of its own zone again. No lock is held
meanwhile.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from appliance.errors import StoreError
from appliance.store import delegations, deployments, holds, wakeup, zones
from appliance.store.file.database import Store
from appliance.zones.deployment import Deployment, DeploymentState, NameserverState, Observation, reaches
from appliance.zones.model import Zone

log = logging.getLogger(__name__)

POLL_INTERVAL = 0.005
"""Seconds between two polls of the store while any request waits."""
REREAD_INTERVAL = 1.0
"""Seconds after which a waiting request reads again although nothing changed: time alone may end its wait."""
UNREACHABLE_GRACE = timedelta(seconds=10)
"""How long a request waits for a nameserver that has become unreachable."""
MAX_WAIT = 60
"""Seconds: the largest N of `wait=N`."""
MAX_HEADER = 500
"""Characters of a Prefer header; a longer one is ignored, because its quoted strings may take long to match."""

_WAIT = re.compile(r'wait\s*=\s*("?)([0-9]{1,9})\1\s*(?:;.*)?', re.IGNORECASE | re.DOTALL)
_PREFERENCE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')


def preferred_wait(header: str) -> int | None:
    """Return N of `wait=N` in a Prefer header (RFC 7240 section 4.3), or None if it is absent or out of range."""
    for preference in _PREFERENCE.findall(header) if len(header) <= MAX_HEADER else ():
        found = _WAIT.fullmatch(preference.strip())
        if found:
            seconds = int(found[2])
            return seconds if 1 <= seconds <= MAX_WAIT else None
    return None


def current_deployment(zone: Zone, nameservers: Sequence[str]) -> Deployment:
    """Return the deployment of the zone as the store has it now, compared with this state of the zone."""
    return deployments.of_zones([zone], nameservers)[zone.uuid]


class WaitSlots:
    """At most `most` requests at a time, and half of them of one account, but at least one."""

    def __init__(self, most: int) -> None:
        self._most, self._share = most, max(1, most // 2)
        self._taken: Counter[UUID] = Counter()
        self._lock = threading.Lock()

    def take(self, account: UUID) -> bool:
        """Take a slot; return False if none is free for the account."""
        with self._lock:
            is_free = self._taken.total() < self._most and self._taken[account] < self._share
            if is_free:
                self._taken[account] += 1
            return is_free

    def give_back(self, account: UUID) -> None:
        """Give a slot back."""
        with self._lock:
            self._taken[account] -= 1
            if not self._taken[account]:
                del self._taken[account]


@dataclass(frozen=True, slots=True)
class DeploymentWait:
    """The waiting requests of an application: at most as many at a time as `slots` allow."""

    store: Store
    nameservers: Sequence[str]
    clock: Callable[[], datetime]
    slots: WaitSlots
    watcher: StoreWatcher
    pausing: Callable[[], AbstractContextManager[None]] = nullcontext

    @contextmanager
    def slot(self, account: UUID) -> Iterator[bool]:
        """Reserve a slot for the block; yield False if none is free for that account.

        In a slot the request does not count in its account's share of the threads: it only waits.
        """
        if not self.slots.take(account):
            yield False
            return
        try:
            with self.pausing():
                yield True
        finally:
            self.slots.give_back(account)

    def until_settled(
        self, zone: Zone, seconds: float, *, with_above: bool = False
    ) -> tuple[Deployment, DeploymentState]:
        """Wait at most `seconds` for the zone; return its deployment, and live, pending or failed.

        With `with_above` the wait is for the zone above too, and the state that of both.
        """
        deadline = time.monotonic() + seconds
        with self.watcher.running():
            while True:
                count = self.watcher.change_count
                deployment, state = self.current(zone, with_above=with_above)
                left = deadline - time.monotonic()
                if state is not None or left <= 0:
                    return deployment, state or DeploymentState.PENDING
                self.watcher.wait_for_change(count, min(left, REREAD_INTERVAL))

    def current(self, zone: Zone, *, with_above: bool = False) -> tuple[Deployment, DeploymentState | None]:
        """Return the zone's deployment now, and the state in which a wait for it ends, or None if it goes on.

        With `with_above` the state is that of the zone and the zone above it together.
        The write is already committed: if the store cannot be read, the deployment is pending, and no error is raised.
        """
        try:
            with self.store.reading():
                deployment = current_deployment(zone, self.nameservers)
                state = self._final_state(zone, deployment)
                above = delegations.enclosing(zone.name, zone.account) if with_above else None
                if above:
                    state = _both(state, self._final_state(above, current_deployment(above, self.nameservers)))
                return deployment, state
        except StoreError as error:
            log.warning("event=deployment-unread zone=%s reason=%r", zone.uuid, str(error))
        is_deleted = zone.deleted_at is not None
        return Deployment(zone.serial, None, None, None, zone.queued_at, None, (), deleted=is_deleted), None

    def _final_state(self, zone: Zone, deployment: Deployment) -> DeploymentState | None:
        if deployment.state in (DeploymentState.LIVE, DeploymentState.FAILED):
            return deployment.state
        if deployment.hold and not deployment.deleted:
            return DeploymentState.PENDING
        newer = zones.get_by_name(zone.name) if deployment.deleted else None
        if newer and not holds.get(newer.uuid):
            return DeploymentState.LIVE
        missing = [seen for seen in deployment.nameservers if not _is_done(deployment, seen)]
        all_lost = missing and all(self._is_lost(seen) for seen in missing)
        return DeploymentState.PENDING if all_lost else None

    def _is_lost(self, seen: Observation) -> bool:
        is_silent = seen.checked_at is None or self.clock() - seen.checked_at > UNREACHABLE_GRACE
        return seen.state == NameserverState.UNREACHABLE and is_silent


def _both(*states: DeploymentState | None) -> DeploymentState | None:
    """Return the state in which a wait for two zones ends, or None if it goes on."""
    order = (None, DeploymentState.FAILED, DeploymentState.PENDING, DeploymentState.LIVE)
    return min(states, key=order.index)


def _is_done(deployment: Deployment, seen: Observation) -> bool:
    if deployment.deleted:
        return seen.serial is None and seen.state != NameserverState.UNREACHABLE and seen.checked_at is not None
    return reaches(seen.serial, deployment.serial)


Subscribe = Callable[[], AbstractContextManager[Callable[[float], object]]]
"""Yields a function that waits for so many seconds, or until a change is reported."""


class StoreWatcher:
    """A thread that polls the store while any request waits, and counts how often it changed."""

    def __init__(self, store: Store, subscribe: Subscribe) -> None:
        self._store = store
        self._subscribe = subscribe
        self._changed = threading.Condition()
        self._users = 0
        self._thread: threading.Thread | None = None
        self.change_count = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the thread running during the block."""
        with self._changed:
            self._users += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1

    def wait_for_change(self, count: int, seconds: float) -> None:
        """Wait until `change_count` is no longer `count`, at most `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self.change_count != count, seconds)

    def _watch(self) -> None:
        """Poll until no request waits; the first poll counts as a change, because nothing was polled before it."""
        version = None
        try:
            with self._subscribe() as wait, self._store.connection():
                while self._is_needed():
                    if self._store.refresh():
                        version = None
                    seen = self._store.version()
                    if seen != version:
                        version = seen
                        with self._changed:
                            self.change_count += 1
                            self._changed.notify_all()
                    wait(POLL_INTERVAL)
        except (StoreError, OSError) as error:
            log.warning("event=watch-ended reason=%r", str(error))
            with self._changed:
                self._thread = None

    def _is_needed(self) -> bool:
        with self._changed:
            if not self._users:
                self._thread = None
            return self._thread is not None


def create_deployment_wait(
    store: Store,
    nameservers: Sequence[str],
    clock: Callable[[], datetime],
    most: int,
    deployer: Path,
    pausing: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> DeploymentWait:
    """Return the waiting requests of an application, at most `most` at a time; `deployer` is the deployer's socket."""
    watcher = StoreWatcher(store, partial(wakeup.subscription, deployer))
    return DeploymentWait(store, nameservers, clock, WaitSlots(most), watcher, pausing)
