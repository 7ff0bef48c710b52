"""`Prefer: wait=N`: holding an answer back until the nameservers are seen serving the change.

One watcher thread asks the store every few milliseconds whether it has changed, only while somebody waits;
each waiter then reads again where its own zone has come to. Nothing is locked meanwhile.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.errors import StoreError
from appliance.store import deployments, zones
from appliance.store.file.database import Store
from appliance.zones.deployment import Deployment, DeploymentState, NameserverState, Observation, reaches
from appliance.zones.model import Zone

log = logging.getLogger(__name__)

LOOK_EVERY = 0.005
"""Seconds between two looks at the store while somebody waits."""
READ_AGAIN_EVERY = 1.0
"""Seconds after which a waiter reads again though nothing has changed: time alone may end its wait."""
HOPELESS_AFTER = timedelta(seconds=10)
"""A nameserver silent for longer is not waited for."""
LONGEST_WAIT = 60
LONGEST_HEADER = 500
"""Characters of a Prefer header that is read; a longer one is passed over, for its quotes may take long to match."""

_WAIT = re.compile(r'wait\s*=\s*("?)([0-9]{1,9})\1\s*(?:;.*)?', re.IGNORECASE | re.DOTALL)
_PREFERENCE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')


def preferred_wait(header: str) -> int | None:
    """The seconds of `wait=N` in a Prefer header (RFC 7240 section 4.3), or None; out of range it is not there."""
    for preference in _PREFERENCE.findall(header) if len(header) <= LONGEST_HEADER else ():
        found = _WAIT.fullmatch(preference.strip())
        if found:
            seconds = int(found[2])
            return seconds if 1 <= seconds <= LONGEST_WAIT else None
    return None


def where(zone: Zone, nameservers: Sequence[str]) -> Deployment:
    """Where this state of the zone has come to."""
    return deployments.of_zones([zone], nameservers)[zone.uuid]


@dataclass(frozen=True, slots=True)
class DeploymentWait:
    """The watch that an application keeps. At most `seats` requests wait at a time."""

    store: Store
    nameservers: Sequence[str]
    clock: Callable[[], datetime]
    seats: threading.Semaphore
    watcher: DeploymentWatcher

    @contextmanager
    def seat(self) -> Iterator[bool]:
        """True when this request may wait."""
        taken = self.seats.acquire(blocking=False)
        try:
            yield taken
        finally:
            if taken:
                self.seats.release()

    def settled(self, zone: Zone, seconds: float) -> tuple[Deployment, DeploymentState]:
        """Where the zone has come to after that time at most, and in one word: live, pending or failed."""
        ends = time.monotonic() + seconds
        with self.watcher.watching():
            while True:
                moment = self.watcher.moment
                deployment, state = self.look(zone)
                left = ends - time.monotonic()
                if state is not None or left <= 0:
                    return deployment, state or DeploymentState.PENDING
                self.watcher.wait_after(moment, min(left, READ_AGAIN_EVERY))

    def look(self, zone: Zone) -> tuple[Deployment, DeploymentState | None]:
        """Where the zone is now, and how a wait for it ends, None while it goes on.

        The write is committed by now: a store that cannot be read leaves it pending, and is no error.
        """
        try:
            with self.store.reading():
                deployment = where(zone, self.nameservers)
                return deployment, self._verdict(zone, deployment)
        except StoreError as failed:
            log.warning("event=deployment-unread zone=%s reason=%r", zone.uuid, str(failed))
        gone = zone.deleted_at is not None
        return Deployment(zone.serial, None, None, None, zone.queued_at, None, (), deleted=gone), None

    def _verdict(self, zone: Zone, deployment: Deployment) -> DeploymentState | None:
        if deployment.state in (DeploymentState.LIVE, DeploymentState.FAILED):
            return deployment.state
        if deployment.deleted and zones.get_by_name(zone.name):
            return DeploymentState.LIVE
        missing = [seen for seen in deployment.nameservers if not _is_done(deployment, seen)]
        hopeless = missing and all(self._is_hopeless(seen) for seen in missing)
        return DeploymentState.PENDING if hopeless else None

    def _is_hopeless(self, seen: Observation) -> bool:
        silent = seen.checked_at is None or self.clock() - seen.checked_at > HOPELESS_AFTER
        return seen.state == NameserverState.UNREACHABLE and silent


def _is_done(deployment: Deployment, seen: Observation) -> bool:
    if deployment.deleted:
        return seen.serial is None and seen.state != NameserverState.UNREACHABLE and seen.checked_at is not None
    return reaches(seen.serial, deployment.serial)


class DeploymentWatcher:
    """A thread that lives while somebody watches, and counts the moments at which the store had changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changed = threading.Condition()
        self._watching = 0
        self._thread: threading.Thread | None = None
        self.moment = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Keep the thread at work for as long as the block runs."""
        with self._changed:
            self._watching += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._watching -= 1

    def wait_after(self, moment: int, seconds: float) -> None:
        """Until the store has changed since that moment, for so many seconds at most."""
        with self._changed:
            self._changed.wait_for(lambda: self.moment != moment, seconds)

    def _watch(self) -> None:
        """Look until nobody watches; the first look counts as a change, for nobody looked before it."""
        version = None
        try:
            with self._store.connection():
                while self._goes_on():
                    if self._store.refresh():
                        version = None
                    seen = self._store.version()
                    if seen != version:
                        version = seen
                        with self._changed:
                            self.moment += 1
                            self._changed.notify_all()
                    time.sleep(LOOK_EVERY)
        except StoreError as failed:
            log.warning("event=watch-ended reason=%r", str(failed))
            with self._changed:
                self._thread = None

    def _goes_on(self) -> bool:
        with self._changed:
            if not self._watching:
                self._thread = None
            return self._thread is not None


def new_deployment_wait(
    store: Store, nameservers: Sequence[str], clock: Callable[[], datetime], threads: int
) -> DeploymentWait:
    """The watch of an application that answers with so many threads, half of which may wait."""
    return DeploymentWait(
        store, nameservers, clock, threading.Semaphore(max(1, threads // 2)), DeploymentWatcher(store)
    )
