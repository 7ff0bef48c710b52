"""The file of a process: checked, never replaced, and opened again after a failure."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from appliance.errors import StoreError
from appliance.store.file import sqlite
from appliance.store.file.database import Store
from appliance.store.file.keeper import REOPEN_INTERVAL, Keeper


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Create a store that nobody has open."""
    path = tmp_path / "store.sqlite3"
    Store(path).create_or_migrate()
    return path


def log_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def test_the_log_stays_while_the_file_is_kept(file: Path) -> None:
    keeper = Keeper(file)
    keeper.keep()
    with closing(sqlite.connect(file)) as other:
        other.execute("update zone set serial = serial")
    assert log_of(file).exists()
    keeper.close()
    assert not log_of(file).exists()


def test_a_file_is_the_same_object_until_it_is_forgotten(file: Path) -> None:
    moments = [0.0]
    keeper = Keeper(file, monotonic=lambda: moments[-1])
    first = keeper.keep()
    keeper.forget(first)
    assert keeper.keep() is first, "it was opened just now"
    moments.append(REOPEN_INTERVAL)
    keeper.forget(first)
    second = keeper.keep()
    assert second is not first
    keeper.forget(first)
    assert keeper.keep() is second, "another thread has opened it since"
    keeper.close()


def test_a_missing_file_is_an_error_until_it_is_back(file: Path, tmp_path: Path) -> None:
    keeper = Keeper(file)
    keeper.keep()
    file.rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError):
        keeper.keep()
    (tmp_path / "away").rename(file)
    keeper.keep()
    keeper.close()


def test_another_file_is_an_error_until_the_process_restarts(file: Path, tmp_path: Path) -> None:
    keeper = Keeper(file)
    first = keeper.keep()
    shutil.copy(file, tmp_path / "copy")
    (tmp_path / "copy").replace(file)
    for _ in range(2):
        with pytest.raises(StoreError, match="was replaced while in use: restart API and deployer"):
            keeper.keep()
    keeper.forget(first)
    with pytest.raises(StoreError, match="was replaced"):
        keeper.keep()
    keeper.close()
    other = Keeper(file)
    other.keep()
    other.close()


def test_a_damaged_file_is_an_error_until_it_changes(file: Path) -> None:
    whole = file.read_bytes()
    with file.open("r+b") as pages:
        pages.seek(4096)
        pages.write(os.urandom(4096))
    keeper = Keeper(file)
    for _ in range(2):
        with pytest.raises(apsw.CorruptError, match="restore a backup"):
            keeper.keep()
    file.write_bytes(whole)
    keeper.keep()
    keeper.close()


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database, " * 100)
    with pytest.raises(apsw.CorruptError, match="file is not a database"):
        Keeper(tmp_path / "text").keep()
