"""When zone files are brought up to what is served: after a zone has rested, and paced.

The loop calls `start_if_due`; the work is done by `file_refresh.py`, in a worker of its own kind. No change waits for
it but while the file is renamed: only then is the name of the zone held.
"""

from __future__ import annotations

import heapq
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from dns.name import Name

from appliance.deploy.figures import Figures
from appliance.deploy.host import PrimaryHost
from appliance.deploy.pending_zones import PendingZones
from appliance.deploy.publishing.file_refresh import Refresh, Replaced, prepare, replace
from appliance.deploy.recorder import Recorder
from appliance.deploy.worker_pool import Worker, WorkerPool
from appliance.errors import ApplianceError
from appliance.store.faults import Fault
from appliance.store.file.database import Store
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)

REST = 2.0
"""Seconds for which a zone has not changed before its file is refreshed."""
CALM = 1.0
"""Seconds for which no zone at all has changed before files are refreshed: changes need the processor more."""
LONGEST_UNREST = 60.0
"""Seconds after which files are refreshed nevertheless, if a zone never rests or some zone always changes."""
WAIT_PER_SECOND = 50.0
"""Seconds for which a zone waits after a refresh for each second that it took: 2 % of the time at most."""
BATCH_WAIT_PER_SECOND = 3.0
"""The same for the next batch of any zones: a quarter of the time at most."""
LARGEST_BATCH = 50
RETRY_AFTER = 10.0
"""Seconds after which a file that was refused is tried again."""
MOST_FAULTS = 20
"""Zones that are reported by name."""


@dataclass(slots=True)
class _Due:
    """A zone, when it is due, when at the latest, and the time of its entry in the heap, which is not later."""

    name: Name
    due: float
    latest: float
    entered: float = math.inf


@dataclass(slots=True)
class FileRefresher:
    """Zones whose file is older than what is served, or not as it was published; times are seconds of `monotonic`."""

    host: PrimaryHost
    store: Store
    workers: WorkerPool
    zones: PendingZones
    recorder: Recorder
    figures: Figures
    monotonic: Callable[[], float]
    _due: dict[UUID, _Due] = field(default_factory=dict)
    _not_before: dict[UUID, float] = field(default_factory=dict)
    _faults: dict[UUID, Fault] = field(default_factory=dict)
    _heap: list[tuple[float, UUID]] = field(default_factory=list)
    """Each zone of `_due` by a time that is not later; an entry that names another time is outdated."""
    _next_batch: float = 0.0
    _calm_from: float = 0.0
    _began: float = 0.0
    _is_running: bool = False

    def note(self, uuid: UUID, name: Name, rest: float = REST) -> None:
        """Refresh the file of this zone, which has just changed, once it has not changed for `rest` seconds."""
        now = self.monotonic()
        self._calm_from = now + CALM if rest else self._calm_from
        noted = self._due.setdefault(uuid, _Due(name, now, now + LONGEST_UNREST))
        noted.due = max(min(now + rest, noted.latest), self._not_before.get(uuid, now))
        if noted.due < noted.entered:
            self._enter(uuid, noted)

    def note_behind(self, uuid: UUID, name: Name) -> None:
        """Refresh the file of this zone, which is older than what is served, unless that is planned already."""
        if uuid not in self._due:
            self.note(uuid, name, rest=0.0)

    def note_altered(self, uuid: UUID, name: Name) -> None:
        """Refresh the file of this zone at once: it is not as it was published."""
        self._not_before.pop(uuid, None)
        self.note(uuid, name, rest=0.0)

    @property
    def is_idle(self) -> bool:
        """Return True if no refresh is running or due."""
        return not self._is_running and not (self._due and self._earliest <= self.monotonic())

    @property
    def faults(self) -> list[Fault]:
        """Return what keeps files from being refreshed, for some zones."""
        return list(self._faults.values())[:MOST_FAULTS]

    def next_start(self) -> float | None:
        """Return the earliest time at which a refresh may be due, None if there is none or one is running."""
        first = self._first()
        if self._is_running or first is None:
            return None
        return max(self._next_batch, first.entered, min(self._calm_from, first.latest))

    def start_if_due(self) -> None:
        """Start the next batch if it is time."""
        start, now = self.next_start(), self.monotonic()
        if start is None or now < start:
            return
        batch = self._take_batch(now)
        if not batch:
            return
        self._is_running, self._began = True, now
        job = partial(prepare, list(batch.items()), self.host, self.store, self.monotonic)
        self.workers.start(job, partial(self._prepared, batch), partial(self._failed, batch), Worker.FILE_REFRESH)

    @property
    def _earliest(self) -> float:
        """No refresh is due before."""
        first = self._first()
        return first.entered if first else math.inf

    def _first(self) -> _Due | None:
        """Return the zone of the first entry, which waits longest for others to rest; drop outdated entries."""
        while self._heap:
            entered, uuid = self._heap[0]
            one = self._due.get(uuid)
            if one is not None and one.entered == entered:
                return one
            heapq.heappop(self._heap)
        return None

    def _enter(self, uuid: UUID, one: _Due) -> None:
        one.entered = one.due
        heapq.heappush(self._heap, (one.due, uuid))

    def _take_batch(self, now: float) -> dict[UUID, Name]:
        """Take the zones that are due, and enter those again that are due later than when they were entered."""
        batch: dict[UUID, Name] = {}
        while self._earliest <= now and len(batch) < LARGEST_BATCH:
            _, uuid = heapq.heappop(self._heap)
            one = self._due[uuid]
            if one.due <= now:
                batch[uuid] = self._due.pop(uuid).name
            else:
                self._enter(uuid, one)
        return batch

    def _prepared(self, batch: Mapping[UUID, Name], refreshes: Sequence[Refresh]) -> None:
        """Replace the files of zones that have not changed meanwhile, holding their names.

        A zone that has changed is noted again when that change is served.
        """
        for uuid in batch.keys() - {one.uuid for one in refreshes}:
            self.note(uuid, batch[uuid])
        for one in refreshes:
            if one.error:
                self._refuse(one, one.error)
            elif not one.published:
                self._faults.pop(one.uuid, None)  # the zone is deleted
        held = [one for one in refreshes if one.published and self.zones.hold(one.name)]
        if not held:
            self._end(refreshes)
            return
        names = {one.uuid: one.name for one in held}

        def release() -> None:
            for name in names.values():
                self.zones.release(name)

        def done(results: list[Replaced]) -> None:
            release()
            self._replaced(results)
            self._end(refreshes)

        def failed(error: ApplianceError) -> None:
            release()
            self._failed(names, error)

        self.workers.start(lambda: replace(held, self.host), done, failed, Worker.FILE_REFRESH)

    def _replaced(self, results: Sequence[Replaced]) -> None:
        for result in results:
            one = result.refresh
            if result.is_done and one.published:
                self.recorder.refreshed(one.uuid, one.published)
                self._faults.pop(one.uuid, None)
                self.figures.count("file_refreshes", "done")
            elif result.error:
                self._refuse(one, result.error)

    def _end(self, refreshes: Sequence[Refresh]) -> None:
        """Let each zone, and the next batch, wait as long as this batch requires."""
        now = self.monotonic()
        took = now - self._began
        self._is_running, self._next_batch = False, now + took * BATCH_WAIT_PER_SECOND
        self._not_before = {uuid: until for uuid, until in self._not_before.items() if until > now}
        for one in refreshes:
            per_second = BATCH_WAIT_PER_SECOND if one.error else WAIT_PER_SECOND  # a hung checker costs nothing
            until = now + took / len(refreshes) * per_second
            self._not_before[one.uuid] = until
            if one.uuid in self._due:
                self._due[one.uuid].due = max(self._due[one.uuid].due, until)

    def _refuse(self, one: Refresh, reason: str) -> None:
        """Keep the older file, report why, and try again later."""
        name = print_domain(one.name)
        log.warning("event=file-not-refreshed zone=%s reason=%r", name, reason)
        text = f"the zone file of {name} is older than what is served: {reason}"
        remedy = "what is served is right, and named's journal has the rest; read the deployer's log for its reason"
        self._faults[one.uuid] = Fault(f"file of {name}", text, remedy)
        self.figures.count("file_refreshes", "failed")
        self.note(one.uuid, one.name)
        self._due[one.uuid].due = self.monotonic() + RETRY_AFTER

    def _failed(self, batch: Mapping[UUID, Name], error: ApplianceError) -> None:
        """Try all zones of the batch again later."""
        for uuid, name in batch.items():
            self._refuse(Refresh(uuid, name), str(error))
        self._end([])
