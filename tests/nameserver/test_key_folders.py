"""Folders of DNSSEC keys: whole or missing, never with fewer files than named has."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from appliance.nameserver.key_folders import KeyFolders, files_of, public_keys
from tests.host_keys import own

STEM = "Kexample.com.+013+12345"
FILES = {
    f"{STEM}.key": b"; a key\nexample.com. 3600 IN DNSKEY 257 3 13 mdss wUyr\n",
    f"{STEM}.private": b"Private-key-format: v1.3\n",
    f"{STEM}.state": b"Algorithm: 13\n",
}
OTHER = {name.replace("12345", "00077"): content for name, content in FILES.items()}


@pytest.fixture
def folders(tmp_path: Path) -> KeyFolders:
    return KeyFolders(tmp_path)


def test_a_missing_folder_has_no_keys(folders: KeyFolders) -> None:
    zone = uuid4()
    assert folders.read(zone) == {} and folders.zones() == []
    assert folders.has(zone, []) and not folders.has(zone, [1]) and not folders.has_any(zone)
    assert not folders.move(zone, uuid4())
    folders.remove(zone)


def test_files_are_read_as_they_were_written_and_what_is_private_is_closed(folders: KeyFolders) -> None:
    zone = uuid4()
    assert folders.write_missing(zone, FILES, own())
    assert folders.read(zone) == FILES and folders.zones() == [zone]
    assert folders.has(zone, [12345]) and folders.has_any(zone)
    modes = {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in folders.folder(zone).iterdir()}
    assert modes == {".key": 0o644, ".private": 0o600, ".state": 0o644}
    assert stat.S_IMODE(folders.folder(zone).stat().st_mode) == 0o2770
    assert [path.name for path in folders.folder(zone).parent.iterdir()] == [str(zone)]


def test_a_file_of_the_host_is_never_replaced(folders: KeyFolders) -> None:
    zone = uuid4()
    folders.write_missing(zone, FILES, own())
    changed = dict.fromkeys(FILES, b"changed\n")
    assert not folders.write_missing(zone, changed, own())
    (folders.folder(zone) / f"{STEM}.state").unlink()
    assert folders.write_missing(zone, changed | OTHER, own())
    assert folders.read(zone) == FILES | OTHER | {f"{STEM}.state": b"changed\n"}


def test_an_empty_folder_gets_all_files_at_once(folders: KeyFolders) -> None:
    """named makes a new key when it finds the folder while a part of the files is there."""
    zone = uuid4()
    empty = folders.make(zone).stat().st_ino
    folders.write_missing(zone, FILES, own())
    assert folders.folder(zone).stat().st_ino != empty
    assert folders.read(zone) == FILES


@pytest.mark.parametrize("name", ["../K.+013+12345.key", "rndc.key", "Ka/b.+013+12345.key", "K.+013+1.key.x", ""])
def test_only_key_files_are_written(folders: KeyFolders, tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a key file"):
        folders.write_missing(uuid4(), {**FILES, name: b"x"}, own())
    assert [*tmp_path.iterdir()] == []


def test_keys_move_to_a_zone_that_has_none(folders: KeyFolders) -> None:
    former, zone, other = uuid4(), uuid4(), uuid4()
    folders.write_missing(former, FILES, own())
    folders.write_missing(other, OTHER, own())
    assert not folders.move(former, other) and folders.read(other) == OTHER
    folders.make(zone)
    assert folders.move(former, zone)
    assert folders.read(zone) == FILES and sorted(folders.zones()) == sorted([zone, other])


def test_removed_keys_are_gone(folders: KeyFolders) -> None:
    zone, kept = uuid4(), uuid4()
    folders.write_missing(zone, FILES, own())
    folders.set_aside(zone)
    folders.write_missing(zone, FILES, own())
    folders.write_missing(kept, OTHER, own())
    folders.remove(zone)
    assert [path.name for path in folders.folder(kept).parent.iterdir()] == [str(kept)]


def test_a_link_in_place_of_a_folder_changes_nothing_elsewhere(folders: KeyFolders, tmp_path: Path) -> None:
    """named can create one, and root restores keys."""
    zone, other = uuid4(), tmp_path / "etc"
    other.mkdir(mode=0o755)
    before = other.stat()
    folders.make(zone).rmdir()
    folders.folder(zone).symlink_to(other)
    (other / f"{STEM}.key").write_bytes(b"x\n")
    with pytest.raises(OSError, match="Not a directory"):
        folders.write_missing(zone, FILES, own())
    assert other.stat().st_mode == before.st_mode and [path.name for path in other.iterdir()] == [f"{STEM}.key"]
    folders.remove(zone)
    assert folders.zones() == [] and other.is_dir()


def test_a_file_that_is_not_whole_is_refused(folders: KeyFolders) -> None:
    zone = uuid4()
    folders.write_missing(zone, FILES, own())
    file = folders.folder(zone) / f"{STEM}.private"
    file.write_bytes(b"Private-key-format: v1")
    with pytest.raises(OSError, match="not whole"):
        folders.read(zone)
    damaged: list[Path] = []
    assert folders.read(zone, damaged) == {name: one for name, one in FILES.items() if name != file.name}
    assert damaged == [file]
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(OSError, match="not whole"):
        folders.read(zone)
    file.rename(other := folders.folder(zone) / "fifo")
    file.symlink_to(other)
    with pytest.raises(OSError, match="symbolic"):
        folders.read(zone)


def test_files_that_a_power_failure_left_empty_or_cut_are_written_again(folders: KeyFolders) -> None:
    zone = uuid4()
    folders.write_missing(zone, FILES, own())
    assert folders.has(zone, [12345])
    (folders.folder(zone) / f"{STEM}.private").write_bytes(b"")
    (folders.folder(zone) / f"{STEM}.state").write_bytes(b"cut")
    assert not folders.has(zone, [12345]) and not folders.has_any(zone)
    assert folders.write_missing(zone, FILES, own())
    assert folders.read(zone) == FILES and folders.has(zone, [12345])


def test_a_folder_with_other_files_alone_makes_way_for_keys(folders: KeyFolders) -> None:
    zone, former = uuid4(), uuid4()
    for folder in (folders.make(zone), folders.make(former)):
        (folder / "notes").write_text("of an operator")
    assert folders.write_missing(former, FILES, own()) and folders.move(former, zone)
    assert folders.read(zone) == FILES
    for one in (zone, former):
        assert (folders.folder(one).with_name(f"{one}.aside") / "notes").read_text() == "of an operator"


def test_files_are_found_by_their_public_key() -> None:
    other = {name: content.replace(b"wUyr", b"other") for name, content in OTHER.items()}
    assert files_of({"mdsswUyr"}, FILES | other) == FILES
    assert files_of(set(), FILES | other) == {}


def test_a_public_key_counts_only_with_its_private_part() -> None:
    assert list(public_keys(FILES)) == ["mdsswUyr"]
    assert list(public_keys({name: content for name, content in FILES.items() if "private" not in name})) == []


WITHOUT_CHMOD = """
import os, sys, uuid
from pathlib import Path
from appliance.nameserver.key_folders import KeyFolders

def refuse(event, arguments):
    if event == "os.chmod":
        raise PermissionError(1, "Operation not permitted")

os.umask(0o007)
sys.addaudithook(refuse)
print(KeyFolders(Path(sys.argv[1])).make(uuid.uuid4()))
"""


def test_a_service_that_may_not_set_modes_makes_folders_that_named_can_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    done = subprocess.run(
        (sys.executable, "-c", WITHOUT_CHMOD, str(tmp_path)), capture_output=True, text=True, check=True, timeout=60
    )
    for folder in (Path(done.stdout.strip()), Path(done.stdout.strip()).parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o2770
