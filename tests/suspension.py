"""Suspend processes of an appliance with SIGSTOP, never in the middle of a write that all others would wait for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from tests.pair import wait_for

WRITE_MILLISECONDS = 2000  # other writers of the store end within this time


@contextmanager
def suspended(store: Path, *pids: int) -> Iterator[None]:
    """Suspend these processes while the block runs; the store stays writable for all others."""
    try:
        wait_for(lambda: _suspend(store, pids), "they are suspended outside a write")
        yield
    finally:
        _signal(signal.SIGCONT, pids)


def _suspend(store: Path, pids: tuple[int, ...]) -> bool:
    _signal(signal.SIGSTOP, pids)
    wait_for(lambda: all(map(_is_stopped, pids)), "they have stopped")
    if _is_writable(store):
        return True
    _signal(signal.SIGCONT, pids)
    return False


def _signal(number: signal.Signals, pids: tuple[int, ...]) -> None:
    for pid in pids:
        os.kill(pid, number)


def _is_stopped(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
    return state.startswith("T")


def _is_writable(store: Path) -> bool:
    with closing(apsw.Connection(str(store), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
        connection.set_busy_timeout(WRITE_MILLISECONDS)
        try:
            connection.execute("begin immediate")
        except apsw.BusyError:
            return False
        connection.execute("rollback")
        return True
