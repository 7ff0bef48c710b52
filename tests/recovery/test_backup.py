"""Backups: one complete file or none; only a backup is restored."""

from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path

import pytest
from playhouse import migrations

from appliance.errors import AlreadyRunning, StoreError
from appliance.processes import exclusive_lock, shared_lock
from appliance.recovery.backup import back_up, back_up_into
from appliance.recovery.restore import restore
from appliance.store.file import snapshot, sqlite
from appliance.store.file.schema import MIGRATIONS
from appliance.store.file.snapshot import API_LOCK, DEPLOYER_LOCK
from tests.host_keys import host_keys
from tests.workspace import Workspace, read_all_rows


def folder_of(workspace: Workspace) -> Path:
    return workspace.store.path.parent


def test_it_is_one_closed_file_with_every_row(workspace: Workspace, tmp_path: Path) -> None:
    zone = workspace.zone()
    workspace.add(zone, "A", "www", "192.0.2.1")
    target = tmp_path / "out" / "backup.sqlite3"
    target.parent.mkdir()
    backup = back_up(workspace.store.path, target, host_keys(tmp_path), workspace.clock(), overwrite=False)
    assert backup.size == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert read_all_rows(target) == workspace.rows()
    assert list(target.parent.iterdir()) == [target]


def test_it_replaces_a_file_only_on_request(workspace: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "backup.sqlite3"
    target.write_text("precious")
    with pytest.raises(StoreError, match="already exists"):
        back_up(workspace.store.path, target, host_keys(tmp_path), workspace.clock(), overwrite=False)
    assert target.read_text() == "precious"
    back_up(workspace.store.path, target, host_keys(tmp_path), workspace.clock(), overwrite=True)
    assert target.read_bytes().startswith(b"SQLite format 3\0")


def test_there_is_no_backup_of_a_damaged_or_missing_store(workspace: Workspace, tmp_path: Path) -> None:
    workspace.zone()
    target = tmp_path / "backup.sqlite3"
    damaged = tmp_path / "damaged.sqlite3"
    back_up(workspace.store.path, damaged, host_keys(tmp_path), workspace.clock(), overwrite=False)
    with damaged.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 8192)
    for source, reason in ((damaged, "damaged.sqlite3"), (tmp_path / "missing.sqlite3", "unable to open")):
        with pytest.raises(StoreError, match=reason):
            back_up(source, target, host_keys(tmp_path), workspace.clock(), overwrite=False)
    assert not target.exists()
    assert not list(tmp_path.glob("*.partial*"))


def test_others_may_write_during_a_backup(workspace: Workspace, tmp_path: Path) -> None:
    """A commit between two steps of the copy neither gets into it nor restarts it."""
    zone = workspace.zone()
    for number in range(60):
        workspace.add(zone, "TXT", f"t{number}", "x" * 4000)
    for table in ("change", "record"):
        with closing(sqlite.connect(workspace.store.path)) as writer, writer:
            writer.execute(f"update {table} set comment = ?", ("x" * 60_000,))  # noqa: S608
    before = workspace.rows()
    steps: list[int] = []

    def write_between(done: int, _pages: int) -> None:
        steps.append(done)
        workspace.add(zone, "A", f"later-{len(steps)}", "192.0.2.1")

    target = tmp_path / "backup.sqlite3"
    back_up(
        workspace.store.path, target, host_keys(tmp_path), workspace.clock(), overwrite=False, progress=write_between
    )
    assert len(steps) > 1
    assert steps == sorted(steps)
    assert read_all_rows(target)["record"] == before["record"]


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0" + b"\0" * 4096])
def test_nothing_but_a_backup_is_restored(workspace: Workspace, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other"
    file.write_bytes(content)
    before = workspace.rows()
    with pytest.raises(StoreError):
        restore(file, workspace.store.path, host_keys(tmp_path), workspace.clock)
    assert workspace.rows() == before
    assert not list(folder_of(workspace).glob("*before-restore*"))


def test_a_backup_of_a_newer_release_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "newer"
    back_up(workspace.store.path, file, host_keys(tmp_path), workspace.clock(), overwrite=False)
    with closing(sqlite.connect(file)) as writer, writer:
        writer.execute("insert into schema_migration (name, applied) values ('9999_future', '2031-01-01')")
    with pytest.raises(StoreError, match="written by a newer release"):
        restore(file, workspace.store.path, host_keys(tmp_path), workspace.clock)


def test_an_older_backup_is_migrated(workspace: Workspace, tmp_path: Path) -> None:
    file, place = tmp_path / "older.sqlite3", tmp_path / "new" / "store.sqlite3"
    file.touch()
    older = sqlite.Database(sqlite.address(file))
    migrations.Runner(older, str(MIGRATIONS)).up(target="0001_initial")
    older.close()
    restore(file, place, host_keys(tmp_path), workspace.clock)
    assert snapshot.unapplied_migrations(place) == []
    assert "0002_signs_of_life" in snapshot.unapplied_migrations(file)
    restore(
        file, place, host_keys(tmp_path), lambda: workspace.clock().replace(hour=13)
    )  # and what is replaced may be older too


def test_an_empty_host_gets_a_closed_store(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "backup.sqlite3"
    workspace.zone()
    back_up(workspace.store.path, file, host_keys(tmp_path), workspace.clock(), overwrite=False)
    place = tmp_path / "new" / "store" / "store.sqlite3"
    done = restore(file, place, host_keys(tmp_path), workspace.clock)
    assert (done.takeover.zones, done.kept) == (1, None)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (place, place.parent)] == [0o600, 0o700]


def test_a_leftover_log_is_not_applied_to_the_restored_store(workspace: Workspace, tmp_path: Path) -> None:
    """SQLite would apply the log of the lost store to the restored file of the same name."""
    file = tmp_path / "backup.sqlite3"
    workspace.zone()
    back_up(workspace.store.path, file, host_keys(tmp_path), workspace.clock(), overwrite=False)
    for number in range(20):
        workspace.zone(f"later-{number}.example")
    place = tmp_path / "new" / "store.sqlite3"
    place.parent.mkdir()
    left = workspace.store.path.with_name("store.sqlite3-wal").read_bytes()
    assert left
    Path(f"{place}-wal").write_bytes(left)
    restore(file, place, host_keys(tmp_path), workspace.clock)
    with closing(sqlite.connect(place)) as reader:
        assert reader.execute("select count(*) from zone").fetchone() == (1,)
        assert reader.execute("pragma integrity_check").fetchone() == ("ok",)
    assert [path.read_bytes() for path in place.parent.glob("*.before-restore-*-wal")] == [left]


@pytest.mark.parametrize("lock", [API_LOCK, DEPLOYER_LOCK])
def test_a_restore_fails_at_once_while_a_service_runs(workspace: Workspace, tmp_path: Path, lock: str) -> None:
    file = tmp_path / "backup.sqlite3"
    back_up(workspace.store.path, file, host_keys(tmp_path), workspace.clock(), overwrite=False)
    hold = shared_lock if lock == API_LOCK else exclusive_lock
    with hold(folder_of(workspace) / lock), pytest.raises(AlreadyRunning, match="already running as process"):
        restore(file, workspace.store.path, host_keys(tmp_path), workspace.clock)
    restore(file, workspace.store.path, host_keys(tmp_path), workspace.clock)


def test_many_may_share_a_lock_while_nobody_holds_it_exclusively(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with shared_lock(lock), shared_lock(lock), pytest.raises(AlreadyRunning), exclusive_lock(lock):
        pass
    with exclusive_lock(lock), pytest.raises(AlreadyRunning), shared_lock(lock):
        pass
    with shared_lock(tmp_path / "missing" / "lock"):
        pass


def test_a_folder_keeps_the_newest_backups_and_all_other_files(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "store-of-mine.sqlite3").touch()
    for hour in (9, 11, 10):
        back_up_into(workspace.store.path, folder, host_keys(tmp_path), workspace.clock().replace(hour=hour), keep=2)
    assert sorted(file.name for file in folder.iterdir()) == [
        "store-20310504T100000Z.sqlite3",
        "store-20310504T110000Z.sqlite3",
        "store-of-mine.sqlite3",
    ]


def test_a_clock_that_was_set_back_does_not_delete_the_new_backup(workspace: Workspace, tmp_path: Path) -> None:
    back_up_into(workspace.store.path, tmp_path, host_keys(tmp_path), workspace.clock(), keep=1)
    backup = back_up_into(
        workspace.store.path, tmp_path, host_keys(tmp_path), workspace.clock().replace(year=2030), keep=1
    )
    assert backup.file.exists()
