"""Connections: values that round-trip, and failures that must not pass as success."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import apsw
import peewee as pw
import pytest

from appliance.errors import StoreError
from appliance.store import accounts
from appliance.store.file import snapshot, sqlite
from appliance.store.file.database import Store


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


@pytest.fixture(params=["link", "dangling link", "pipe"])
def special(request: pytest.FixtureRequest, file: Path, tmp_path: Path) -> Path:
    """Something else in the place of a store; `file` is what a link leads to."""
    place = tmp_path / "store" / "store.sqlite3"
    place.parent.mkdir()
    if request.param == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(file if request.param == "link" else tmp_path / "missing")
    return place


@pytest.mark.parametrize(
    "use",
    [
        sqlite.connect,
        lambda place: Store(place).create_or_migrate(),
        lambda place: list(_read(place)),
        snapshot.verify,
        lambda place: snapshot.copy_store(place, place.with_name("copy")),
    ],
)
def test_a_link_is_not_followed(special: Path, file: Path, use: Callable[[Path], object]) -> None:
    before = file.read_bytes()
    with pytest.raises((apsw.CantOpenError, StoreError), match=r"symbolic link to|not a regular file"):
        use(special)
    assert file.read_bytes() == before
    assert not (file.parent / "missing").exists()


def _read(place: Path) -> Iterator[str]:
    store = Store(place)
    store.keep()
    with store.connection():
        yield from (account.email for account in accounts.list_accounts())


def test_a_link_placed_after_the_check_is_not_followed_either(file: Path, tmp_path: Path) -> None:
    place = tmp_path / "link"
    place.symlink_to(file)
    database = sqlite.Database(sqlite.address(place))
    with pytest.raises(pw.OperationalError, match="unable to open"):
        database.connect()


def test_a_link_to_the_folder_is_followed(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.symlink_to(file.parent)
    assert values(folder / file.name) == []


def test_a_statement_waits_for_a_lock_as_long_as_it_may(file: Path) -> None:
    waiting = sqlite.Database(sqlite.address(file), lock_type="IMMEDIATE", pragmas={"journal_mode": "wal"}, timeout=60)
    released: list[bool] = []
    with closing(sqlite.connect(file)) as holder:
        holder.execute("pragma journal_mode = wal").fetchall()
        holder.execute("begin immediate")

        def release() -> None:
            released.append(True)
            holder.execute("rollback")

        with waiting.waiting(0), pytest.raises(pw.OperationalError, match="locked"), waiting.atomic():
            pass
        timer = threading.Timer(0.05, release)
        timer.start()
        with waiting.atomic():
            assert released
        timer.join()
    waiting.close()
