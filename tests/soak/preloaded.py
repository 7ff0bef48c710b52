"""`dns-appliance`, forked from a process that has its modules loaded: strace makes a second of the loading.

A line on standard input, the file for what a run says and the words of the command line as JSON, starts a run. Its
process id is the answer; the run waits for a signal, so that strace can be attached first, and its exit status is the
next answer.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import appliance.deploy.process  # noqa: F401 - loaded, as `cli` is, before the first run
from appliance import cli

GO = signal.SIGUSR1
LASTING = 1.0
"""Seconds that a lasting failure stays at least, when the run does not end by itself."""
_PR_SET_PTRACER, _ANYONE = 0x59616D61, -1


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: its exit status (negative: the signal; None: it did not end in time), and what it said."""

    status: int | None
    said: str
    trace: str = ""


class ReadyProgram:
    """The process to fork from; `folder` is where runs leave what they say, `timeout` the seconds that one may take."""

    def __init__(self, folder: Path, timeout: float) -> None:
        self._said, self._trace, self._timeout = folder / "said", folder / "trace", timeout
        argv = (sys.executable, "-m", "tests.soak.preloaded")
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def close(self) -> None:
        """End it."""
        with self._process:
            self._process.kill()

    def run(self, words: Sequence[str], strace: Sequence[str] = (), *, lasting: bool = False) -> Ended:
        """One run, traced by that command when one is given; a `lasting` failure ends when the run has not."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps((str(self._said), words)).encode() + b"\n")
        pid = int(self._answer(self._timeout))
        tracer = _attached(strace, self._trace, pid) if strace else None
        os.kill(pid, GO)
        status = self._answer_after(tracer) if tracer and lasting else self._answer(self._timeout)
        if not status:
            os.killpg(pid, signal.SIGKILL)
            self._answer(self._timeout)
        if tracer:
            tracer.communicate(timeout=self._timeout)
        trace = self._trace.read_text(errors="replace") if tracer else ""
        return Ended(int(status) if status else None, self._said.read_text(errors="replace"), trace)

    def _answer_after(self, tracer: subprocess.Popen[str]) -> bytes:
        """The answer of a run; one that does not end goes on without strace, some time after it met the fault."""
        while not (status := self._answer(LASTING)):
            if "(INJECTED)" in self._trace.read_text(errors="replace"):
                tracer.send_signal(signal.SIGINT)
                return self._answer(self._timeout)
        return status

    def _answer(self, seconds: float) -> bytes:
        """Its next line; nothing when none comes in time."""
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            return b""
        return self._process.stdout.readline()


def _attached(strace: Sequence[str], trace: Path, pid: int) -> subprocess.Popen[str]:
    """strace, once it says that it traces the process."""
    argv = (*strace, "-f", "-o", str(trace), "-p", str(pid))
    tracer = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert tracer.stderr
    told = tracer.stderr.readline()
    assert "attached" in told, f"strace may not trace here: {told}"
    return tracer


def main() -> None:
    """Fork for each line."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [GO])
    for line in iter(sys.stdin.readline, ""):
        pid = os.fork()
        if not pid:
            _run(*json.loads(line))
        os.write(1, b"%d\n" % pid)
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _run(said: str, words: Sequence[str]) -> None:
    """The run itself, as the program would be after its start; a group of its own, which a timeout kills."""
    os.setsid()
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYONE)  # Yama lets none but a parent trace, unless it is told
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(0, 1)
    signal.sigwait([GO])
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [GO])
    sys.argv = ["dns-appliance", *words]
    cli.main()


if __name__ == "__main__":
    main()
