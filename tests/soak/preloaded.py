"""Run `dns-appliance` in forks of a process that has loaded its modules, since loading them under strace is slow.

A line on standard input, a JSON array of the output file and the command's arguments, starts a run. The reply is its
process id; the run waits for a signal, so that strace can be attached first. The next reply is its exit status.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import appliance
from appliance import cli

GO = signal.SIGUSR1
LASTING = 1.0
"""Minimum seconds of a permanent failure if the run does not exit by itself."""
TRACED_PATIENCE = 3
"""How many times as long a traced run may take: strace stops it, and its children, twice at each call."""
DETACH_PATIENCE = 5.0
"""Seconds in which strace must detach."""
_PR_SET_PDEATHSIG, _PR_SET_PTRACER, _ANYONE = 1, 0x59616D61, -1
_libc = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class RunResult:
    """Exit status of a run (negative: signal; None: timeout), its output, and the trace."""

    status: int | None
    output: str
    trace: str = ""


class ReadyProgram:
    """The process to fork from; runs write their output to `folder` and must exit within `timeout` seconds."""

    def __init__(self, folder: Path, timeout: float) -> None:
        self._output, self._trace, self._timeout = folder / "output", folder / "trace", timeout
        argv = (sys.executable, "-m", "tests.soak.preloaded")
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def close(self) -> None:
        """Kill the process."""
        with self._process:
            self._process.kill()

    def run(self, words: Sequence[str], strace: Sequence[str] = (), *, lasting: bool = False) -> RunResult:
        """Run the command, traced if `strace` is given; stop a `lasting` failure if the run does not exit."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps((str(self._output), words)).encode() + b"\n")
        pid = int(self._read_reply(self._timeout))
        tracer = _attached(strace, self._trace, pid) if strace else None
        os.kill(pid, GO)
        patience = self._timeout * (TRACED_PATIENCE if tracer else 1)
        status = self._status_after_detach(tracer) if tracer and lasting else self._read_reply(patience)
        if not status:
            os.killpg(pid, signal.SIGKILL)
            self._read_reply(self._timeout)
        if tracer:
            tracer.communicate(timeout=self._timeout)
        trace = self._trace.read_text(errors="replace") if tracer else ""
        return RunResult(int(status) if status else None, self._output.read_text(errors="replace"), trace)

    def _status_after_detach(self, tracer: subprocess.Popen[str]) -> bytes:
        """Return the exit status; detach strace from a run that does not exit some time after the fault."""
        while not (status := self._read_reply(LASTING)):
            if "(INJECTED)" in self._trace.read_text(errors="replace"):
                _detach(tracer)
                return self._read_reply(self._timeout)
        return status

    def _read_reply(self, seconds: float) -> bytes:
        """Return the next line, empty on timeout."""
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            return b""
        return self._process.stdout.readline()


def _attached(strace: Sequence[str], trace: Path, pid: int) -> subprocess.Popen[str]:
    """Start strace and wait until it is attached to the process."""
    argv = (*strace, "-f", "-o", str(trace), "-p", str(pid))
    tracer = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert tracer.stderr
    line = tracer.stderr.readline()
    assert "attached" in line, f"strace cannot attach: {line}"
    return tracer


def _detach(tracer: subprocess.Popen[str]) -> None:
    """End strace. It would wait for ever for a thread that has just forked, and that waits for its stopped child."""
    tracer.send_signal(signal.SIGINT)
    try:
        tracer.wait(DETACH_PATIENCE)
    except subprocess.TimeoutExpired:
        tracer.kill()


def main() -> None:
    """Load every module, then fork a run for each line of standard input."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for module in pkgutil.walk_packages(appliance.__path__, "appliance."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    signal.pthread_sigmask(signal.SIG_BLOCK, [GO])
    for line in iter(sys.stdin.readline, ""):
        output, words = json.loads(line)
        waiting, ready = os.pipe()
        pid = os.fork()
        if not pid:
            _run(output, words, ready)
        os.close(ready)
        os.read(waiting, 1)
        os.close(waiting)
        os.write(1, b"%d\n" % pid)
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _run(output: str, words: Sequence[str], ready: int) -> None:
    """Run the program in a process group of its own, which a timeout kills; close `ready` once it can be traced.

    It ends with the process that forked it, also while it waits for its signal.
    """
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    _libc.prctl(_PR_SET_PTRACER, _ANYONE)  # Yama allows only a parent to trace by default
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(0, 1)
    os.close(ready)
    signal.sigwait([GO])
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [GO])
    sys.argv = ["dns-appliance", *words]
    cli.main()


if __name__ == "__main__":
    main()
