"""Which file the store is: looked at before it is used, found whole before it is trusted, and kept open meanwhile.

A file that is missing is an error and is never made. One that took the place of another is a new one. A damaged one
stays an error until it changes.
"""

from __future__ import annotations

import os
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from appliance.store import sqlite


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a file another one: its place on the disk, and whether that can be written."""

    device: int
    number: int
    read_only: bool


class Keeper:
    """Keeps one connection open beside all others, so that the last of them leaves the log and its index in place:
    with the disk full or read-only nobody could make them again, not even to read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._kept: Identity | None = None
        self._connection: sqlite.Connection | None = None
        self._damaged: os.stat_result | None = None

    def keep(self) -> Identity:
        """The file that is there now; CorruptError when it is damaged, OSError when there is none."""
        found = self.identity()
        if found != self._kept:
            with self._lock:
                if found != self._kept:
                    self._take_up(found)
        return found

    def identity(self) -> Identity:
        """Which file is there now; OSError when there is none."""
        status = self._path.stat()
        read_only = os.statvfs(self._path).f_flag & os.ST_RDONLY
        return Identity(status.st_dev, status.st_ino, bool(read_only))

    def forget(self) -> None:
        """Have the file opened anew: a connection that was made while the disk failed stays read-only."""
        with self._lock:
            if self._kept and not self._kept.read_only:
                self._kept = None

    def is_current(self, identity: Identity) -> bool:
        """True while that is the file, and there is no reason to open it anew; OSError when there is none."""
        return identity == self._kept == self.identity()

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

    def _take_up(self, found: Identity) -> None:
        self._let_go()
        self._refuse_damaged(found)
        if not found.read_only:
            self._connection = sqlite.connect(self._path)
            self._connection.execute("select 1 from sqlite_master").fetchone()
        self._kept = found

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
