"""Purge what the store does not keep for ever, beside the loop: in a thread and in small transactions."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from appliance.errors import StoreError
from appliance.store.file.database import Store
from appliance.store.retention import PURGES, Purge

log = logging.getLogger(__name__)

EVERY = 3600.0
"""Seconds from one run to the next."""
MOST_AT_ONCE = 200
"""Rows of one transaction."""
PAUSE = 0.05
"""Seconds between two transactions, in which others may write."""
MOST_CLOCK_ERROR = timedelta(minutes=1)
"""If the clock moved by more than this against the monotonic one, nothing is purged until the next run."""


@dataclass(slots=True)
class Maintenance:
    """Purges once an hour, first an hour after its start. `clock` is the time of day, `monotonic` in seconds.

    Deleted rows cannot be restored, so nothing is deleted after a run in which the clock was set.
    """

    store: Store
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    purges: Mapping[str, Purge] = field(default_factory=lambda: PURGES)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _last: tuple[datetime, float] | None = None

    def run(self) -> None:
        """Purge once an hour until `stop` is called."""
        while True:
            try:
                self.purge()
            except StoreError as failed:
                log.warning("event=purge-failed reason=%r", str(failed))
            except Exception:  # the top of the thread: the next hour tries again
                log.exception("event=purge-failed")
            if self._stopped.wait(EVERY):
                return

    def stop(self) -> None:
        """End `run` after the running transaction."""
        self._stopped.set()

    def purge(self) -> None:
        """Delete what is due if the clock was steady since the last call; raise StoreError if the store fails."""
        if not self._clock_is_steady():
            return
        with self.store.connection():
            for what, purge_some in self.purges.items():
                count = self._purge_all(purge_some)
                if count:
                    log.info("event=purged what=%s rows=%d", what, count)

    def _purge_all(self, purge_some: Purge) -> int:
        count = 0
        while not self._stopped.is_set():
            with self.store.writing():
                purged = purge_some(self.clock(), MOST_AT_ONCE)
            count += purged.rows
            if not purged.has_more:
                break
            self._stopped.wait(PAUSE)
        return count

    def _clock_is_steady(self) -> bool:
        before, self._last = self._last, (self.clock(), self.monotonic())
        if before is None:
            return False
        passed, elapsed = self._last[0] - before[0], timedelta(seconds=self._last[1] - before[1])
        return abs(passed - elapsed) <= MOST_CLOCK_ERROR


class BackgroundJob(Protocol):
    """Work beside the loop."""

    def run(self) -> None:
        """Work until `stop` is called, or until nothing is left to do."""

    def stop(self) -> None:
        """End `run` soon."""


@contextmanager
def running(*jobs: BackgroundJob) -> Iterator[None]:
    """Run each job in a thread of its own while the block runs."""
    threads = [threading.Thread(target=job.run, name=type(job).__name__) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for job in jobs:
            job.stop()
        for thread in threads:
            thread.join()
