"""What `/readyz` reports: the problems found in the store, and the last write that failed. It writes nothing itself.

The deployer's heartbeat is a write, so a store that refuses writes is noticed after ten seconds at most: the heartbeat
is missing. A failed write of this process shows it at once, and so does a full disk, which is measured.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from appliance.errors import StoreError
from appliance.problems import Problem, find_problems
from appliance.store.file.database import Store
from appliance.store.file.space import Space, measure

CACHE_SECONDS = 1.0
"""How long the problems that were found are reported without reading the store again."""
FAILURE_SECONDS = 10.0
"""How long a failed write is reported if no later write was tried; after that the missing heartbeat shows it."""


@dataclass(slots=True)
class Readiness:
    """The problems, or why they cannot be read, cached for a second; the caller has connected to the store."""

    store: Store
    nameservers: Sequence[str]
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    measure: Callable[[Path], Space | None] = measure
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _found: list[Problem] | StoreError = field(default_factory=list)
    _found_at: float | None = None

    def problems(self) -> list[Problem]:
        """Return every problem; raise StoreError if the store cannot be read, is full, or refused the last write."""
        self.store.raise_failed_write(since=self.monotonic() - FAILURE_SECONDS)
        with self._lock:
            now = self.monotonic()
            if self._found_at is None or now - self._found_at >= CACHE_SECONDS:
                self._found, self._found_at = self._find(), now
            if isinstance(self._found, StoreError):
                raise StoreError(str(self._found))
            return self._found

    def _refuse_full_disk(self) -> None:
        """Raise StoreError if the disk is full: the deployer will fall silent, and is not to blame."""
        space = self.measure(self.store.path)
        if space and space.is_full:
            raise StoreError(f"database {self.store.path.name} cannot be written: its disk is full; free some space")

    def _find(self) -> list[Problem] | StoreError:
        try:
            self._refuse_full_disk()
            with self.store.reading():
                return find_problems(self.nameservers, self.clock())
        except StoreError as failed:
            return failed
