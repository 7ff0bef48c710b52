"""Which file the store is: found sound before it is used, the same while the process lives, and kept open.

A missing file is an error and is never created. So is another one in its place, until the process starts again:
connections to both would write past each other. A damaged one stays an error until it changes.
"""

from __future__ import annotations

import os
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from appliance.errors import StoreError
from appliance.store.file import sqlite


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a file another one: its place on the disk, and whether that can be written."""

    device: int
    number: int
    read_only: bool

    def is_same_file(self, other: Identity) -> bool:
        """Return True for the same file, whether or not it can be written."""
        return (self.device, self.number) == (other.device, other.number)


class Keeper:
    """Keeps one connection open beside all others, so that the last of them leaves the log and its index in place:
    with the disk full or read-only nobody could make them again, not even to read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._kept: Identity | None = None
        self._first: Identity | None = None
        self._connection: sqlite.Connection | None = None
        self._damaged: os.stat_result | None = None

    def keep(self) -> Identity:
        """Return the file, the same object until it is opened again.

        Raise CorruptError when it is damaged, OSError when there is none, StoreError when it is another one.
        """
        found = self._identity()
        if (kept := self._kept) == found:
            return kept
        with self._lock:
            return kept if (kept := self._kept) == found else self._take_up(found)

    def forget(self) -> None:
        """Have the file opened again: a connection that was opened while the disk failed stays read-only."""
        with self._lock:
            if self._kept and not self._kept.read_only:
                self._kept = None

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._let_go()

    def address(self, identity: Identity) -> str:
        """How SQLite opens the file: never making it, and without its log where none can be made."""
        return sqlite.address(self._path, immutable=self._is_alone(identity))

    def _is_alone(self, identity: Identity) -> bool:
        log = self._path.with_name(f"{self._path.name}-wal")
        return identity.read_only and not (log.exists() and log.stat().st_size)

    def _identity(self) -> Identity:
        status = self._path.stat()
        read_only = os.statvfs(self._path).f_flag & os.ST_RDONLY
        return Identity(status.st_dev, status.st_ino, bool(read_only))

    def _take_up(self, found: Identity) -> Identity:
        if self._first and not self._first.is_same_file(found):
            raise StoreError(f"the store {self._path.name} was replaced while in use: restart API and deployer")
        self._let_go()
        self._refuse_damaged(found)
        if not found.read_only:
            self._connection = sqlite.connect(self._path)
            self._connection.execute("select 1 from sqlite_master").fetchone()
        self._kept = self._first = found
        return found

    def _let_go(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = self._kept = None

    def _refuse_damaged(self, found: Identity) -> None:
        """Look at every page once, and not again at a damaged file that is as it was."""
        status = self._path.stat()
        if self._damaged and _content(status) == _content(self._damaged):
            raise apsw.CorruptError("it is damaged; restore a backup")
        try:
            with closing(sqlite.connect(self._path, immutable=self._is_alone(found))) as reader:
                answer = str(reader.execute("pragma quick_check(1)").get)
        except (apsw.CorruptError, apsw.NotADBError) as failed:
            answer = str(failed)
        self._damaged = None if answer == "ok" else status
        if self._damaged:
            raise apsw.CorruptError(f"it is damaged ({' '.join(answer.split())}); restore a backup")


def _content(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
