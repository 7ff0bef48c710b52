"""What parents of long-running processes share: when a child may start again, and that it ends with its parent."""

from __future__ import annotations

import ctypes
import os
import signal

_MIN_DELAY, _MAX_DELAY, _STABLE_AFTER = 0.1, 5.0, 30.0
"""Seconds."""
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent(parent: int) -> None:
    """Have the kernel send SIGTERM to this process when its parent, the process with that id, dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


class RestartDelay:
    """The time from one start of a child to the next, seconds: it doubles while the child ends early."""

    def __init__(self) -> None:
        self._started, self._delay = 0.0, _MIN_DELAY / 2

    def start(self, now: float) -> None:
        """Count a start."""
        self._started, self._delay = now, min(2 * self._delay, _MAX_DELAY)

    def seconds_left(self, now: float) -> float:
        """Return the seconds until a child that has ended may start again."""
        if now - self._started > _STABLE_AFTER:
            self._delay = _MIN_DELAY
        return max(0.0, self._started + self._delay - now)
