"""What `/readyz` knows: the problems that the store tells of, and the last write that failed; nothing is written.

The deployer's heartbeat is a write, so its silence tells of a store that accepts none, at the latest after ten seconds.
A write that this process could not do tells of it at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from appliance.problems import Problem, find_problems
from appliance.store.file.database import Store

CACHED = 1.0
"""Seconds for which problems are not looked up again."""
FAILURE_COUNTS = 10.0
"""Seconds for which a failed write counts when no other was tried; the deployer's silence follows by then."""


@dataclass(slots=True)
class Readiness:
    """The problems as they were a second ago at most. `monotonic` counts seconds; the caller has connected."""

    store: Store
    nameservers: Sequence[str]
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _found: list[Problem] = field(default_factory=list)
    _found_at: float | None = None

    def problems(self) -> list[Problem]:
        """Return every problem; StoreError where the store cannot be read or refused the last write."""
        self.store.raise_failed_write(since=self.monotonic() - FAILURE_COUNTS)
        with self._lock:
            now = self.monotonic()
            if self._found_at is None or now - self._found_at >= CACHED:
                with self.store.reading():
                    self._found = find_problems(self.nameservers, self.clock())
                self._found_at = now
            return self._found
