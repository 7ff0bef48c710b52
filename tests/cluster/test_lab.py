"""Tests of the lab itself: a running lab cannot be replaced or stopped by mistake, and query loops record every gap."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from appliance.nameserver.programs import run
from tests.cluster.lab import Lab
from tests.cluster.playbook import ROOT
from tests.cluster.query_loops import QueryLoop
from tests.pair import wait_for


def lab_output(folder: Path, *words: str, status: int = 0) -> str:
    """Run the lab's program and return its output."""
    command = ("env", f"--chdir={ROOT}", sys.executable, "-m", "tests.cluster.lab", "--folder", str(folder), *words)
    return run(command, timeout=60, accept=(status,)).output


def test_a_running_lab_is_not_replaced(lab: Lab) -> None:
    assert "a lab is up" in lab_output(lab.folder, "up", status=1)
    with pytest.raises(FileExistsError), Lab(lab.folder, Path()):
        pass
    assert lab.key.exists()


def test_a_stale_process_id_is_not_killed(tmp_path: Path) -> None:
    (tmp_path / "owner").write_text(f"{os.getpid()}\n")
    assert lab_output(tmp_path, "down") == ""
    assert "no lab is up" in lab_output(tmp_path, "run", "true", status=1)


def test_a_gap_without_end_is_recorded() -> None:
    with QueryLoop(lambda: "no answer") as queries:
        wait_for(lambda: queries.sent > 10, "ten queries")
    assert queries.longest_gap > 0.1
    assert len(queries.failures) == queries.sent
