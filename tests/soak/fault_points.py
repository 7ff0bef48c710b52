"""Faults of a run under strace: killed at its Nth call of a kind, or that call fails, once or from then on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.pair import program
from tests.soak.preloaded import Ended

ERRORS = ("EIO", "ENOSPC", "EROFS")
MOST = 400
"""Calls of one kind that are tried at most."""


@dataclass(frozen=True, slots=True)
class Point:
    """A call, where it is made (zone files, the store, a backup, anywhere), and its error (None: killed).

    `lasting`: every later call of this kind fails as well, as on a disk that stays full.
    """

    call: str
    where: str
    error: str | None = None
    lasting: bool = False

    def __str__(self) -> str:
        fault = "killed" if self.error is None else f"{self.error}{' from then on' if self.lasting else ''}"
        return f"{self.call} ({self.where}) {fault}"

    @property
    def kind(self) -> str:
        """What it counts as."""
        if self.error is None:
            return f"kill points ({self.where})"
        return f"failures ({self.where}) {'that lasted' if self.lasting else 'that came once'}"

    def injection(self, number: int) -> str:
        """As strace takes it: the call of that number, counted for each thread."""
        fault = "signal=KILL" if self.error is None else f"error={self.error}"
        return f"inject={self.call}:{fault}:when={number}{'+' if self.lasting else ''}"

    def strace(self, number: int) -> tuple[str, ...]:
        """The command that brings it about at the call of that number."""
        return program("strace"), "-e", f"trace={self.call}", "-e", "signal=none", "-e", self.injection(number)

    def is_met(self, number: int, trace: str) -> bool:
        """True when a thread came as far as the call of that number."""
        calls = Counter(line.split()[0] for line in trace.splitlines() if f" {self.call}(" in line)
        return max(calls.values(), default=0) >= number


@dataclass(slots=True)
class Swept:
    """How many runs were touched, and what was wrong after them; `ended`: the last one ended untouched."""

    point: Point
    touched: int = 0
    ended: bool = False
    violations: list[str] = field(default_factory=list)


def sweep_point(point: Point, ends: float, attempt: Callable[[Point, int], tuple[bool, list[str]]]) -> Swept:
    """From its first call to its last; `attempt` tells whether that call was met, and what was wrong.

    `ends` is when the time is over, in monotonic seconds.
    """
    swept = Swept(point)
    while not swept.ended and swept.touched < MOST and time.monotonic() < ends:
        touched, violations = attempt(point, swept.touched + 1)
        swept.violations += violations
        swept.touched += touched
        swept.ended = not touched
    return swept


def complaints(point: Point, run: Ended) -> Iterator[str]:
    """A run that fails ends by itself, by an error that it tells of, and not by one that nobody thought of."""
    if run.status is None:
        yield f"it did not end: {run.said[-600:]}"
    elif point.error is not None and run.status not in (0, 1):
        yield f"it ended {run.status}: {run.said[-600:]}"
    elif point.error is not None:
        _, traceback, after = run.said.rpartition("Traceback (most recent call last)")
        if traceback and "event=" not in after:
            yield f"it ended by an error without a name: {run.said[-600:]}"
