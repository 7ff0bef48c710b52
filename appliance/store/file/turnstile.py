"""Let processes write in turn: one of them at a time waits for SQLite's write lock, the others wait for that place.

SQLite's own waiting sleeps ever longer, and what holds the lock gives nobody a turn: of several busy processes one
would write again and again while another sleeps for seconds. Here who has just written must take its place behind the
one that waits. The place is a byte of a file, which the kernel releases when its process dies.
"""

from __future__ import annotations

import fcntl
import os
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PAUSES = ((50, 0.0002), (250, 0.001))
"""The first so many times wait for so many seconds."""
_LAST_PAUSE = 0.005


def pause_after(attempts: int) -> float:
    """Return the seconds to wait after so many failed attempts to get a lock."""
    return next((pause for most, pause in _PAUSES if attempts < most), _LAST_PAUSE)


class Turnstile:
    """The place of the one process that waits for the write lock: a byte of `file`, which may be missing."""

    def __init__(self, file: Path, sleep: Callable[[float], None] = time.sleep) -> None:
        self._file = file
        self._sleep = sleep
        self._descriptor: int | None = None
        self._close: Callable[[], object] = lambda: None

    def close(self) -> None:
        """Close the file until the next turn."""
        self._descriptor = None
        self._close()

    @contextmanager
    def held(self, patience: float) -> Iterator[float]:
        """Hold the place for the block, and yield what is left of `patience` seconds; raise TimeoutError without it.

        Yield all of it, and hold nothing, if there is no such file.
        """
        descriptor, deadline = self._open(), time.monotonic() + patience
        if descriptor is None:
            yield patience
            return
        left, attempts = patience, 0
        while not _try_lock(descriptor):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("another writer holds the write lock")
            self._sleep(pause_after(attempts))
            attempts += 1
        try:
            yield max(0.0, left)
        finally:
            fcntl.lockf(descriptor, fcntl.LOCK_UN, 1)

    def _open(self) -> int | None:
        if self._descriptor is None:
            with suppress(OSError):
                self._descriptor = os.open(self._file, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
                self._close = weakref.finalize(self, os.close, self._descriptor)
        return self._descriptor


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)
    except (BlockingIOError, PermissionError):
        return False
    return True
