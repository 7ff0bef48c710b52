"""Connections to a store file, through the SQLite of this package and not that of the system.

SQLite up to 3.51.2 can lose committed writes, or damage the file, when one connection checkpoints while another one
commits. This module must not know tables, rows or how failures are handled.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import apsw
import peewee as pw
from playhouse.apsw_ext import APSWDatabase

VERSION = tuple(int(number) for number in apsw.sqlite_lib_version().split("."))
"""The version in use."""
OLDEST_VERSION = (3, 51, 3)
"""The first version without the bug that loses writes."""
BUSY_TIMEOUT = 5.0
"""Seconds that a connection waits for a lock."""
FAILURES = (pw.DatabaseError, pw.InterfaceError, apsw.Error)
"""What SQLite raises. Peewee translates failures of statements, but not those of fetching rows."""

Connection = apsw.Connection
_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI


def address(file: Path, *, immutable: bool = False) -> str:
    """Return the URI of a file; `immutable` reads it without log and lock, and nobody may write it meanwhile."""
    return f"{file.absolute().as_uri()}?mode={'ro&immutable=1' if immutable else 'rw'}"


def connect(file: Path, *, immutable: bool = False) -> Connection:
    """Return a connection, in autocommit mode, to an existing file, or raise `apsw.Error`."""
    connection = Connection(address(file, immutable=immutable), flags=_FLAGS)
    connection.set_busy_timeout(round(BUSY_TIMEOUT * 1000))
    return connection


class Database(APSWDatabase):
    """A Peewee database over such connections, one per thread; its `init` needs an `address`."""

    def init(self, database: str | None, **options: object) -> None:
        """Set address and options of later connections; close the open one of this thread."""
        super().init(database, flags=_FLAGS, **options)

    def commit(self) -> bool:
        """Commit, or raise OperationalError if SQLite has rolled back the transaction itself."""
        pw.SqliteDatabase.commit(self)
        return True

    def _add_conn_hooks(self, connection: Connection) -> None:
        connection.convert_binding = _as_text
        super()._add_conn_hooks(connection)


def _as_text(_cursor: object, _number: int, value: object) -> str:
    """Return a datetime as text, as Python's `sqlite3` does: Peewee's table of applied migrations has some."""
    if not isinstance(value, datetime):
        raise TypeError(f"SQLite cannot store {value!r}")
    return value.isoformat(" ")
