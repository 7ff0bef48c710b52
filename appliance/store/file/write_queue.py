"""The turns of the writers of one process: left to SQLite they poll, and some starve."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

STUCK_AFTER = 1.0
"""Seconds of one turn after which it counts as held up by another program."""
LOOK_EVERY = 0.1
"""Seconds between two looks of a waiting writer at how long the turn has taken."""


class WriteQueue:
    """One writer at a time. While a turn is stuck at most `seats` writers wait for the next; others are refused.

    Without that bound a store that another program has locked would soon keep every thread waiting, those of
    readers too.
    """

    def __init__(self, seats: int) -> None:
        self._seats = seats
        self._turn = threading.RLock()
        self._count = threading.Lock()
        self._waiting = 0
        self._since = 0.0

    @contextmanager
    def taken(self, patience: float) -> Iterator[float]:
        """Hold the turn for the block, given what is left of so many seconds; TimeoutError when it did not come."""
        ends, left = time.monotonic() + patience, patience
        if not self._turn.acquire(blocking=False):
            self._wait_until(ends)
            left = max(0.0, ends - time.monotonic())
        try:
            self._since = time.monotonic()
            yield left
        finally:
            self._turn.release()

    def _wait_until(self, ends: float) -> None:
        with self._count:
            self._waiting += 1
        try:
            while not self._turn.acquire(timeout=max(0.0, min(LOOK_EVERY, ends - time.monotonic()))):
                if time.monotonic() >= ends or self._is_crowded():
                    raise TimeoutError("another writer is at work")
        finally:
            with self._count:
                self._waiting -= 1

    def _is_crowded(self) -> bool:
        return self._waiting > self._seats and time.monotonic() - self._since > STUCK_AFTER
