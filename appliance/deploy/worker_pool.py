"""Work beside the loop: jobs in a few threads, whose ends reach the loop through a file descriptor.

A slow check or a hung nameserver delays its own kind of work and nothing else.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import TypeVar

from appliance.errors import ApplianceError
from appliance.store.file.database import Store

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Worker(StrEnum):
    """A kind of work with threads of its own: no kind waits for another."""

    ZONES = "zones"
    CATALOG = "catalog"
    RECONCILIATION = "reconciliation"
    RESTORE = "restore"
    RECORDS = "records"
    MAINTENANCE = "maintenance"


ZONE_WORKERS = 4
"""Threads of the kind `ZONES`; each other kind has one."""


class WorkerPool:
    """The threads, each job with a connection to the store of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pools = {
            worker: ThreadPoolExecutor(ZONE_WORKERS if worker is Worker.ZONES else 1, thread_name_prefix=worker)
            for worker in Worker
        }
        self._ends: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._told = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def start(
        self,
        job: Callable[[], Result],
        done: Callable[[Result], None],
        failed: Callable[[ApplianceError], None],
        worker: Worker = Worker.MAINTENANCE,
    ) -> None:
        """Run the job in a thread; then call, in the loop, `done` with its result or `failed` with its error."""

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

        self._pools[worker].submit(run)

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
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        os.close(self._told)


def _told_as(error: Exception) -> ApplianceError:
    if isinstance(error, ApplianceError):
        return error
    log.error("event=worker-broke", exc_info=error)
    return ApplianceError(f"internal error: {error!r}")
