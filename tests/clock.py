"""A clock of a running API and deployer that a test can step; nameservers and tests keep the true time.

It uses libfaketime (Debian's package faketime). BIND's programs hang under it: so the checker runs at the true time,
and `rndc`, whose messages would be refused for their time, is replaced by a program that fails.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.appliance import START_SECONDS, Appliance
from tests.pair import program, wait_for

PROGRAMS = ("deployer", "serve")
END_SECONDS = 30.0
_BEGIN = """
import select, time
time.sleep = lambda seconds: select.select((), (), (), seconds)
from appliance.cli import main
main()
"""
"""The program `appliance` with another `time.sleep`: clock_nanosleep fails under libfaketime 0.9.10."""


class Clock:
    """The file from which libfaketime reads the offset at each call."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.step("+0")

    def step(self, offset: str) -> None:
        """Set the offset from the true time, in the format of libfaketime: `-1d`, `+10y`, `+0`."""
        draft = self._file.with_suffix(".new")
        draft.write_text(offset)
        draft.replace(self._file)

    def environment(self) -> dict[str, str]:
        """Return the environment of a program under this clock; its monotonic clock is the true one."""
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
        own = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "DNS_APPLIANCE_DEPLOYER_NAMED_CHECKZONE": str(self._checker()),
            "DNS_APPLIANCE_DEPLOYER_RNDC": program("false"),
        }
        return {**os.environ, **own}

    def _checker(self) -> Path:
        script = self._file.with_name("named-checkzone-now")
        script.write_text(f'#!/bin/sh\nunset LD_PRELOAD\nexec {program("named-checkzone")} "$@"\n')
        script.chmod(0o755)
        return script


@contextmanager
def stepped(appliance: Appliance) -> Iterator[Clock]:
    """Run API and deployer under a clock of their own for the block; stop `run`, their parent, meanwhile."""
    clock = Clock(appliance.state / "clock")
    with ExitStack() as undo:
        assert appliance.process
        appliance.process.send_signal(signal.SIGSTOP)
        undo.callback(appliance.process.send_signal, signal.SIGCONT)
        for name in PROGRAMS:
            undo.callback(_end, _in_place_of(appliance, name, clock))
        wait_for(lambda: _answers(appliance), "the API answers under the clock", START_SECONDS)
        yield clock


def _in_place_of(appliance: Appliance, name: str, clock: Clock) -> subprocess.Popen[bytes]:
    former = appliance.child(f"appliance {name}")
    assert former
    os.kill(former, signal.SIGKILL)
    wait_for(lambda: appliance.child(f"appliance {name}") is None, f"{name} has ended")
    with (appliance.state / "logs" / f"{name}.log").open("ab") as out:
        argv = (sys.executable, "-c", _BEGIN, name, "--state", str(appliance.state))
        return subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT, env=clock.environment())


def _answers(appliance: Appliance) -> bool:
    try:
        return appliance.get("/healthz").ok
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(END_SECONDS)
