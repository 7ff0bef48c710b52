"""Child programs: start them, restart them when they exit, and stop them when their parent ends, however it ends."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from appliance.child_processes import RestartDelay, end_with_parent
from appliance.errors import ApplianceError
from appliance.files import Owner

log = logging.getLogger(__name__)

END_TIMEOUT = 10.0
"""Seconds after SIGTERM before SIGKILL."""
MAX_LOG_SIZE = 10_000_000
"""Octets above which a log is rotated when its child starts."""
_TAIL = 4096
"""Octets at the end of a log in which its last line is looked for."""
_ENDING = re.compile(r"exiting( \(due to fatal error\))?$")


@dataclass(slots=True)
class Child:
    """A program to keep running, as `owner` or the current user; its output goes to `log_file`."""

    name: str
    argv: Sequence[str]
    log_file: Path
    environment: Mapping[str, str]
    owner: Owner | None = None
    prepare: Callable[[], object] = lambda: None
    """Called before each start; if it raises ApplianceError the program starts all the same."""
    ends: int = 0
    """How often it has ended by itself."""
    last_end: str = ""
    """How it last ended: its exit status, and the last line of its log."""
    _process: subprocess.Popen[bytes] | None = None
    _delay: RestartDelay = field(default_factory=RestartDelay)

    def start(self, now: float) -> None:
        """Prepare and start the program; the kernel sends it SIGTERM if this process dies."""
        self._delay.start(now)
        try:
            self.prepare()
        except ApplianceError as failed:
            log.warning("event=child-not-prepared child=%s reason=%r", self.name, str(failed))
        with self._open_log() as out:
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
        """Restart the program if it has exited, with a delay that grows while it exits early or cannot be started."""
        if self._process is None or self._process.poll() is None:
            return
        if not self._delay.seconds_left(now):
            self.ends += 1
            status, line = self._process.returncode, self._last_line()
            self.last_end = f"it ended with status {status}: {line}"
            log.warning("event=child-ended child=%s status=%s line=%r", self.name, status, line)
            try:
                self.start(now)
            except (OSError, subprocess.SubprocessError) as failed:  # the others must go on
                self.last_end = f"it cannot be started: {failed}"
                log.warning("event=child-not-started child=%s reason=%r", self.name, str(failed))

    def _open_log(self) -> IO[bytes]:
        """Open the log, after rotation if it is long; only the child's user, who may open it again, can read it."""
        if self.log_file.exists() and self.log_file.stat().st_size > MAX_LOG_SIZE:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        out = self.log_file.open("ab")
        os.fchmod(out.fileno(), 0o600)
        if self.owner:
            os.fchown(out.fileno(), self.owner.uid, self.owner.gid)
        return out

    def _last_line(self) -> str:
        """Return the last line of its log that says something; named ends its own with the fact that it ends."""
        try:
            with self.log_file.open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
                lines = file.read().decode(errors="replace").splitlines()
        except OSError:  # somebody has removed it
            return ""
        return next((line for line in reversed(lines) if line.strip() and not _ENDING.search(line)), "")

    def terminate(self) -> None:
        """Send SIGTERM if the program runs."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def wait(self, deadline: float) -> None:
        """Wait until it has exited; send SIGKILL at the deadline (monotonic seconds)."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("event=child-killed child=%s", self.name)
            self._process.kill()
            self._process.wait()


def stop_all(children: Sequence[Child]) -> None:
    """Stop the children, the last started first."""
    deadline = time.monotonic() + END_TIMEOUT
    for child in reversed(children):
        child.terminate()
    for child in children:
        child.wait(deadline)


def _bound_to(parent: int, owner: Owner | None) -> Callable[[], None]:
    """Return what the child runs before its program: drop privileges, request SIGTERM at the parent's death."""

    def bind() -> None:
        if owner and os.geteuid() == 0:
            os.setgroups([])
            os.setgid(owner.gid)
            os.setuid(owner.uid)
        end_with_parent(parent)  # after setuid, which would clear it

    return bind
