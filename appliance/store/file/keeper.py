"""The identity of the store file: checked before use, the same while the process runs, and held open.

A missing file is an error and is never created. So is another file in its place, until the process restarts: two
connections would write to different files. A damaged file is an error until it changes.

SQLite shares the index of the log among all connections of a process, also whether it was opened read-only: once the
disk is writable again, the last of them must be closed before one can write.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import apsw

from appliance.errors import StoreError
from appliance.store.file import sqlite

CLOSE_TIME = 2.0
"""Seconds that other threads have to close their connections before the file is opened again. If one does not, the file
stays read-only until a write fails after REOPEN_INTERVAL."""
REOPEN_INTERVAL = 5.0
"""Seconds after which a failed write has the file opened again at the earliest: it may be one that nobody may write."""
_CLOSE_INTERVAL = 0.01


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of a file: device and inode number, and whether its file system is read-only."""

    device: int
    number: int
    read_only: bool

    def is_same_file(self, other: Identity) -> bool:
        """Return whether it is the same file, read-only or not."""
        return (self.device, self.number) == (other.device, other.number)


class Keeper:
    """Holds one connection open beside all others, so that SQLite does not remove the log and its index when the last
    of the others closes: on a full or read-only disk they could not be created again, and nobody could read.

    `close_idle` closes connections that no thread uses at the moment, `monotonic` returns seconds.
    """

    def __init__(
        self,
        path: Path,
        close_idle: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._close_idle = close_idle
        self._monotonic = monotonic
        self._opened_at = 0.0
        self._lock = threading.Lock()
        self._kept: Identity | None = None
        self._first: Identity | None = None
        self._connection: sqlite.Connection | None = None
        self._damaged: os.stat_result | None = None

    def keep(self) -> Identity:
        """Return the identity of the file, the same object until the file is opened again.

        The calling thread has no connection open, since another one may wait until all are closed. Raise CorruptError
        if the file is damaged, OSError if it is missing, StoreError if another file is in its place.
        """
        found = self._identity()
        if (kept := self._kept) == found:
            return kept
        with self._lock:
            return kept if (kept := self._kept) == found else self._open(found)

    def is_kept(self, identity: Identity | None) -> bool:
        """Return whether the file is still the one that `keep` returned; raise OSError if it is missing."""
        return identity is not None and identity is self._kept and identity == self._identity()

    def forget(self, identity: Identity | None) -> None:
        """Have the next `keep` open the file again: with this one a write failed.

        Do nothing if it was opened again since, or REOPEN_INTERVAL has not passed.
        """
        with self._lock:
            is_due = self._monotonic() >= self._opened_at + REOPEN_INTERVAL
            if identity and identity is self._kept and not identity.read_only and is_due:
                self._kept = None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close()

    def address(self, identity: Identity) -> str:
        """Return the URI with which SQLite opens the file, without a log where none can be created."""
        return sqlite.address(self._path, immutable=self._has_no_log(identity))

    def _has_no_log(self, identity: Identity) -> bool:
        log = self._path.with_name(f"{self._path.name}-wal")
        return identity.read_only and not (log.exists() and log.stat().st_size)

    def _identity(self) -> Identity:
        status = self._path.stat()
        read_only = os.statvfs(self._path).f_flag & os.ST_RDONLY
        return Identity(status.st_dev, status.st_ino, bool(read_only))

    def _open(self, found: Identity) -> Identity:
        if self._first and not self._first.is_same_file(found):
            raise StoreError(f"database {self._path.name} was replaced while in use: restart API and deployer")
        self._close()
        if self._first and not found.read_only:
            self._await_closed()
        self._check_integrity(found)
        if not found.read_only:
            self._connection = sqlite.connect(self._path)
            self._connection.execute("select 1 from sqlite_master").fetchone()
        self._kept = self._first = found
        self._opened_at = self._monotonic()
        return found

    def _close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = self._kept = None

    def _await_closed(self) -> None:
        """Wait until no connection of this process to the file is open, at most CLOSE_TIME."""
        for _ in range(round(CLOSE_TIME / _CLOSE_INTERVAL)):
            self._close_idle()
            if not self._has_connections():
                return
            time.sleep(_CLOSE_INTERVAL)

    def _has_connections(self) -> bool:
        for connection in apsw.connections():
            with suppress(apsw.ConnectionClosedError, OSError):
                if Path(connection.filename).samefile(self._path):
                    return True
        return False

    def _check_integrity(self, found: Identity) -> None:
        """Raise CorruptError if a page is damaged; a damaged file that has not changed is not read again."""
        status = self._path.stat()
        if self._damaged and _state(status) == _state(self._damaged):
            raise apsw.CorruptError("it is damaged; restore a backup")
        try:
            with closing(sqlite.connect(self._path, immutable=self._has_no_log(found))) as reader:
                answer = str(reader.execute("pragma quick_check(1)").get)
        except (apsw.CorruptError, apsw.NotADBError) as failed:
            answer = str(failed)
        self._damaged = None if answer == "ok" else status
        if self._damaged:
            raise apsw.CorruptError(f"it is damaged ({' '.join(answer.split())}); restore a backup")


def _state(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
