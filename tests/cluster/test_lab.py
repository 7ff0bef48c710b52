"""What these checks rest on: a lab is nobody else's to take or to end, and those who ask see every gap."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from appliance.nameserver.programs import run
from tests.cluster.lab import Lab
from tests.cluster.playbook import ROOT
from tests.cluster.questions import Questions
from tests.pair import wait_for


def lab_says(folder: Path, *words: str, status: int = 0) -> str:
    """What the program of the lab prints."""
    command = ("env", f"--chdir={ROOT}", sys.executable, "-m", "tests.cluster.lab", "--folder", str(folder), *words)
    return run(command, timeout=60, accept=(status,)).output


def test_a_lab_that_is_up_is_not_taken(lab: Lab) -> None:
    assert "a lab is up" in lab_says(lab.folder, "up", status=1)
    with pytest.raises(FileExistsError), Lab(lab.folder, Path()):
        pass
    assert lab.key.exists()


def test_a_number_that_a_dead_lab_left_ends_nobody(tmp_path: Path) -> None:
    (tmp_path / "owner").write_text(f"{os.getpid()}\n")
    assert lab_says(tmp_path, "down") == ""
    assert "no lab is up" in lab_says(tmp_path, "run", "true", status=1)


def test_a_gap_that_does_not_end_is_a_gap() -> None:
    with Questions(lambda: "no answer") as asked:
        wait_for(lambda: asked.asked > 10, "ten questions")
    assert asked.longest_gap > 0.1
    assert len(asked.lost) == asked.asked
