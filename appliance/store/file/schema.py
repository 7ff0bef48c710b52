"""The migrations of this release, and which of them a file has: the schema of the store, by name."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

import apsw

from appliance import __version__
from appliance.errors import StoreError
from appliance.store.file import sqlite

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def known() -> set[str]:
    """Return the names of the migrations of this release."""
    return {file.stem for file in MIGRATIONS.glob("[0-9]*.py")}


def applied(reader: sqlite.Connection) -> set[str]:
    """Return the names of the migrations that are applied to the file; none if it is no store."""
    has_table = reader.execute("select 1 from sqlite_master where name = 'schema_migration'").fetchone()
    return {name for (name,) in reader.execute("select name from schema_migration")} if has_table else set()


def unapplied(reader: sqlite.Connection) -> list[str]:
    """Return the migrations of this release that the file lacks, in their order."""
    return sorted(known() - applied(reader))


def refuse_newer(reader: sqlite.Connection, file: Path) -> None:
    """Raise StoreError if a newer release has migrated the file: this one would misread rows, or lose some."""
    if unknown := applied(reader) - known():
        raise StoreError(
            f"database {file} was written by a newer release: its last migration is {max(unknown)}, that of this "
            f"release ({__version__}) is {max(known())}; install the newer release again, or restore a backup that "
            "this one wrote"
        )


def refuse_newer_file(file: Path) -> None:
    """Do the same for a file that may be missing or unreadable: its first use reports that."""
    with suppress(apsw.Error, OSError), closing(sqlite.connect(file)) as reader:
        refuse_newer(reader, file)
