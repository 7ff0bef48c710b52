"""When the next reconciliation is due: after the usual interval, sooner after a failure, later with very many zones."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

FIRST_RETRY = 1.0
"""Seconds from a failure to the next reconciliation; doubled with each that finds one, up to the usual interval."""


REST = 3
"""So many times as long as the last comparison took passes until the next: it takes a quarter of the time at most."""


@dataclass(slots=True)
class ReconcileSchedule:
    """The time of the next reconciliation, in seconds of `monotonic`; the first is due at once.

    `interval` is the usual time between two. It is longer if a comparison takes more than a quarter of it.
    """

    interval: float
    monotonic: Callable[[], float]
    _usual: float = field(init=False)
    _early: float = math.inf
    _began: float = 0.0
    _took: float = 0.0
    _retry: float = FIRST_RETRY

    def __post_init__(self) -> None:
        self._usual = self.monotonic()

    @property
    def due(self) -> float:
        """Return when the next reconciliation is due."""
        return min(self._usual, self._early)

    def retry_soon(self) -> None:
        """Schedule a reconciliation soon, after a failure that it may repair; several failures count as one."""
        if math.isinf(self._early):
            self._early = self.monotonic() + max(self._retry, self._took)
            self._retry = min(self._retry * 2, self.interval)

    def make_due(self) -> None:
        """Make the next reconciliation due now."""
        self._early = self.monotonic()

    def start(self) -> None:
        """Note that a reconciliation has started."""
        self._began, self._early = self.monotonic(), math.inf
        self._usual = self._began + self.interval

    def note_compared(self) -> None:
        """Note that everything was compared."""
        now = self.monotonic()
        self._took = now - self._began
        self._usual = max(self._usual, now + REST * self._took)

    def reset_retries(self) -> None:
        """Note that nothing was left to do: the next failure is retried quickly again."""
        self._retry = FIRST_RETRY
