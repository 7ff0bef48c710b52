"""The database that the tables use: the one whose connection this thread entered last.

Peewee binds a table to one database for the whole process. Here that is a proxy of the database in use, so that two
stores can be open at the same time and `tables.Zone.select()` reads from the right one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import peewee as pw


class _Entered(threading.local):
    """The databases in use in this thread, the innermost last."""

    def __init__(self) -> None:
        self.databases: list[pw.Database] = []


_entered = _Entered()


def current() -> pw.Database:
    """Return the innermost database in use in this thread; raise RuntimeError outside of every connection."""
    if not _entered.databases:
        raise RuntimeError("no store is in use in this thread")
    return _entered.databases[-1]


class CurrentDatabase(pw.DatabaseProxy):
    """A proxy of the innermost database in use in this thread; RuntimeError outside of every connection."""

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever a database has
        return getattr(current(), attribute)


def is_in_use(database: pw.Database) -> bool:
    """Return whether it is the innermost database in use in this thread."""
    return bool(_entered.databases) and _entered.databases[-1] is database


@contextmanager
def in_use(database: pw.Database) -> Iterator[None]:
    """Have the tables use that database in the block, in this thread."""
    _entered.databases.append(database)
    try:
        yield
    finally:
        _entered.databases.pop()
