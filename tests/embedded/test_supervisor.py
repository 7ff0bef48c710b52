"""A child that ends by itself: how often, why, and who may read its log."""

from __future__ import annotations

import itertools
import os
import shutil
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.embedded.supervisor import Child, stop_all
from appliance.errors import PublishFailed
from tests.pair import wait_for

EXITING = "print('27-Nov-2026 general: critical: exiting (due to fatal error)')"


def child_of(folder: Path, code: str) -> Child:
    return Child("broken", (sys.executable, "-c", code), folder / "broken.log", os.environ)


def supervise(child: Child, until_ended: int) -> None:
    """Restart the child until it has ended so often, on a clock that runs while it is looked at."""
    now = itertools.count(0, 0.01)

    def has_ended() -> bool:
        child.restart_if_dead(next(now))
        return child.ends >= until_ended

    child.start(0)
    try:
        wait_for(has_ended, "it has ended")
    finally:
        stop_all([child])


def test_it_says_why_a_child_ended(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    child = child_of(tmp_path, f"print('first'); print('dns.rname is wrong\\n'); {EXITING}; raise SystemExit(3)")
    supervise(child, until_ended=3)
    assert child.last_end == "it ended with status 3: dns.rname is wrong"
    assert "event=child-ended child=broken status=3 line='dns.rname is wrong'" in caplog.text


def test_a_child_that_logs_nothing_has_no_last_line(tmp_path: Path) -> None:
    child = child_of(tmp_path, "raise SystemExit(1)")
    supervise(child, until_ended=1)
    assert child.last_end == "it ended with status 1: "


def test_a_child_whose_log_was_removed_is_started_again_once_it_can_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logs, now = tmp_path / "logs", itertools.count(0, 0.01)
    logs.mkdir()
    child = child_of(logs, "raise SystemExit(1)")
    child.start(0)
    try:
        shutil.rmtree(logs)

        def has_written(text: str) -> bool:
            child.restart_if_dead(next(now))
            return text in caplog.text

        wait_for(lambda: has_written("event=child-not-started child=broken"), "it cannot be started")
        assert "No such file or directory" in child.last_end and "line=''" in caplog.text
        logs.mkdir()
        ends = child.ends
        wait_for(lambda: has_written("") and child.log_file.exists() and child.ends > ends, "it is started again")
    finally:
        stop_all([child])


def test_it_is_prepared_before_each_start_and_starts_whatever_comes_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    prepared: list[bool] = []

    def prepare() -> None:
        prepared.append((tmp_path / "started").exists())
        raise PublishFailed("hold back: Read-only file system")

    code = f"import pathlib; pathlib.Path({str(tmp_path / 'started')!r}).touch()"
    child = replace(child_of(tmp_path, code), prepare=prepare)
    supervise(child, until_ended=2)
    assert prepared[:2] == [False, True]
    assert "event=child-not-prepared child=broken reason='hold back: Read-only file system'" in caplog.text


def test_its_log_is_closed_to_others(tmp_path: Path) -> None:
    child = child_of(tmp_path, "")
    child.log_file.touch(0o644)
    child.start(0)
    stop_all([child])
    assert stat.S_IMODE(child.log_file.stat().st_mode) == 0o600
