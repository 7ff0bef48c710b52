"""The attacks of a local user: an account on the same machine, with none of the appliance's groups."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.appliance import Appliance
from tests.security.conftest import Customer

STRANGER = 65533
"""A user id that owns nothing."""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def read_as_stranger(path: Path) -> bool:
    """Return whether a user without any group of the appliance can read this file."""
    argv = ("setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", "cat", str(path))
    return subprocess.run(argv, capture_output=True, check=False, timeout=30).returncode == 0


def files(appliance: Appliance) -> list[Path]:
    """Return all files of the state folder, but those that named has under a temporary name while it writes them."""
    found = (path for path in appliance.state.rglob("*") if not path.name.startswith("tmp-"))
    return [path for path in found if path.is_file() and not path.is_symlink()]


def test_no_file_is_open_to_other_users(appliance: Appliance, victim: Customer) -> None:
    victim.api.wait_until_live(victim.zone)
    opened = [str(path) for path in files(appliance) if path != appliance.printed and _for_others(path)]
    assert opened == []


def _for_others(path: Path) -> bool:
    modes = [one.stat().st_mode for one in (path, *path.parents)]
    return bool(modes[0] & stat.S_IRWXO) and all(mode & stat.S_IXOTH for mode in modes[1:])


@as_root
def test_another_user_reads_nothing(appliance: Appliance, victim: Customer) -> None:
    victim.api.wait_until_live(victim.zone)
    readable = [str(path) for path in files(appliance) if path != appliance.printed and read_as_stranger(path)]
    assert readable == []


def test_no_secret_is_in_a_process_list(appliance: Appliance) -> None:
    keys = [
        line for path in appliance.state.glob("keys/*.key") for line in path.read_text().split('"') if len(line) > 30
    ]
    assert keys
    listed = " ".join(appliance.running_processes().values())
    assert not [key for key in keys if key in listed]
