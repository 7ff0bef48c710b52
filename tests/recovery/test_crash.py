"""Killed anywhere, a backup or a restore leaves a whole file: the one of before or the one of after."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.recovery.backup import back_up
from tests.desk import Desk

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("what", ["backup", "restore"])
def test_a_kill_at_any_touch_of_a_file_leaves_a_whole_one(desk: Desk, tmp_path: Path, what: str) -> None:
    template = tmp_path / "template"
    template.mkdir()
    desk.zone("first.example")
    back_up(desk.store.path, template / "backup.sqlite3", overwrite=False)
    desk.zone("second.example")
    for file in desk.store.path.parent.glob("store.sqlite3*"):
        shutil.copy(file, template)  # with its log, as a crash leaves it: nobody else writes here
    assert (template / "store.sqlite3-wal").stat().st_size
    argv = (sys.executable, "-m", "tests.recovery.crashing", what, str(template), str(tmp_path / "work"))
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=100, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) > 5
