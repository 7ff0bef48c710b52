"""Purge rows and files that are not kept for ever, beside the loop: in a thread and in small transactions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from appliance.deploy.background import BackgroundJob
from appliance.errors import DeployError
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
class Maintenance(BackgroundJob):
    """Purges once an hour, first an hour after its start. `clock` is the time of day, `monotonic` in seconds.

    `purge_files` removes the files that are old at a time. What is deleted cannot be restored, so nothing is deleted
    after a run in which the clock was set.
    """

    failure = "event=purge-failed"
    every = EVERY

    store: Store
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    purges: Mapping[str, Purge] = field(default_factory=lambda: PURGES)
    purge_files: Callable[[datetime], None] = field(default=lambda _: None)
    _last: tuple[datetime, float] | None = None

    def step(self) -> float:
        """Purge, and return the seconds until the next time; raise StoreError if the store fails."""
        self.purge()
        return EVERY

    def purge(self) -> None:
        """Delete what is due if the clock was steady since the last call; raise StoreError if the store fails."""
        if not self._clock_is_steady():
            return
        with self.store.connection():
            for what, purge_some in self.purges.items():
                count = self._purge_all(purge_some)
                if count:
                    log.info("event=purged what=%s rows=%d", what, count)
            try:
                self.purge_files(self.clock())
            except DeployError as failed:
                log.warning("event=files-not-removed reason=%r", str(failed))

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
