"""Faults injected by strace: the Nth system call of a kind kills the process or fails, once or permanently."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.pair import program
from tests.soak.preloaded import RunResult

ERRORS = ("EIO", "ENOSPC", "EROFS")
MAX_CALLS = 400
"""Maximum number of calls of one kind to test."""


@dataclass(frozen=True, slots=True)
class Point:
    """A system call, its files (zone files, store, backup, anywhere), and its error (None: the process is killed).

    With `lasting`, every later call of this kind fails too, as on a disk that stays full.
    """

    call: str
    where: str
    error: str | None = None
    lasting: bool = False

    def __str__(self) -> str:
        fault = "killed" if self.error is None else f"{self.error}{' permanently' if self.lasting else ''}"
        return f"{self.call} ({self.where}) {fault}"

    @property
    def kind(self) -> str:
        """The name under which it is counted."""
        if self.error is None:
            return f"kill points ({self.where})"
        return f"failures ({self.where}) {'permanent' if self.lasting else 'once'}"

    def injection(self, number: int) -> str:
        """Return strace's option for the call of that number, counted per thread."""
        fault = "signal=KILL" if self.error is None else f"error={self.error}"
        return f"inject={self.call}:{fault}:when={number}{'+' if self.lasting else ''}"

    def strace(self, number: int) -> tuple[str, ...]:
        """Return the strace command that injects the fault at the call of that number."""
        return program("strace"), "-e", f"trace={self.call}", "-e", "signal=none", "-e", self.injection(number)

    def is_reached(self, number: int, trace: str) -> bool:
        """Return True if a thread reached the call of that number."""
        calls = Counter(line.split()[0] for line in trace.splitlines() if f" {self.call}(" in line)
        return max(calls.values(), default=0) >= number


@dataclass(slots=True)
class SweepResult:
    """Number of runs with the fault, and violations after them; `finished` if the last run did not reach the fault."""

    point: Point
    faulted: int = 0
    finished: bool = False
    violations: list[str] = field(default_factory=list)


def sweep_point(point: Point, deadline: float, attempt: Callable[[Point, int], tuple[bool, list[str]]]) -> SweepResult:
    """Test a fault from its first call to its last, until `deadline` (monotonic seconds).

    `attempt` returns whether the call of that number was reached, and the violations.
    """
    result = SweepResult(point)
    while not result.finished and result.faulted < MAX_CALLS and time.monotonic() < deadline:
        reached, violations = attempt(point, result.faulted + 1)
        result.violations += violations
        result.faulted += reached
        result.finished = not reached
    return result


def unexpected_ends(point: Point, run: RunResult) -> Iterator[str]:
    """Yield a violation unless a failed run exited by itself and with an expected error."""
    if run.status is None:
        yield f"it did not exit: {run.output[-600:]}"
    elif point.error is not None and run.status not in (0, 1):
        yield f"it exited with {run.status}: {run.output[-600:]}"
    elif point.error is not None:
        _, traceback, after = run.output.rpartition("Traceback (most recent call last)")
        if traceback and "event=" not in after:
            yield f"it exited with an unexpected exception: {run.output[-600:]}"
