"""When the next reconciliation is due: after the usual interval, and sooner after a failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

FIRST_RETRY = 1.0
"""Seconds from a failure to the next reconciliation; doubled with each failure, up to the usual interval."""


@dataclass(slots=True)
class ReconcileSchedule:
    """The time of the next reconciliation, in seconds of `monotonic`; the first is due at once.

    `interval` is the usual time between two.
    """

    interval: float
    monotonic: Callable[[], float]
    due: float = field(init=False)
    _retry: float = FIRST_RETRY

    def __post_init__(self) -> None:
        self.due = self.monotonic()

    def retry_soon(self) -> None:
        """Schedule a reconciliation soon, after a failure that it may repair."""
        self.due = min(self.due, self.monotonic() + self._retry)
        self._retry = min(self._retry * 2, self.interval)

    def make_due(self) -> None:
        """Make the next reconciliation due now."""
        self.due = self.monotonic()

    def start(self) -> None:
        """Note that a reconciliation has started."""
        self.due = self.monotonic() + self.interval

    def reset_retries(self) -> None:
        """Note that nothing was left to do: the next failure is retried quickly again."""
        self._retry = FIRST_RETRY
