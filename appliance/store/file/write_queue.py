"""The queue of the writers of one process: SQLite's own waiting polls the lock, and some writers would starve."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

STUCK_AFTER = 1.0
"""Seconds of one turn after which another program is assumed to hold the write lock."""
CHECK_INTERVAL = 0.1
"""Seconds between two checks of a waiting writer whether the turn is stuck."""


class WriteQueue:
    """Admits one writer at a time. While its turn is stuck at most `max_waiting` others wait; more are refused.

    Without that bound a store that another program has locked would soon occupy every thread, those of readers too.
    """

    def __init__(self, max_waiting: int) -> None:
        self._max_waiting = max_waiting
        self._turn = threading.RLock()
        self._count = threading.Lock()
        self._waiting = 0
        self._since = 0.0

    @contextmanager
    def turn(self, patience: float) -> Iterator[float]:
        """Hold the turn for the block and yield what is left of `patience` seconds; raise TimeoutError without it."""
        deadline, left = time.monotonic() + patience, patience
        if not self._turn.acquire(blocking=False):
            self._wait_until(deadline)
            left = max(0.0, deadline - time.monotonic())
        try:
            self._since = time.monotonic()
            yield left
        finally:
            self._turn.release()

    def _wait_until(self, deadline: float) -> None:
        with self._count:
            self._waiting += 1
        try:
            while not self._turn.acquire(timeout=max(0.0, min(CHECK_INTERVAL, deadline - time.monotonic()))):
                if time.monotonic() >= deadline or self._is_stuck():
                    raise TimeoutError("another writer holds the write lock")
        finally:
            with self._count:
                self._waiting -= 1

    def _is_stuck(self) -> bool:
        return self._waiting > self._max_waiting and time.monotonic() - self._since > STUCK_AFTER
