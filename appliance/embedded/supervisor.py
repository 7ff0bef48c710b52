"""Child programs: started, watched, started again when they die, ended with their parent whatever ends that."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.files import Owner

log = logging.getLogger(__name__)

END_TIMEOUT = 10.0
"""Seconds that a child has to end after SIGTERM."""
LARGEST_LOG = 10_000_000
"""Octets of a log above which it is put aside when its child starts."""
_FIRST_DELAY, _LONGEST_DELAY, _STEADY = 0.1, 5.0, 30.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(slots=True)
class Child:
    """A program to keep running; `owner` None: as whoever runs this. What it says goes to `log_file`."""

    name: str
    argv: Sequence[str]
    log_file: Path
    environment: Mapping[str, str]
    owner: Owner | None = None
    _process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _delay: float = field(default=_FIRST_DELAY)

    def start(self, now: float) -> None:
        """Start the program; it gets SIGTERM from the kernel should this process die."""
        if self.log_file.exists() and self.log_file.stat().st_size > LARGEST_LOG:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        self._started = now
        with self.log_file.open("ab") as out:
            self._process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**self.environment, "LC_ALL": "C.UTF-8"},
                start_new_session=True,
                preexec_fn=_bound_to(os.getpid(), self.owner),  # noqa: PLW1509 - this process has one thread
            )

    def restart_if_dead(self, now: float) -> None:
        """Start the program again when it has ended; the sooner it died, the longer it waits."""
        if self._process is None or self._process.poll() is None:
            return
        if now - self._started > _STEADY:
            self._delay = _FIRST_DELAY
        if now - self._started >= self._delay:
            log.warning("event=child-ended child=%s status=%s", self.name, self._process.returncode)
            self._delay = min(self._delay * 2, _LONGEST_DELAY)
            self.start(now)

    def ask_to_end(self) -> None:
        """SIGTERM, when it runs."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def wait_for_end(self, deadline: float) -> None:
        """Wait until it has ended; SIGKILL at the deadline."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("event=child-killed child=%s", self.name)
            self._process.kill()
            self._process.wait()


def end_all(children: Sequence[Child]) -> None:
    """End the children, the last started first."""
    deadline = time.monotonic() + END_TIMEOUT
    for child in reversed(children):
        child.ask_to_end()
    for child in children:
        child.wait_for_end(deadline)


def _bound_to(parent: int, owner: Owner | None) -> Callable[[], None]:
    """What the child does before its program: drop privileges, then ask for SIGTERM at its parent's death."""

    def bind() -> None:
        if owner and os.geteuid() == 0:
            os.setgroups([])
            os.setgid(owner.gid)
            os.setuid(owner.uid)
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)  # after setuid, which would take it back
        if os.getppid() != parent:
            os._exit(1)

    return bind
