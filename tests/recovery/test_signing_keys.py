"""DNSSEC keys in a backup: all that sign a zone, restored where they are missing, and never in a store in use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.embedded.state import unprivileged_owner
from appliance.errors import StoreError
from appliance.files import Owner
from appliance.processes import exclusive_lock
from appliance.provision.users import user_of_named
from appliance.recovery.backup import Backup, back_up
from appliance.recovery.restore import KeysResult, RestoreResult, restore, restore_keys
from appliance.recovery.signing_keys import HostKeys
from appliance.store import backup_keys, signing, zones
from appliance.store.file import sqlite
from appliance.store.file.snapshot import API_LOCK
from appliance.zones.model import Zone
from appliance.zones.signing import SigningProblem
from appliance.zones.signing_problems import problems_of
from tests.host_keys import host_keys, key_files, place_keys
from tests.signing import key, signed, store_signing
from tests.workspace import Workspace


def signed_zone(workspace: Workspace, domain: str = "example.com", number: int = 0) -> Zone:
    """Return a signed zone with a key that the store knows."""
    zone = workspace.zone(domain)
    zone = workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})
    with workspace.store.writing():
        store_signing(zone, signed(key(number)))
    return zones.get_any(zone.uuid)


def backup_of(workspace: Workspace, host: HostKeys) -> Backup:
    target = workspace.store.path.with_name("backup.sqlite3")
    return back_up(workspace.store.path, target, host, workspace.clock(), overwrite=True)


def restored(backup: Backup, place: Path, workspace: Workspace) -> tuple[RestoreResult, HostKeys]:
    """Restore in a new state folder."""
    host = host_keys(place)
    return restore(backup.file, place / "store" / "store.sqlite3", host, workspace.clock), host


def problems(zone: Zone, workspace: Workspace) -> list[SigningProblem]:
    known = signing.get(zone)
    assert known
    return problems_of(known, zone.name, workspace.clock())


def test_a_backup_has_the_keys_and_the_store_knows_it(workspace: Workspace, tmp_path: Path) -> None:
    host, zone = host_keys(tmp_path), signed_zone(workspace)
    files = place_keys(host, zone, key())
    assert SigningProblem.KEY_NOT_BACKED_UP in problems(zone, workspace)
    backup = backup_of(workspace, host)
    assert (backup.without_keys, backup.unmarked) == ([], "")
    assert SigningProblem.KEY_NOT_BACKED_UP not in problems(zone, workspace)
    assert dict(backup_keys.files_in(backup.file)) == {zone.uuid: files}
    done, new = restored(backup, tmp_path / "new", workspace)
    assert (done.with_keys, done.without_keys) == (1, [])
    assert new.folders.read(zone.uuid) == files
    (known,) = backup_keys.signed_zones_of(tmp_path / "new" / "store" / "store.sqlite3")
    assert known.keys == {key().public_key: key().tag}


def test_what_is_private_is_never_in_a_store_in_use(workspace: Workspace, tmp_path: Path) -> None:
    host, zone = host_keys(tmp_path), signed_zone(workspace)
    place_keys(host, zone, key())
    backup = backup_of(workspace, host)
    secret = f"secret of {key().tag}".encode()
    assert secret in backup.file.read_bytes()
    restored(backup, tmp_path / "new", workspace)
    stores = [workspace.store.path, *(tmp_path / "new" / "store").iterdir()]
    assert not any(secret in file.read_bytes() for file in stores)


def test_files_of_the_host_win_over_those_of_the_backup(workspace: Workspace, tmp_path: Path) -> None:
    host, zone = host_keys(tmp_path), signed_zone(workspace)
    files = place_keys(host, zone, key())
    backup = backup_of(workspace, host)
    state = next(name for name in files if name.endswith(".state"))
    private = next(name for name in files if name.endswith(".private"))
    (host.folders.folder(zone.uuid) / state).write_bytes(b"later\n")
    (host.folders.folder(zone.uuid) / private).unlink()
    restore(backup.file, tmp_path / "new.sqlite3", host, workspace.clock)
    assert host.folders.read(zone.uuid) == {**files, state: b"later\n"}


def test_zones_that_lack_a_key_are_listed_and_stay_a_problem(workspace: Workspace, tmp_path: Path) -> None:
    host, zone, other = host_keys(tmp_path), signed_zone(workspace), signed_zone(workspace, "other.example", 1)
    place_keys(host, zone, key())
    place_keys(host, other, key())  # another key than the one that the store knows
    workspace.zone("unsigned.example")
    backup = backup_of(workspace, host)
    assert backup.without_keys == [other.name]
    assert SigningProblem.KEY_NOT_BACKED_UP in problems(other, workspace)
    done, _ = restored(backup, tmp_path / "new", workspace)
    assert (done.with_keys, done.without_keys) == (1, [other.name])


def test_an_unsigned_zone_needs_no_folder(workspace: Workspace, tmp_path: Path) -> None:
    workspace.zone()
    nowhere = HostKeys(tmp_path / "missing", lambda: Owner(1, 1))
    backup = backup_of(workspace, nowhere)
    restore(backup.file, tmp_path / "new.sqlite3", nowhere, workspace.clock)
    assert not nowhere.zone_directory.exists()


@contextmanager
def unreadable(folder: Path) -> Iterator[None]:
    """Let a file be one that cannot be read, whoever reads it."""
    file = next(folder.glob("*.private"))
    content = file.read_bytes()
    file.unlink()
    file.symlink_to("elsewhere")
    yield
    file.unlink()
    file.write_bytes(content)


def test_a_key_that_cannot_be_read_ends_the_backup(workspace: Workspace, tmp_path: Path) -> None:
    host, zone = host_keys(tmp_path), signed_zone(workspace)
    place_keys(host, zone, key())
    with unreadable(host.folders.folder(zone.uuid)), pytest.raises(StoreError, match=r"private cannot be read"):
        backup_of(workspace, host)
    assert not [*tmp_path.glob("backup*")]
    assert SigningProblem.KEY_NOT_BACKED_UP in problems(zone, workspace)
    assert backup_of(workspace, host).without_keys == []


def test_a_damaged_key_file_is_left_out_and_named(workspace: Workspace, tmp_path: Path) -> None:
    host, zone, other = host_keys(tmp_path), signed_zone(workspace), signed_zone(workspace, "other.example", 1)
    place_keys(host, zone, key())
    whole = place_keys(host, other, key(1))
    damaged = next(host.folders.folder(zone.uuid).glob("*.private"))
    content = damaged.read_bytes()
    earlier = backup_of(workspace, host)
    kept = earlier.file.replace(tmp_path / "earlier.sqlite3")
    damaged.write_bytes(content.rstrip(b"\n"))
    backup = backup_of(workspace, host)
    assert (backup.damaged, backup.without_keys) == ([damaged], [zone.name])
    assert dict(backup_keys.files_in(backup.file))[other.uuid] == whole
    assert restore_keys(kept, workspace.store.path, host) == KeysResult(1, [])
    assert damaged.read_bytes() == content


def test_a_backup_is_complete_though_the_store_cannot_note_it(workspace: Workspace, tmp_path: Path) -> None:
    host, zone = host_keys(tmp_path), signed_zone(workspace)
    place_keys(host, zone, key())
    with exclusive_lock(tmp_path / API_LOCK):
        backup = backup_of(workspace, host)
    assert "already running" in backup.unmarked
    assert [*backup_keys.files_in(backup.file)]


def test_nothing_changes_where_keys_cannot_be_written(workspace: Workspace, tmp_path: Path) -> None:
    host, zone = host_keys(tmp_path), signed_zone(workspace)
    place_keys(host, zone, key())
    backup, before = backup_of(workspace, host), workspace.rows()
    missing = replace(host_keys(tmp_path / "other"), may_create=False)
    with pytest.raises(StoreError, match=r"the folder of the zone files, .* is missing: prepare the host"):
        restore(backup.file, workspace.store.path, missing, workspace.clock)
    with closing(sqlite.connect(backup.file)) as writer:
        writer.execute("update key_file set name = '../' || name")
    with pytest.raises(StoreError, match="is not the name of a key file"):
        restore(backup.file, tmp_path / "new.sqlite3", host_keys(tmp_path / "more"), workspace.clock)
    assert workspace.rows() == before


def test_a_restore_is_repeated_after_its_keys_were_lost(workspace: Workspace, tmp_path: Path) -> None:
    host, zone = host_keys(tmp_path), signed_zone(workspace)
    files = place_keys(host, zone, key())
    backup = backup_of(workspace, host)
    _, new = restored(backup, tmp_path / "new", workspace)
    shutil.rmtree(new.zone_directory)
    done, _ = restored(backup, tmp_path / "new", workspace)
    assert done.with_keys == 1
    assert new.folders.read(zone.uuid) == files == key_files(zone, key())


def test_a_new_folder_of_zone_files_and_its_keys_belong_to_named(workspace: Workspace, tmp_path: Path) -> None:
    """named runs as another user, and would find no key; the owner of a folder that exists counts as that user."""
    host, zone = host_keys(tmp_path), signed_zone(workspace)
    place_keys(host, zone, key())
    backup = backup_of(workspace, host)
    folder = tmp_path / "new" / "zones"
    named = unprivileged_owner()
    new = HostKeys(folder, lambda: user_of_named(folder) if folder.is_dir() else named, may_create=True)
    assert restore(backup.file, tmp_path / "new.sqlite3", new, workspace.clock).with_keys == 1
    keys = new.folders.folder(zone.uuid)
    for path in (folder, keys.parent, keys, *keys.iterdir()):
        assert Owner(path.stat().st_uid, path.stat().st_gid) == named, path


def test_keys_alone_are_restored_beside_a_store_in_use(workspace: Workspace, tmp_path: Path) -> None:
    host, zone = host_keys(tmp_path), signed_zone(workspace)
    files = place_keys(host, zone, key())
    backup = backup_of(workspace, host)
    workspace.add(zone, "A", "later", "192.0.2.1")
    changed = zones.get_any(zone.uuid)
    host.folders.remove(zone.uuid)
    assert restore_keys(backup.file, workspace.store.path, host) == KeysResult(1, [])
    assert host.folders.read(zone.uuid) == files
    assert zones.get_any(zone.uuid) == changed
    assert restore_keys(backup.file, workspace.store.path, host) == KeysResult(0, [])
    other = signed_zone(workspace, "example.net", 1)
    assert restore_keys(backup.file, workspace.store.path, host) == KeysResult(0, [other.name])


def test_no_former_key_comes_back_beside_the_present_one(workspace: Workspace, tmp_path: Path) -> None:
    """named would retire the present one."""
    host, zone = host_keys(tmp_path), signed_zone(workspace)
    place_keys(host, zone, key())
    backup = backup_of(workspace, host)
    with workspace.store.writing():
        signing.store_keys(zone.uuid, [key(1)])
    host.folders.remove(zone.uuid)
    assert restore_keys(backup.file, workspace.store.path, host) == KeysResult(0, [zone.name])
    assert not host.folders.folder(zone.uuid).exists(), "named would sign with the former one alone, too"
    present = place_keys(host, zone, key(1))
    assert restore_keys(backup.file, workspace.store.path, host) == KeysResult(0, [])
    assert host.folders.read(zone.uuid) == present
    both = place_keys(host, zone, key(), key(1))
    rolled = backup_of(workspace, host)
    next(host.folders.folder(zone.uuid).glob(f"*{key().tag}.private")).unlink()
    assert restore_keys(rolled.file, workspace.store.path, host) == KeysResult(0, []), "a rollover has ended"
    host.folders.remove(zone.uuid)
    assert restore_keys(rolled.file, workspace.store.path, host) == KeysResult(1, [])
    assert host.folders.read(zone.uuid) == both, "of an empty host"


def test_keys_that_are_not_those_of_the_zone_are_set_aside(workspace: Workspace, tmp_path: Path) -> None:
    """named creates one when the files are lost, and beside it would retire the right key."""
    host, zone = host_keys(tmp_path), signed_zone(workspace)
    files = place_keys(host, zone, key())
    backup = backup_of(workspace, host)
    shutil.rmtree(host.folders.folder(zone.uuid))
    foreign = place_keys(host, zone, key(1))
    signed_file = host.zone_directory / f"{zone.uuid}.zone.signed"
    signed_file.touch()
    assert restore_keys(backup.file, workspace.store.path, host).with_keys == 1
    assert host.folders.read(zone.uuid) == files and not signed_file.exists()
    aside = host.folders.folder(zone.uuid).with_name(f"{zone.uuid}.aside")
    assert {path.name for path in aside.iterdir()} == set(foreign)
    signed_file.touch()
    assert restore_keys(backup.file, workspace.store.path, host).with_keys == 0
    assert signed_file.exists()
