"""The size of the store: its log is cut again after a long reader, and what is left of its disk is measured."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from appliance.store.file import sqlite
from appliance.store.file.database import CHECKPOINT_PAGES, MAX_LOG_SIZE, Store
from appliance.store.file.space import MIN_FREE, Space, measure
from tests.volumes import fill, needs_root, small_volume
from tests.workspace import Workspace, current_database

PAGE = 4096
"""Octets of a page of SQLite."""


def log_size(workspace: Workspace) -> int:
    space = measure(workspace.store.path)
    assert space
    return space.log


def test_the_log_is_cut_once_a_long_reader_has_ended(workspace: Workspace) -> None:
    with closing(sqlite.connect(workspace.store.path)) as reader:
        reader.execute("begin")
        reader.execute("select count(*) from zone").fetchone()
        with workspace.store.writing():
            current_database().execute_sql("create table filler (number, content)")
        while log_size(workspace) <= 2 * MAX_LOG_SIZE:
            with workspace.store.writing():
                current_database().execute_sql("insert into filler values (1, zeroblob(1048576))")
    for domain in ("first.example", "second.example"):
        workspace.zone(domain)
    assert log_size(workspace) <= MAX_LOG_SIZE


def fill_log(store: Store, octets: int = 102_400) -> None:
    with store.writing():
        current_database().execute_sql("insert into filler values (1, zeroblob(?))", (octets,))


def test_the_deployer_merges_the_log_before_others_do(workspace: Workspace) -> None:
    path, deployer = workspace.store.path, workspace.store  # its commits are not durable, as the deployer's
    store = Store(path)
    store.attach()
    with store.writing():
        current_database().execute_sql("create table filler (number, content)")
    size = path.stat().st_size
    while log_size(workspace) <= CHECKPOINT_PAGES * PAGE:
        fill_log(store)
    assert path.stat().st_size == size, "no commit of another process has merged it"
    fill_log(deployer, 1)
    assert path.stat().st_size > size
    merged = path.stat().st_size
    for _ in range(2 * CHECKPOINT_PAGES * PAGE // 102_400):
        fill_log(store)
    assert path.stat().st_size > merged, "others do if the deployer does not"
    assert log_size(workspace) <= MAX_LOG_SIZE


def test_the_size_of_what_is_missing_is_0(tmp_path: Path) -> None:
    space = measure(tmp_path / "store.sqlite3")
    assert space and (space.database, space.log) == (0, 0)
    assert measure(tmp_path / "missing" / "store.sqlite3") is None


def test_a_disk_is_full_when_no_transaction_fits() -> None:
    assert Space(0, 0, MIN_FREE - 1).is_full
    assert not Space(0, 0, MIN_FREE).is_full


@needs_root
def test_a_full_disk_is_measured(tmp_path: Path) -> None:
    with small_volume(tmp_path / "store", 1024) as volume:
        before = measure(volume / "store.sqlite3")
        filler = fill(volume)
        after = measure(volume / "store.sqlite3")
        assert before and after and after.is_full and not before.is_full
        filler.unlink()
