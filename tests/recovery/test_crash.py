"""Killed anywhere, a backup or a restore leaves a whole file: the one of before or the one of after."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.recovery.crashing import make_template

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("what", ["backup", "restore"])
def test_a_kill_at_any_touch_of_a_file_leaves_a_whole_one(desk: Desk, tmp_path: Path, what: str) -> None:
    template = tmp_path / "template"
    make_template(desk, template)
    argv = (sys.executable, "-m", "tests.recovery.crashing", what, str(template), str(tmp_path / "work"))
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=100, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) > 5
