"""The store as one file: copied whole while others write, looked at without trust, put in the place of another.

This module knows files and SQLite. It must not know what the rows mean.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from appliance.errors import StoreError
from appliance.store.file import sqlite
from appliance.store.file.database import MIGRATIONS

PAGES_AT_A_TIME = 1024
"""Pages between two reports of progress."""
COMPANIONS = ("-wal", "-shm")
"""What SQLite keeps beside the file while it is in use."""
API_LOCK, DEPLOYER_LOCK = "api.lock", "deployer.lock"
"""Files beside the store: who works on it holds one of them, the deployer alone, all others together."""
_TABLES = frozenset({"account", "token", "zone", "record", "change", "deployment"})

Progress = Callable[[int, int], None]
"""Told how many pages are done, of how many."""


def copy_whole(source: Path, target: Path, progress: Progress = lambda _done, _all: None) -> None:
    """Copy the store into the empty file `target`, as it was at one moment; writers go on meanwhile.

    The copy needs no companion. It is on disk and found sound when this returns; StoreError otherwise.
    """
    with told(source), closing(sqlite.connect(source)) as reader, closing(sqlite.connect(target)) as writer:
        writer.execute("pragma journal_mode = off")
        reader.execute("begin")  # from the first read on one snapshot: later commits do not start the copy anew
        reader.execute("select count(*) from sqlite_master").fetchone()
        with writer.backup("main", reader, "main") as copy:
            while not copy.step(PAGES_AT_A_TIME):
                progress(copy.page_count - copy.remaining, copy.page_count)
            progress(copy.page_count, copy.page_count)
        writer.execute("pragma journal_mode = delete")
    verify(target, called=source)
    flush(target)


def fold(file: Path) -> None:
    """Bring what SQLite keeps beside the file into it; nobody else may have it open."""
    with told(file), closing(sqlite.connect(file)) as alone:
        alone.execute("pragma journal_mode = delete")


def verify(file: Path, *, called: Path | None = None) -> None:
    """Raise StoreError, which calls the file `called`, unless it is a whole store that this release can read."""
    with told(called or file), closing(sqlite.connect(file)) as reader:
        found = [*_damages(reader), *_foreign(reader)]
    if found:
        raise StoreError(f"{called or file} is no sound store: {found[0]}")


def unapplied_migrations(file: Path) -> list[str]:
    """The migrations of this release that the file has not seen yet."""
    with told(file), closing(sqlite.connect(file)) as reader:
        return sorted(_known_migrations() - _applied_migrations(reader))


@contextmanager
def draft_beside(place: Path) -> Iterator[Path]:
    """An empty file beside `place`, open to its owner alone; what is left of it at the end is removed."""
    with told(place):
        handle, name = tempfile.mkstemp(prefix=f"{place.name}.", suffix=".partial", dir=place.parent)
        os.close(handle)
    draft = Path(name)
    try:
        yield draft
    finally:
        for file in (draft, *companions(draft), draft.with_suffix(".lock"), Path(f"{draft}-journal")):
            file.unlink(missing_ok=True)


def companions(file: Path) -> list[Path]:
    """The files that belong to this one, whether they exist or not."""
    return [Path(f"{file}{suffix}") for suffix in COMPANIONS]


def flush(file: Path) -> None:
    """Make a file, or the names in a folder, durable."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def told(file: Path) -> Iterator[None]:
    """Failures of SQLite and of the system as StoreError."""
    try:
        yield
    except apsw.Error as failed:
        raise StoreError(f"{file} cannot be used: {failed}") from failed
    except OSError as failed:
        raise StoreError(f"{file} cannot be used: {failed.strerror or failed}") from failed


def _damages(reader: sqlite.Connection) -> Iterator[str]:
    verdict = str(reader.execute("pragma integrity_check(1)").get)
    if verdict != "ok":
        yield verdict.replace("\n", " ")
        return
    for table, *_ in reader.execute("pragma foreign_key_check"):
        yield f"rows of {table} refer to rows that are not there"


def _foreign(reader: sqlite.Connection) -> Iterator[str]:
    tables = {name for (name,) in reader.execute("select name from sqlite_master where type = 'table'")}
    if missing := sorted(_TABLES - tables):
        yield f"it has no table {missing[0]}"
    elif unknown := sorted(_applied_migrations(reader) - _known_migrations()):
        yield f"a newer release wrote it ({unknown[0]})"


def _applied_migrations(reader: sqlite.Connection) -> set[str]:
    return {name for (name,) in reader.execute("select name from schema_migration")}


def _known_migrations() -> set[str]:
    return {file.stem for file in MIGRATIONS.glob("[0-9]*.py")}
