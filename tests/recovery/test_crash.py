"""A backup or a restore that is killed anywhere leaves a complete file: the former one or the new one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.recovery.crash_runs import make_template
from tests.workspace import Workspace

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("what", ["backup", "restore"])
def test_a_kill_at_any_file_operation_leaves_a_complete_file(workspace: Workspace, tmp_path: Path, what: str) -> None:
    template = tmp_path / "template"
    make_template(workspace, template)
    argv = (sys.executable, "-m", "tests.recovery.crash_runs", what, str(template), str(tmp_path / "work"))
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=100, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) > 5
