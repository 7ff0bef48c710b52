"""Killed anywhere, a backup or a restore leaves a whole file: the one of before or the one of after."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.recovery.crash_runs import make_template
from tests.workspace import Workspace

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("what", ["backup", "restore"])
def test_a_kill_at_any_touch_of_a_file_leaves_a_whole_one(workspace: Workspace, tmp_path: Path, what: str) -> None:
    template = tmp_path / "template"
    make_template(workspace, template)
    argv = (sys.executable, "-m", "tests.recovery.crash_runs", what, str(template), str(tmp_path / "work"))
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=100, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) > 5
