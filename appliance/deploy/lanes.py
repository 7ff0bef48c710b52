"""Work beside the loop: jobs in a few threads, their ends told to the loop by a file descriptor.

A slow check or a hung nameserver holds up its lane and nothing else.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from appliance.errors import ApplianceError
from appliance.store.database import Store

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Lanes:
    """Up to `width` jobs at a time, each with a connection to the store of its own."""

    def __init__(self, store: Store, width: int = 4) -> None:
        self._store = store
        self._threads = ThreadPoolExecutor(width, thread_name_prefix="lane")
        self._ends: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._told = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def start(
        self, job: Callable[[], Result], done: Callable[[Result], None], failed: Callable[[ApplianceError], None]
    ) -> None:
        """Run the job in a lane; in the loop, `done` is then called with its result or `failed` with its error."""

        def run() -> None:
            try:
                with self._store.connection():
                    result = job()
            except Exception as error:  # noqa: BLE001 - the top of a thread: whatever it was, the loop must hear of it
                refused = _told_as(error)
                self._ends.put(lambda: failed(refused))
            else:
                self._ends.put(lambda: done(result))
            os.eventfd_write(self._told, 1)

        self._threads.submit(run)

    def fileno(self) -> int:
        """Readable when a job has ended."""
        return self._told

    def take_ends(self) -> None:
        """Call what the ended jobs asked for."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._told)
        while True:
            try:
                end = self._ends.get_nowait()
            except queue.Empty:
                return
            end()

    def close(self) -> None:
        """Wait for the jobs under way; start none of those that wait."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        os.close(self._told)


def _told_as(error: Exception) -> ApplianceError:
    if isinstance(error, ApplianceError):
        return error
    log.error("event=lane-broke", exc_info=error)
    return ApplianceError(f"internal error: {error!r}")
