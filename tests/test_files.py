"""Shared files: written atomically, with the permissions of their folder, and never through a symbolic link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from appliance.errors import StoreError
from appliance.files import copy_permissions, create_shared, open_shared, user_name, write_atomically
from appliance.processes import exclusive_lock
from appliance.store.file.database import Store


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("folder_mode", "file_mode"), [(0o2770, 0o660), (0o775, 0o660), (0o755, 0o600), (0o700, 0o600)]
)
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_new_file_is_shared_like_its_folder(tmp_path: Path, folder_mode: int, file_mode: int, umask: int) -> None:
    tmp_path.chmod(folder_mode)
    previous = os.umask(umask)
    try:
        create_shared(tmp_path / "created")
        open_shared(tmp_path / "opened").close()
    finally:
        os.umask(previous)
    assert mode(tmp_path / "created") == mode(tmp_path / "opened") == file_mode


def test_an_existing_file_keeps_its_content_and_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    file = tmp_path / "kept"
    file.write_text("kept")
    file.chmod(0o640)
    with open_shared(file) as opened:
        opened.write(" and more")
    assert (file.read_text(), mode(file)) == ("kept and more", 0o640)


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    """Else a user who may write to the folder could make root truncate any file."""
    precious = tmp_path / "precious"
    precious.write_text("precious")
    for name in ("store.lock", "api.lock"):
        (tmp_path / name).symlink_to(precious)
    with pytest.raises(StoreError), exclusive_lock(tmp_path / "api.lock"):
        pass
    with pytest.raises(StoreError):
        Store(tmp_path / "store.sqlite3").create_or_migrate()
    with pytest.raises(OSError):
        copy_permissions(tmp_path / "api.lock", tmp_path)
    (tmp_path / "written.new").symlink_to(precious)
    write_atomically(tmp_path / "written.key", b"other", 0o600)
    assert precious.read_text() == "precious"


def test_permissions_are_copied_without_those_of_others(tmp_path: Path) -> None:
    model, file = tmp_path / "model", tmp_path / "file"
    model.touch()
    file.touch()
    for given, expected in ((0o664, 0o660), (0o640, 0o640), (0o600, 0o600)):
        model.chmod(given)
        copy_permissions(file, model)
        assert mode(file) == expected


def test_a_failed_write_keeps_the_existing_file(tmp_path: Path) -> None:
    file = tmp_path / "kept.key"
    write_atomically(file, b"previous", 0o640)
    with pytest.raises(TypeError):
        write_atomically(file, "no octets", 0o640)  # type: ignore[arg-type]
    assert file.read_bytes() == b"previous"
    assert list(tmp_path.iterdir()) == [file]


def test_a_user_without_a_name_is_shown_by_number() -> None:
    assert user_name(0) == "root" and user_name(4_000_000_000) == "4000000000"
