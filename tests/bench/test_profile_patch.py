"""The profile of a PATCH: it runs, and counts the statements of one request."""

from __future__ import annotations

import pstats
from pathlib import Path

import pytest

from bench import profile_patch


def test_it_prints_the_time_and_each_stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "patch.prof"
    profile_patch.main(["--rounds", "20", "--output", str(output)])
    printed = capsys.readouterr().out
    assert "processor time of a PATCH: median" in printed
    assert all(stage in printed for stage, _, _ in profile_patch.STAGES)
    entries = vars(pstats.Stats(str(output)))["stats"]
    for stage, file, function in profile_patch.STAGES:
        if "SQL" not in stage:  # a statement with constant text is not built, a kept connection not opened
            assert profile_patch.calls_and_seconds(entries, file, function)[0] >= 20, stage


def test_a_function_that_was_not_called_has_no_calls() -> None:
    assert profile_patch.calls_and_seconds({}, "store/journal.py", "append") == (0, 0.0)
