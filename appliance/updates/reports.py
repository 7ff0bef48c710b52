"""Reports of the listener about itself, which the API shows: that it runs, and what it answered."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from appliance.errors import StoreError
from appliance.store import update_listener
from appliance.store.file.database import Store
from appliance.store.update_listener import UpdateListener

INTERVAL = 10.0
"""Seconds between two reports."""


class ResponseCounts:
    """How many messages were answered, by response code. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def count(self, rcode: str) -> None:
        """Count a message that was answered with that response code."""
        with self._lock:
            self._counts[rcode] += 1

    def now(self) -> dict[str, int]:
        """Return the counts."""
        with self._lock:
            return dict(self._counts)


@contextmanager
def reporting(
    store: Store, counts: ResponseCounts, clock: Callable[[], datetime], interval: float = INTERVAL
) -> Iterator[None]:
    """Report at once and every `interval` seconds while the block runs; afterwards the last report is deleted.

    A store that is locked or fails gets the report with the next interval.
    """
    ended = threading.Event()

    def report() -> None:
        while not ended.is_set():
            with suppress(StoreError), store.writing_if_free():
                update_listener.store(UpdateListener(clock(), counts.now()))
            ended.wait(interval)

    thread = threading.Thread(target=report, name="report")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with suppress(StoreError), store.writing():
            update_listener.forget()
