"""One run of a part: random numbers, time limit, output and violations."""

from __future__ import annotations

import sys
import threading
import time
from random import Random

MAX_PRINTED = 20
"""Violations of a part that are printed; the others are only counted."""


class PartRun:
    """A run of one part, which should take at most `seconds`."""

    def __init__(self, name: str, seed: int, seconds: float) -> None:
        self.name = name
        self.seed = seed
        self.random = Random(f"{seed}/{name}")
        self.violations: list[str] = []
        self.is_complete = True
        self._figures: list[str] = []
        self._started = time.monotonic()
        self._deadline = self._started + seconds
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Remaining seconds; negative after the time limit."""
        return self._deadline - time.monotonic()

    def say(self, text: str) -> None:
        """Print a line with the seconds since the start."""
        sys.stdout.write(f"{self.name:6} {time.monotonic() - self._started:6.1f} s  {text}\n")
        sys.stdout.flush()

    def wrong(self, text: str) -> None:
        """Record and print a violation."""
        with self._lock:
            self.violations.append(text)
            if len(self.violations) <= MAX_PRINTED:
                self.say(f"VIOLATION {text}")

    def check(self, holds: object, text: str) -> bool:
        """Record the text as a violation unless the condition holds; return whether it does."""
        if not holds:
            self.wrong(text)
        return bool(holds)

    def figure(self, text: str) -> None:
        """Print a figure and repeat it in the verdict."""
        self.say(text)
        self._figures.append(text)

    def short(self, text: str) -> None:
        """Mark the run as incomplete."""
        self.is_complete = False
        self.figure(f"NOT COMPLETE: {text}")

    @property
    def is_clean(self) -> bool:
        """True if the run is complete and has no violations."""
        return self.is_complete and not self.violations

    def verdict(self) -> str:
        """Return the summary of the run: result, duration and figures."""
        failure = f"{len(self.violations)} VIOLATIONS" if self.violations else "no violation"
        outcome = "ok" if self.is_clean else failure
        return "\n    ".join([f"{self.name}: {outcome}, {time.monotonic() - self._started:.0f} s", *self._figures])
