"""SQLite as this package brings it, not as the system has it: every connection to a store file comes from here.

SQLite up to 3.51.2 can lose committed writes, or damage the file, when one connection checkpoints while another one
commits. This module knows connections. It must not know tables, rows or what is done about failures.
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
"""The first version without the fault that loses writes."""
PATIENCE = 5.0
"""Seconds that a connection waits for a lock."""
FAILURES = (pw.DatabaseError, pw.InterfaceError, apsw.Error)
"""What SQLite raises. Peewee translates failures of statements, but not those of fetching rows."""

Connection = apsw.Connection
_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI


def address(file: Path, *, immutable: bool = False) -> str:
    """Return the URI of a file; `immutable` reads it without its log and lock, which nobody may then write."""
    return f"{file.absolute().as_uri()}?mode={'ro&immutable=1' if immutable else 'rw'}"


def connect(file: Path, *, immutable: bool = False) -> Connection:
    """Return a connection, in autocommit mode, to a file that exists: it is never created. Raise `apsw.Error`."""
    connection = Connection(address(file, immutable=immutable), flags=_FLAGS)
    connection.set_busy_timeout(round(PATIENCE * 1000))
    return connection


class Database(APSWDatabase):
    """Peewee's database over such connections, one per thread; `init` takes an `address`."""

    def init(self, database: str | None, **options: object) -> None:
        """Set the address and options of the connections to come; an open one of this thread is closed."""
        super().init(database, flags=_FLAGS, **options)

    def commit(self) -> bool:
        """Commit. Raise OperationalError where SQLite has undone the transaction: that must not pass as stored."""
        pw.SqliteDatabase.commit(self)
        return True

    def _add_conn_hooks(self, connection: Connection) -> None:
        connection.convert_binding = _as_text
        super()._add_conn_hooks(connection)


def _as_text(_cursor: object, _number: int, value: object) -> str:
    """Store a moment as text, as Python's own `sqlite3` does: Peewee's list of applied migrations has some."""
    if not isinstance(value, datetime):
        raise TypeError(f"SQLite cannot store {value!r}")
    return value.isoformat(" ")
