"""The store as one file: consistent copies while others write, integrity checks, companion files.

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
from appliance.store.file import schema, sqlite

PAGES_PER_STEP = 1024
"""Pages copied between two reports of progress."""
COMPANIONS = ("-wal", "-shm")
"""Suffixes of the files that SQLite keeps beside the database while it is in use."""
API_LOCK, DEPLOYER_LOCK = "api.lock", "deployer.lock"
"""Lock files beside the store: the deployer holds its own exclusively, all others share the other one."""
_TABLES = frozenset({"account", "token", "zone", "record", "change", "deployment"})

Progress = Callable[[int, int], None]
"""Called with the number of copied pages and of all pages."""


def copy_store(
    source: Path,
    target: Path,
    progress: Progress = lambda _done, _total: None,
    edit: Callable[[sqlite.Connection], object] = lambda _copy: None,
) -> None:
    """Copy the store, as it is at one moment, into the empty file `target`; writers are not blocked.

    `edit` may change the copy, which has no companion files, is then verified and flushed to disk. Raise StoreError if
    any of that fails.
    """
    with (
        translating_errors(source),
        closing(sqlite.connect(source)) as reader,
        closing(sqlite.connect(target)) as writer,
    ):
        writer.execute("pragma journal_mode = off")
        reader.execute("begin")  # one snapshot from the first read on: without it a commit would restart the copy
        reader.execute("select count(*) from sqlite_master").fetchone()
        with writer.backup("main", reader, "main") as copy:
            while not copy.step(PAGES_PER_STEP):
                progress(copy.page_count - copy.remaining, copy.page_count)
            progress(copy.page_count, copy.page_count)
        reader.execute("rollback")
        writer.execute("pragma journal_mode = delete")
        writer.execute("pragma journal_mode = off")  # lasts as long as this connection
        edit(writer)
    verify(target, called=source)
    flush(target)


def merge_log(file: Path) -> None:
    """Merge the write-ahead log into the file; nobody else may have it open."""
    with translating_errors(file), closing(sqlite.connect(file)) as connection:
        connection.execute("pragma journal_mode = delete")


def verify(file: Path, *, called: Path | None = None) -> None:
    """Raise StoreError unless the file is an intact store that this release can read; `called` is its name there."""
    with translating_errors(called or file), closing(sqlite.connect(file)) as reader:
        if found := [*_damage(reader), *_missing_tables(reader)]:
            raise StoreError(f"{called or file} is not an intact database: {found[0]}")
        schema.refuse_newer(reader, called or file)


def unapplied_migrations(file: Path) -> list[str]:
    """Return the migrations of this release that are not applied to the file."""
    with translating_errors(file), closing(sqlite.connect(file)) as reader:
        return schema.unapplied(reader)


@contextmanager
def temporary_file_beside(target: Path) -> Iterator[Path]:
    """Yield an empty file beside `target`, of mode 0600; remove what is left of it and its companions at the end."""
    with translating_errors(target):
        handle, name = tempfile.mkstemp(prefix=f"{target.name}.", suffix=".partial", dir=target.parent)
        os.close(handle)
    file = Path(name)
    try:
        yield file
    finally:
        for one in (file, *companions(file), file.with_suffix(".lock"), Path(f"{file}-journal")):
            one.unlink(missing_ok=True)


def companions(file: Path) -> list[Path]:
    """Return the paths of the companion files, whether they exist or not."""
    return [Path(f"{file}{suffix}") for suffix in COMPANIONS]


def flush(file: Path) -> None:
    """Flush a file, or the entries of a folder, to disk."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def translating_errors(file: Path) -> Iterator[None]:
    """Raise failures of SQLite and of the system in the block as StoreError."""
    try:
        yield
    except apsw.Error as failed:
        raise StoreError(f"{file} cannot be used: {failed}") from failed
    except OSError as failed:
        raise StoreError(f"{file} cannot be used: {failed.strerror or failed}") from failed


def _damage(reader: sqlite.Connection) -> Iterator[str]:
    verdict = str(reader.execute("pragma integrity_check(1)").get)
    if verdict != "ok":
        yield verdict.replace("\n", " ")
        return
    for table, *_ in reader.execute("pragma foreign_key_check"):
        yield f"rows of {table} refer to rows that do not exist"


def _missing_tables(reader: sqlite.Connection) -> Iterator[str]:
    tables = {name for (name,) in reader.execute("select name from sqlite_master where type = 'table'")}
    if missing := sorted(_TABLES - tables):
        yield f"it has no table {missing[0]}"
