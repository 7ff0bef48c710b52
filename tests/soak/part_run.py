"""One run of a part: its randomness, its time, what it prints, and what it found wrong."""

from __future__ import annotations

import sys
import threading
import time
from random import Random

MOST_TOLD = 20
"""Violations of a part that are printed; the others are counted."""


class PartRun:
    """The part of one part. `seconds` is the time that it should keep to where its size allows."""

    def __init__(self, name: str, seed: int, seconds: float) -> None:
        self.name = name
        self.seed = seed
        self.random = Random(f"{seed}/{name}")
        self.violations: list[str] = []
        self.is_whole = True
        self._figures: list[str] = []
        self._began = time.monotonic()
        self._ends = self._began + seconds
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Seconds of its time that are left; below zero when it is over."""
        return self._ends - time.monotonic()

    def say(self, text: str) -> None:
        """Print a line, with the seconds since the start."""
        sys.stdout.write(f"{self.name:6} {time.monotonic() - self._began:6.1f} s  {text}\n")
        sys.stdout.flush()

    def wrong(self, text: str) -> None:
        """A promise was broken."""
        with self._lock:
            self.violations.append(text)
            if len(self.violations) <= MOST_TOLD:
                self.say(f"VIOLATION {text}")

    def check(self, holds: object, text: str) -> bool:
        """What holds is well; else the text says what is wrong."""
        if not holds:
            self.wrong(text)
        return bool(holds)

    def figure(self, text: str) -> None:
        """Print a figure that belongs into the verdict too."""
        self.say(text)
        self._figures.append(text)

    def short(self, text: str) -> None:
        """Less was done than the part promises."""
        self.is_whole = False
        self.figure(f"NOT COMPLETE: {text}")

    @property
    def is_clean(self) -> bool:
        """True when all was done and nothing was wrong."""
        return self.is_whole and not self.violations

    def verdict(self) -> str:
        """The last lines of the part: how it ended, and its figures."""
        wrong = f"{len(self.violations)} VIOLATIONS" if self.violations else "no violation"
        ended = "ok" if self.is_clean else wrong
        return "\n    ".join([f"{self.name}: {ended}, {time.monotonic() - self._began:.0f} s", *self._figures])
