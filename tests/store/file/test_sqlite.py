"""Connections: values that round-trip, and failures that must not pass as success."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import apsw
import peewee as pw
import pytest

from appliance.store.file import sqlite


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Create a database with a table of one column."""
    path = tmp_path / "file"
    path.touch()
    with closing(sqlite.connect(path)) as connection:
        connection.execute("create table thing (value unique)")
    return path


@pytest.fixture
def database(file: Path) -> sqlite.Database:
    """Yield a Peewee database over the file."""
    return sqlite.Database(sqlite.address(file), lock_type="IMMEDIATE", pragmas={"journal_mode": "wal"}, timeout=0)


def values(file: Path) -> list[object]:
    with closing(sqlite.connect(file)) as connection:
        return [value for (value,) in connection.execute("select value from thing order by rowid")]


def test_the_version_is_one_without_the_bug() -> None:
    assert sqlite.VERSION >= sqlite.OLDEST_VERSION


def test_a_missing_file_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(apsw.CantOpenError):
        sqlite.connect(tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []


def test_values_round_trip(file: Path, database: sqlite.Database) -> None:
    given = [None, True, 2**62, "ü\0x", b"\0\xff", datetime(2031, 5, 4, 12, 0, 0, 7, UTC)]
    for value in given:
        database.execute_sql("insert into thing values (?)", (value,))
    database.close()
    assert values(file) == [None, 1, 2**62, "ü\0x", b"\0\xff", "2031-05-04 12:00:00.000007+00:00"]


def test_a_value_of_another_type_is_refused(database: sqlite.Database) -> None:
    with pytest.raises(TypeError, match="cannot store"):
        database.execute_sql("insert into thing values (?)", (object(),))


def test_a_duplicate_is_an_integrity_error(database: sqlite.Database) -> None:
    database.execute_sql("insert into thing values (1)")
    with pytest.raises(pw.IntegrityError):
        database.execute_sql("insert into thing values (1)")


def test_a_transaction_takes_the_write_lock_at_its_beginning(file: Path, database: sqlite.Database) -> None:
    with closing(sqlite.connect(file)) as other:
        other.execute("begin immediate")
        with pytest.raises(pw.OperationalError, match="database is locked"), database.atomic():
            pytest.fail("it began beside another writer")


def test_a_transaction_that_sqlite_rolled_back_fails_at_commit(file: Path, database: sqlite.Database) -> None:
    def lose() -> None:
        with database.atomic():
            database.execute_sql("insert into thing values (1)")
            database.execute_sql("rollback")  # what SQLite does by itself when the disk is full

    with pytest.raises(pw.OperationalError, match="no transaction is active"):
        lose()
    assert values(file) == []
    with database.atomic():
        database.execute_sql("insert into thing values (2)")
    assert values(file) == [2]


def test_rows_that_were_changed_are_counted(database: sqlite.Database) -> None:
    database.execute_sql("insert into thing values (1), (2), (3)")
    cursor = database.execute_sql("update thing set value = value + 10 where value > 1")
    assert database.rows_affected(cursor) == 2
    assert database.last_insert_id(cursor) == 3
