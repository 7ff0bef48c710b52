"""What every process of the appliance does: be the only one or one of many, end on a signal, write its log."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from appliance.errors import AlreadyRunning, StoreError
from appliance.files import open_shared


@contextmanager
def exclusive_lock(lock: Path) -> Iterator[None]:
    """Hold the lock file while the block runs, with this process's id in it; AlreadyRunning names its holder.

    StoreError when there is no writing where the lock lies.
    """
    try:
        opened = open_shared(lock)
    except OSError as failed:
        raise StoreError(f"{lock} cannot be held: {failed.strerror}") from failed
    with opened as file:
        _hold(file, lock, fcntl.LOCK_EX)
        yield


@contextmanager
def shared_lock(lock: Path) -> Iterator[None]:
    """Hold the lock file together with others of its kind; AlreadyRunning while `exclusive_lock` holds it.

    Where no lock file can be opened there is nothing that could be held alone either.
    """
    with ExitStack() as opened:
        for opener in (open_shared, Path.open):  # a lock file of another user can be held, though not written
            with suppress(OSError):
                _hold(opened.enter_context(opener(lock)), lock, fcntl.LOCK_SH)
                break
        yield


def _hold(file: IO[str], lock: Path, kind: int) -> None:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        raise AlreadyRunning(f"process {holder} is at work here; it holds {lock}") from None
    if file.writable():
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()


def handle_stop_signals() -> Callable[[], bool]:
    """From now on SIGTERM and SIGINT make the returned question true, and end nothing by themselves."""
    came: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: came.append(number))
    return lambda: bool(came)


def log_to_stderr() -> None:
    """One event a line; the journal adds the time where it keeps the log."""
    form = (
        "%(levelname)s %(name)s %(message)s"
        if "JOURNAL_STREAM" in os.environ
        else "%(asctime)s %(levelname)s %(message)s"
    )
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=form)
    logging.getLogger("peewee").setLevel(logging.WARNING)
