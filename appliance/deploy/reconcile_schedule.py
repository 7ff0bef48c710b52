"""When the next full turn is due: at its usual time, and sooner after a failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

FIRST_RETRY = 1.0
"""Seconds from a failure to the next full turn; doubled with each failure up to the usual time between full turns."""


@dataclass(slots=True)
class ReconcileSchedule:
    """`period` is the usual time between two full turns, in seconds of `monotonic`; the first is due at once."""

    period: float
    monotonic: Callable[[], float]
    due: float = field(init=False)
    _retry: float = FIRST_RETRY

    def __post_init__(self) -> None:
        self.due = self.monotonic()

    def soon(self) -> None:
        """Something failed that the next full turn may mend."""
        self.due = min(self.due, self.monotonic() + self._retry)
        self._retry = min(self._retry * 2, self.period)

    def at_once(self) -> None:
        """A full turn left some of its work to the next."""
        self.due = self.monotonic()

    def began(self) -> None:
        """A full turn has begun."""
        self.due = self.monotonic() + self.period

    def all_is_well(self) -> None:
        """A full turn found nothing to do: the next failure is retried quickly again."""
        self._retry = FIRST_RETRY
