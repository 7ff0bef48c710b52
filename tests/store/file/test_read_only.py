"""A store on a disk that is read-only for a while: it is read, and written again as soon as the disk is writable."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest

from appliance.errors import StoreError
from appliance.store import accounts
from appliance.store.file.database import Store
from tests.pair import wait_for
from tests.volumes import needs_root, remount, small_volume


def emails() -> list[str]:
    """Return the email of each account of the store in use."""
    return [account.email for account in accounts.list_accounts()]


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A read-only volume with a store whose last commit, an account, is still in the write-ahead log."""
    origin = Store(tmp_path / "origin" / "store.sqlite3")
    origin.create_or_migrate()
    with small_volume(tmp_path / "volume", 4096) as mounted:
        with origin.connection():
            with origin.writing():
                accounts.create_account("first@example.org", datetime.now(UTC))
            copytree(origin.path.parent, mounted, dirs_exist_ok=True)
        assert remount(mounted, "ro")
        yield mounted


@contextmanager
def reading_in_a_thread(store: Store, idle: bool) -> Iterator[None]:
    """Have another thread read, and stay connected while the block runs: for a later block, or within one."""
    has_read, is_over = threading.Event(), threading.Event()

    def read() -> None:
        with store.kept_connection():
            assert emails() == ["first@example.org"]
            if not idle:
                has_read.set()
                while not is_over.wait(0.01):
                    with suppress(StoreError):
                        store.refresh()
        has_read.set()
        is_over.wait()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        assert has_read.wait(30)
        yield
    finally:
        is_over.set()
        thread.join()


def has_written(store: Store) -> bool:
    """Return whether another account could be stored."""
    with suppress(StoreError), store.kept_connection(), store.writing():
        accounts.create_account("second@example.org", datetime.now(UTC))
        return True
    return False


@needs_root
def test_it_is_written_again_although_other_threads_are_connected(volume: Path) -> None:
    store = Store(volume / "store.sqlite3")
    store.keep()
    with closing(store), reading_in_a_thread(store, idle=True), reading_in_a_thread(store, idle=False):
        assert not has_written(store)
        assert remount(volume, "rw")
        wait_for(lambda: has_written(store), "it is written again")
        with store.kept_connection():
            assert emails() == ["first@example.org", "second@example.org"]
