"""The file itself: created once, migrated once, never created by accident; its failures are StoreError."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.errors import ReadTimeout, StoreError
from appliance.store import accounts
from appliance.store.file import sqlite
from appliance.store.file.database import Store
from appliance.store.file.schema import MIGRATIONS
from tests.workspace import Workspace, current_database

CREATE = """
import sys
from pathlib import Path
from appliance.store.file.database import Store
Store(Path(sys.argv[1])).create_or_migrate()
"""


def migrations_of(path: Path) -> list[str]:
    """Return the migrations that the file lists as applied."""
    with closing(sqlite.connect(path)) as reader:
        return [str(row) for row in reader.execute("select * from schema_migration order by 1")]


def write(store: Store) -> None:
    """Store something."""
    with store.writing():
        accounts.create_account("new@example.org", datetime.now(UTC))


def emails() -> list[str]:
    """Return the email of each account of the store in use."""
    return [account.email for account in accounts.list_accounts()]


def test_a_thread_writes_after_it_reconnected(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite3")
    store.create_or_migrate()
    with store.connection():
        store.reconnect()
        write(store)


LONG = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000) select max(i) from n"


def test_a_long_statement_is_ended_unless_it_writes(tmp_path: Path) -> None:
    numbers = itertools.count(step=100)
    Store(tmp_path / "store.sqlite3").create_or_migrate()
    store = Store(tmp_path / "store.sqlite3", read_timeout=50, monotonic=lambda: float(next(numbers)))
    store.attach()

    def run() -> object:
        return current_database().execute_sql(LONG).fetchone()

    with store.connection():
        for _ in range(2):
            with pytest.raises(ReadTimeout, match="longer than 50 s"), store.reading():
                run()
        with store.reading():
            assert emails() == []
        with store.writing():
            with store.writing():
                assert run() == (300000,)
            assert run() == (300000,)
        with pytest.raises(ReadTimeout), store.reading():
            run()
    unlimited = Store(tmp_path / "store.sqlite3", monotonic=lambda: float(next(numbers)))
    unlimited.attach()
    with unlimited.reading():
        assert run() == (300000,)


def test_migrations_run_once(tmp_path: Path) -> None:
    path = tmp_path / "below" / "store.sqlite3"
    Store(path).create_or_migrate()
    once = migrations_of(path)
    Store(path).create_or_migrate()
    assert migrations_of(path) == once and len(once) == len(list(MIGRATIONS.glob("[0-9]*.py")))


def test_two_processes_create_one_store(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    creators = [
        subprocess.Popen((sys.executable, "-c", CREATE, str(path)), stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for creator in creators:
        _, errors = creator.communicate(timeout=60)
        assert creator.returncode == 0, errors
    assert len(migrations_of(path)) == len(list(MIGRATIONS.glob("[0-9]*.py")))


def test_a_missing_file_is_an_error_and_stays_missing(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite3")
    store.attach()
    with pytest.raises(StoreError), store.connection():
        accounts.list_accounts()
    assert list(tmp_path.iterdir()) == []


def test_a_statement_that_fails_outside_of_a_transaction_is_an_error(workspace: Workspace) -> None:
    with closing(sqlite.connect(workspace.store.path)) as other:
        other.execute("drop table account")
    store = Store(workspace.store.path)
    store.attach()
    with pytest.raises(StoreError, match="no such table"), store.connection():
        accounts.list_accounts()


def test_a_file_that_is_no_store_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_text("no database, " * 100)
    for use in (Store.create_or_migrate, write):
        store = Store(path)
        if use is write:
            store.attach()
        with pytest.raises(StoreError, match=r"store\.sqlite3"):
            use(store)
    assert path.read_text().startswith("no database")


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=ro#%41" / "störe.sqlite3"
    store = Store(path)
    store.create_or_migrate()
    with store.connection():
        write(store)
    assert path.exists()


def test_a_locked_store_is_an_error_after_the_timeout(workspace: Workspace) -> None:
    with closing(sqlite.connect(workspace.store.path)) as other:
        other.execute("begin immediate")
        with pytest.raises(StoreError, match="locked"):
            write(workspace.store)
        with pytest.raises(StoreError, match="locked"):
            workspace.editor.create_zone(workspace.owner, "example.com")
        assert accounts.list_accounts(), "readers are not held up"
        other.execute("rollback")
    write(workspace.store)
    workspace.zone()
    assert len(workspace.announced) == 1


def test_a_writer_that_does_not_wait(workspace: Workspace) -> None:
    with closing(sqlite.connect(workspace.store.path)) as other:
        other.execute("begin immediate")
        with pytest.raises(StoreError, match="locked"), workspace.store.writing_if_free():
            pytest.fail("the store was not free")
        other.execute("rollback")
    with workspace.store.writing_if_free():
        accounts.create_account("third@example.org", workspace.clock())
    assert len(accounts.list_accounts()) == 3


def test_a_transaction_is_stored_whole_or_not_at_all(workspace: Workspace) -> None:
    before = workspace.rows()

    def fail() -> None:
        with workspace.store.writing():
            accounts.create_account("third@example.org", workspace.clock())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert workspace.rows() == before


def test_two_stores_each_answer_with_their_own_rows(tmp_path: Path) -> None:
    first, second = (Store(tmp_path / name) for name in ("first", "second"))
    for store in (first, second):
        store.create_or_migrate()
        with store.connection(), store.writing():
            accounts.create_account(f"{store.path.name}@example.org", datetime.now(UTC))
    with first.connection():
        assert emails() == ["first@example.org"]
        with second.connection(), second.reading():
            assert emails() == ["second@example.org"]
            with first.reading():
                assert emails() == ["first@example.org"]
            assert emails() == ["second@example.org"]
        assert emails() == ["first@example.org"]


def test_threads_use_stores_of_their_own(tmp_path: Path) -> None:
    first, second = (Store(tmp_path / name) for name in ("first", "second"))
    for store in (first, second):
        store.create_or_migrate()
        with store.writing():
            accounts.create_account(f"{store.path.name}@example.org", datetime.now(UTC))
    together = threading.Barrier(2)

    def read_emails(store: Store) -> list[str]:
        with store.connection():
            together.wait(30)
            found = emails()
            together.wait(30)
            return found

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(read_emails, (first, second))) == [["first@example.org"], ["second@example.org"]]


def test_a_connection_within_another_does_not_end_it(workspace: Workspace) -> None:
    with workspace.store.connection(), workspace.store.reading():
        assert len(emails()) == 2
    assert len(emails()) == 2


def test_a_statement_outside_of_every_connection_is_refused(tmp_path: Path) -> None:
    Store(tmp_path / "store.sqlite3").create_or_migrate()
    with pytest.raises(RuntimeError, match="no store is in use"):
        emails()


def test_reads_of_a_block_see_one_snapshot(workspace: Workspace) -> None:
    with workspace.store.reading():
        seen = len(accounts.list_accounts())
        with closing(sqlite.connect(workspace.store.path)) as other:
            other.execute("delete from account")
        assert len(accounts.list_accounts()) == seen
    assert accounts.list_accounts() == []


def test_the_version_changes_when_another_has_written(workspace: Workspace) -> None:
    before = workspace.store.version()
    assert workspace.store.version() == before
    with closing(sqlite.connect(workspace.store.path)) as other:
        other.execute("update account set is_admin = 1")
    assert workspace.store.version() != before


def test_a_read_only_store_is_an_error_at_a_write(workspace: Workspace) -> None:
    current_database().execute_sql("pragma query_only = 1")
    with pytest.raises(StoreError, match="readonly"):
        workspace.zone()
    current_database().execute_sql("pragma query_only = 0")


def test_a_kept_connection_is_open_for_the_next_block_of_its_thread(workspace: Workspace) -> None:
    store = Store(workspace.store.path)
    store.attach()
    with store.kept_connection():
        current_database().execute_sql("pragma cache_size = 321")
    with store.connection():
        assert current_database().execute_sql("pragma cache_size").fetchone() == (321,)
        with store.kept_connection():
            assert current_database().execute_sql("pragma cache_size").fetchone() == (321,), "it is shared"
    write(store)
    store.close()
    with store.kept_connection():
        assert len(emails()) == 3


def test_a_kept_connection_reads_what_another_has_written(workspace: Workspace) -> None:
    with ThreadPoolExecutor(1) as thread:
        store = Store(workspace.store.path)
        store.attach()

        def read_emails() -> list[str]:
            with store.kept_connection():
                return emails()

        before = thread.submit(read_emails).result()
        accounts.create_account("third@example.org", workspace.clock())
        assert sorted(thread.submit(read_emails).result()) == sorted([*before, "third@example.org"])


def test_a_block_that_fails_or_leaves_a_transaction_open_ends_a_kept_connection(workspace: Workspace) -> None:
    store = Store(workspace.store.path)
    store.attach()

    def leave(statement: str) -> None:
        with store.kept_connection():
            current_database().execute_sql("pragma cache_size = 321")
            current_database().execute_sql(statement)

    def is_new() -> bool:
        with store.kept_connection():
            size: tuple[int] = current_database().execute_sql("pragma cache_size").fetchone()
            return size != (321,)

    with pytest.raises(StoreError):
        leave("select * from missing")
    assert is_new()
    leave("begin immediate")
    write(workspace.store)
    assert is_new()
    with store.kept_connection():
        current_database().execute_sql("pragma cache_size = 321")
        with pytest.raises(StoreError), store.reading():
            current_database().execute_sql("select * from missing")
    assert is_new(), "the block handled the failure of a statement"


def test_kept_connections_are_closed_with_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite3")
    store.create_or_migrate()
    store.keep()

    def read_emails(_: int) -> list[str]:
        with store.kept_connection():
            return emails()

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(read_emails, range(4))) == [[]] * 4
        store.close()
        assert sorted(file.name for file in tmp_path.iterdir()) == ["store.lock", "store.sqlite3"]
        assert list(threads.map(read_emails, range(4))) == [[]] * 4


def test_a_kept_connection_is_opened_again_after_the_store_failed(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite3")
    store.create_or_migrate()
    store.keep()
    with store.kept_connection():
        assert emails() == []
    moved = store.path.rename(tmp_path / "moved.sqlite3")
    with pytest.raises(StoreError), store.kept_connection():
        pytest.fail("the file is missing")
    moved.rename(store.path)
    with store.kept_connection():
        current_database().execute_sql("pragma cache_size = 321")
    with store.kept_connection():
        assert current_database().execute_sql("pragma cache_size").fetchone() == (321,), "it is kept again"
