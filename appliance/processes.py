"""What every process of the appliance needs: lock files, stop signals, logging."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from appliance.errors import AlreadyRunning, StoreError
from appliance.files import open_shared


@contextmanager
def exclusive_lock(lock: Path) -> Iterator[None]:
    """Hold the lock file exclusively while the block runs, with the id of this process in it.

    Raise AlreadyRunning if another process holds it, StoreError if it cannot be opened.
    """
    try:
        opened = open_shared(lock)
    except OSError as failed:
        raise StoreError(f"the lock file {lock} cannot be opened: {failed.strerror}") from failed
    with opened as file:
        _hold(file, lock, fcntl.LOCK_EX)
        yield


@contextmanager
def shared_lock(lock: Path) -> Iterator[None]:
    """Hold the lock file together with other processes that share it, while the block runs.

    Raise AlreadyRunning if a process holds it exclusively. Run the block without a lock if the file cannot be opened:
    then no process can hold it exclusively either.
    """
    with ExitStack() as opened:
        for opener in (open_shared, Path.open):  # another user's lock file can be locked, but not written
            with suppress(OSError):
                _hold(opened.enter_context(opener(lock)), lock, fcntl.LOCK_SH)
                break
        yield


def _hold(file: IO[str], lock: Path, operation: int) -> None:
    try:
        fcntl.flock(file, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        raise AlreadyRunning(f"already running as process {holder} (lock file {lock})") from None
    if file.writable():
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()


def handle_stop_signals() -> Callable[[], bool]:
    """Catch SIGTERM and SIGINT from now on; return a function that returns True once one was received."""
    received: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: received.append(number))
    return lambda: bool(received)


class UtcFormatter(logging.Formatter):
    """Formats times in UTC as RFC 3339 has them, such as 2031-05-04T12:00:00.000Z."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"


def log_to_stderr() -> None:
    """Log to stderr, one event a line; under systemd without the time, which its journal adds."""
    handler = logging.StreamHandler(sys.stderr)
    if "JOURNAL_STREAM" in os.environ:
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    else:
        handler.setFormatter(UtcFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("peewee").setLevel(logging.WARNING)
