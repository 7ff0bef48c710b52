"""Connections to a store file, through the SQLite of this package and not that of the system.

SQLite up to 3.51.2 can lose committed writes, or damage the file, when one connection checkpoints while another one
commits. This module must not know tables, rows or how failures are handled.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw
import peewee as pw
from playhouse.apsw_ext import APSWDatabase

from appliance.store.file.turnstile import pause_after

_log = logging.getLogger("peewee")

VERSION = tuple(int(number) for number in apsw.sqlite_lib_version().split("."))
"""The version in use."""
OLDEST_VERSION = (3, 51, 3)
"""The first version without the bug that loses writes."""
BUSY_TIMEOUT = 5.0
"""Seconds that a connection waits for a lock."""
FAILURES = (pw.DatabaseError, pw.InterfaceError, apsw.Error)
"""What SQLite raises. Peewee translates failures of statements, but not those of fetching rows."""

_STEPS = 50_000
"""Steps of SQLite's virtual machine, some milliseconds, after which a statement is interrupted if its time is over."""

Connection = apsw.Connection
_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_NOFOLLOW


def address(file: Path, *, immutable: bool = False) -> str:
    """Return the URI of a file; `immutable` reads it without log and lock, and nobody may write it meanwhile.

    Links to its folder are resolved now. A link in place of the file is never followed: whoever may write in the folder
    could have root write to any file of this machine.
    """
    real = file.parent.resolve() / file.name
    return f"{real.as_uri()}?mode={'ro&immutable=1' if immutable else 'rw'}"


def connect(file: Path, *, immutable: bool = False) -> Connection:
    """Return a connection, in autocommit mode, to an existing file, or raise `apsw.Error`."""
    refuse_special(file)
    connection = Connection(address(file, immutable=immutable), flags=_FLAGS)
    connection.set_busy_timeout(round(BUSY_TIMEOUT * 1000))
    return connection


class StatementTimer(threading.local):
    """The time that a statement of this thread may take: `limit` seconds of `monotonic`, 0 for any; see `Database`.

    `is_exempt` is set while statements may take longer.
    """

    is_exempt = False
    _began = 0.0

    def __init__(self, limit: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.limit, self._monotonic = limit, monotonic

    def begin(self) -> None:
        """Begin a statement."""
        self._began = self._monotonic()

    @contextmanager
    def exempt(self) -> Iterator[None]:
        """Let the statements of the block take any time."""
        was_exempt, self.is_exempt = self.is_exempt, True
        try:
            yield
        finally:
            self.is_exempt = was_exempt

    def is_over(self) -> bool:
        """Return whether the statement has taken longer."""
        return not self.is_exempt and self._monotonic() - self._began > self.limit


class LockTimeout(threading.local):
    """How long a statement of this thread waits for a lock: `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self._deadline = seconds, 0.0

    def wait(self, attempts: int) -> bool:
        """Wait a little after so many failed attempts; return False if the time is over."""
        now = time.monotonic()
        if not attempts:
            self._deadline = now + self.seconds
        if now >= self._deadline:
            return False
        time.sleep(pause_after(attempts))
        return True


def refuse_special(file: Path) -> None:
    """Raise CantOpenError if the file exists and is no regular one: a link, or a pipe whose opening would block."""
    with suppress(FileNotFoundError):
        mode = os.lstat(file).st_mode
        if stat.S_ISLNK(mode):
            raise apsw.CantOpenError(f"it is a symbolic link to {file.readlink()}; a link is not followed")
        if not stat.S_ISREG(mode):
            raise apsw.CantOpenError("it is not a regular file")


class Database(APSWDatabase):
    """A Peewee database over such connections, one per thread; its `init` needs an `address`.

    A statement that takes longer than `timer` allows is interrupted: `apsw.InterruptError`. One that needs a lock waits
    for it up to `timeout` seconds.
    """

    def __init__(
        self,
        database: str | None,
        timer: StatementTimer | None = None,
        timeout: float = BUSY_TIMEOUT,
        **options: object,
    ) -> None:
        self._timer = timer or StatementTimer(0)
        self._lock_timeout = LockTimeout(timeout)
        super().__init__(database, **options)

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """Let the statements of the block wait so long for a lock."""
        usual, self._lock_timeout.seconds = self._lock_timeout.seconds, seconds
        try:
            yield
        finally:
            self._lock_timeout.seconds = usual

    def execute_sql(self, sql: str, params: Sequence[Any] | None = None) -> Any:  # noqa: ANN401 - as inherited
        """Execute a statement and return its cursor: what Peewee's own does, in few calls."""
        self._timer.begin()
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug((sql, params))
        try:
            return self.connection().execute(sql, params or ())
        except apsw.Error:
            with pw.__exception_wrapper__:  # type: ignore[attr-defined] # Peewee's types leave it out
                raise

    def init(self, database: str | None, **options: object) -> None:
        """Set address and options of later connections; close the open one of this thread."""
        super().init(database, flags=_FLAGS, **options)

    def commit(self) -> bool:
        """Commit, or raise OperationalError if SQLite has rolled back the transaction itself."""
        pw.SqliteDatabase.commit(self)
        return True

    def _add_conn_hooks(self, connection: Connection) -> None:
        connection.convert_binding = _as_text
        connection.set_busy_handler(self._lock_timeout.wait)
        connection.create_scalar_function("casefold", _casefold, 1, deterministic=True)
        if self._timer.limit:
            connection.set_progress_handler(self._timer.is_over, _STEPS)
        super()._add_conn_hooks(connection)


def _as_text(_cursor: object, _number: int, value: object) -> str:
    """Return a datetime as text, as Python's `sqlite3` does: Peewee's table of applied migrations has some."""
    if not isinstance(value, datetime):
        raise TypeError(f"SQLite cannot store {value!r}")
    return value.isoformat(" ")


def _casefold(*arguments: apsw.SQLiteValue) -> apsw.SQLiteValue:
    """Return the text without letter case: the SQL function `casefold`, as `lower` knows only ASCII."""
    (text,) = arguments
    return text.casefold() if isinstance(text, str) else text
