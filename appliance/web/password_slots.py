"""Slots in which passwords are verified: a hash takes time and memory, so only a few are computed at a time.

There are two lanes. One is for sign-ins from where the account was signed in before; guesses from elsewhere can fill
only the other one. In each lane some requests may wait for a slot. `THREADS` is what both lanes hold at most: the
server has so many threads more, so that sign-ins never occupy those of other requests, which may use all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from appliance.errors import Busy

SLOTS = 2
"""Passwords that are verified at the same time in one lane."""
KNOWN_QUEUE, UNKNOWN_QUEUE = 4, 12
"""Requests that may wait in each lane."""
THREADS = 2 * SLOTS + KNOWN_QUEUE + UNKNOWN_QUEUE
PATIENCE = 10.0
"""Seconds for which a request waits."""


class Lane:
    """At most `slots` threads at a time run a block; at most `queue` more wait for that, `patience` seconds each."""

    def __init__(self, slots: int, queue: int, patience: float = PATIENCE) -> None:
        self._most, self._patience = slots + queue, patience
        self._slots = threading.BoundedSemaphore(slots)
        self._lock = threading.Lock()
        self.requests = 0
        """Requests that hold a slot or wait for one."""

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot for the block; raise Busy if the queue is full, or no slot was free in time."""
        with self._place():
            if not self._slots.acquire(timeout=self._patience):
                raise _busy()
            try:
                yield
            finally:
                self._slots.release()

    @contextmanager
    def _place(self) -> Iterator[None]:
        with self._lock:
            if self.requests >= self._most:
                raise _busy()
            self.requests += 1
        try:
            yield
        finally:
            with self._lock:
                self.requests -= 1


@dataclass(frozen=True, slots=True)
class PasswordSlots:
    """The two lanes of one process."""

    known: Lane = field(default_factory=lambda: Lane(SLOTS, KNOWN_QUEUE))
    unknown: Lane = field(default_factory=lambda: Lane(SLOTS, UNKNOWN_QUEUE))

    def lane(self, *, is_known: bool) -> Lane:
        """Return the lane of a client from where the account was signed in before, or of any other."""
        return self.known if is_known else self.unknown


def create_password_slots(processes: int) -> PasswordSlots:
    """Return the lanes of one of so many processes: all together verify as many passwords as one, or one each."""
    slots = max(1, SLOTS // processes)
    return PasswordSlots(Lane(slots, KNOWN_QUEUE), Lane(slots, UNKNOWN_QUEUE))


def _busy() -> Busy:
    return Busy("too many sign-ins at the same time: try again", retry_after=1)
