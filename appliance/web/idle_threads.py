"""Idle threads of a pool: the one that became idle last is woken first, so that few of many threads do all the work.

Each thread has a connection to the store, with its pages and compiled statements. The threads that
`threading.Condition` wakes take turns, so that a server with few clients would use each of these connections rarely,
when what they keep is outdated.
"""

from __future__ import annotations

import threading


class IdleThreads:
    """What the pool of waitress needs of a condition with that lock, which the caller of a method holds."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._waiting: list[threading.Lock] = []

    def wait(self) -> None:
        """Release the lock until this thread is woken."""
        woken = threading.Lock()
        woken.acquire()
        self._waiting.append(woken)
        self._lock.release()
        try:
            woken.acquire()
        finally:
            self._lock.acquire()

    def notify(self) -> None:
        """Wake the thread that began to wait last, if any waits."""
        if self._waiting:
            self._waiting.pop().release()

    def notify_all(self) -> None:
        """Wake every thread that waits."""
        while self._waiting:
            self.notify()
