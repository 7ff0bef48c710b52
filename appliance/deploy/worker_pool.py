"""Run jobs in threads beside the loop; a file descriptor wakes the loop when one has ended.

A slow check or an unresponsive nameserver delays its own kind of work and no other.
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
    PROOF = "proof"
    RECORDS = "records"
    FILE_REFRESH = "file-refresh"
    AUDIT = "audit"
    MAINTENANCE = "maintenance"


ZONE_WORKERS = 4
"""Threads of the kind `ZONES`; each other kind has one."""


class WorkerPool:
    """The threads; each has its own connection to the store, which its jobs share one after the other."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pools = {
            worker: ThreadPoolExecutor(ZONE_WORKERS if worker is Worker.ZONES else 1, thread_name_prefix=worker)
            for worker in Worker
        }
        self._callbacks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def start(
        self,
        job: Callable[[], Result],
        done: Callable[[Result], None],
        failed: Callable[[ApplianceError], None],
        worker: Worker = Worker.MAINTENANCE,
    ) -> None:
        """Run the job in a thread; then call `done` with its result, or `failed` with its error, in the loop."""

        def run() -> None:
            try:
                with self._store.kept_connection():
                    result = job()
            except Exception as error:  # noqa: BLE001 - the loop must learn of any error
                failure = _error_of(error)
                self._callbacks.put(lambda: failed(failure))
            else:
                self._callbacks.put(lambda: done(result))
            os.eventfd_write(self._event, 1)

        self._pools[worker].submit(run)

    def fileno(self) -> int:
        """Return a file descriptor that is readable when a job has ended."""
        return self._event

    def run_callbacks(self) -> None:
        """Call `done` or `failed` of the jobs that have ended."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._event)
        try:
            while not self._callbacks.empty():
                self._callbacks.get_nowait()()
        finally:
            if not self._callbacks.empty():  # after an error the others are called by the next step
                os.eventfd_write(self._event, 1)

    def close(self) -> None:
        """Wait for the running jobs; start none of those that wait."""
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        os.close(self._event)


def _error_of(error: Exception) -> ApplianceError:
    if isinstance(error, ApplianceError):
        return error
    log.error("event=worker-broke", exc_info=error)
    return ApplianceError(f"internal error: {error!r}")
