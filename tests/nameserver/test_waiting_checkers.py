"""Checkers that wait: each is used once and replaced, and one that failed costs no verdict."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import dns.name
import pytest

from appliance.errors import MissingProgram
from appliance.nameserver.checks import ZoneChecker
from appliance.nameserver.programs import Started
from appliance.nameserver.version import Installed
from appliance.nameserver.waiting_checkers import WaitingCheckers
from tests.pair import program, small_zone, wait_for

VALID = dns.name.from_text("good.test")
COUNT = 3
RUN_UNTIL_KILLED = """
import sys, time
from appliance.nameserver.checks import ZoneChecker
with ZoneChecker("/bin/false", sys.argv[1]).started_ahead(3):
    time.sleep(1000)
"""


def install(folder: Path, release: str = "9.18.49") -> str:
    """Return a checker of that release, which notes its process id when it is started."""
    fake = folder / "checkconf"
    script = f'[ "$1" != -v ] || {{ echo {release}; exit; }}\necho $$ >> {folder}/started\n'
    fake.with_name("new").write_text(f'#!/bin/sh\n{script}exec {program("named-checkconf")} "$@"\n')
    fake.with_name("new").chmod(0o755)
    fake.with_name("new").rename(fake)
    return str(fake)


def started(folder: Path) -> list[int]:
    """Return the process id of each checker that was started, in their order."""
    notes = folder / "started"
    return [int(pid) for pid in notes.read_text().split("\n")[:-1]] if notes.exists() else []


def runs(pid: int) -> bool:
    """Return whether the process exists and has not ended."""
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def wait_for_starts(folder: Path, count: int) -> list[int]:
    wait_for(lambda: len(started(folder)) >= count, f"{count} checkers were started")
    assert len(started(folder)) == count
    return started(folder)


@pytest.fixture
def zone(tmp_path: Path) -> Path:
    path = tmp_path / "zone.staged"
    path.write_bytes(small_zone(VALID, 1))
    return path


@pytest.fixture
def checker(tmp_path: Path) -> Iterator[ZoneChecker]:
    """A checker with `COUNT` processes that wait, and without named-checkzone."""
    found = ZoneChecker("/bin/false", install(tmp_path), timeout=5)
    with found.started_ahead(COUNT):
        wait_for_starts(tmp_path, COUNT)
        yield found


def test_a_check_uses_one_that_waits_and_another_takes_its_place(
    checker: ZoneChecker, zone: Path, tmp_path: Path
) -> None:
    first = started(tmp_path)[0]
    assert checker.check({VALID: zone}) == {}
    wait_for(lambda: not runs(first), "it was used once")
    assert len(wait_for_starts(tmp_path, COUNT + 1)) == COUNT + 1


def test_more_checks_than_wait_start_their_own(checker: ZoneChecker, zone: Path, tmp_path: Path) -> None:
    for _ in range(3 * COUNT):
        assert checker.check({VALID: zone}) == {}
    wait_for_starts(tmp_path, 4 * COUNT)


def test_those_that_are_left_end_with_the_block(tmp_path: Path) -> None:
    with ZoneChecker("/bin/false", install(tmp_path)).started_ahead(COUNT):
        waiting = wait_for_starts(tmp_path, COUNT)
    assert not any(map(runs, waiting))


def test_they_end_with_a_process_that_is_killed(tmp_path: Path) -> None:
    process = subprocess.Popen((sys.executable, "-c", RUN_UNTIL_KILLED, install(tmp_path)))
    waiting = wait_for_starts(tmp_path, COUNT)
    process.kill()
    process.wait()
    wait_for(lambda: not any(map(runs, waiting)), "they have ended")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_one_that_was_killed_or_hangs_is_replaced_by_named_checkzone(
    zone: Path, tmp_path: Path, number: signal.Signals
) -> None:
    checker = ZoneChecker(program("named-checkzone"), install(tmp_path), timeout=0.5)
    with checker.started_ahead(COUNT):
        for pid in wait_for_starts(tmp_path, COUNT):
            os.kill(pid, number)
        for _ in range(COUNT):
            assert checker.check({VALID: zone}) == {}


def test_after_an_upgrade_those_of_the_former_release_are_ended(
    checker: ZoneChecker, zone: Path, tmp_path: Path
) -> None:
    former = started(tmp_path)
    install(tmp_path, "9.18.50")
    assert checker.check({VALID: zone}) == {}
    wait_for(lambda: not any(map(runs, former)), "none of the former release waits")
    wait_for_starts(tmp_path, 2 * COUNT)
    assert checker.check({VALID: zone}) == {}


def test_a_missing_program_is_an_error_until_it_is_there(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    checkers = WaitingCheckers(1, lambda: Installed((), 0), lambda _: Started((missing, "given")))
    with checkers.running():
        with pytest.raises(MissingProgram):
            checkers.take()
        Path(missing).symlink_to("/bin/echo")
        assert checkers.take().finish(timeout=10).output == "given\n"


def test_the_block_ends_also_if_it_ends_when_the_thread_begins() -> None:
    def run_many() -> None:
        for _ in range(3000):
            with WaitingCheckers(0, lambda: Installed((), 0), lambda _: Started(("/bin/true",))).running():
                pass

    thread, interval = threading.Thread(target=run_many, daemon=True), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        thread.start()
        thread.join(60)
    finally:
        sys.setswitchinterval(interval)
    assert not thread.is_alive()
