"""Log each problem of the service: when it is first found, and once a minute while it lasts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from appliance.deploy.worker_pool import WorkerPool
from appliance.errors import ApplianceError
from appliance.problems import Problem, find_problems
from appliance.store.file.database import Store

log = logging.getLogger(__name__)

CHECK_INTERVAL = 10.0
"""Seconds between two searches for problems."""
REPORT_INTERVAL = 60.0
"""Seconds after which the same problem is logged again."""


@dataclass(slots=True)
class ProblemLog:
    """Searches for problems in a worker and logs them in the loop; times are seconds of `monotonic`."""

    nameservers: list[str]
    store: Store
    workers: WorkerPool
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    _due: float = 0.0
    _reported: dict[tuple[str, str], float] = field(default_factory=dict)

    def check_if_due(self) -> None:
        """Search again if it is time."""
        now = self.monotonic()
        if now >= self._due:
            self._due = now + CHECK_INTERVAL
            self.workers.start(self._find, self.report, _log_failure)

    def report(self, problems: list[Problem]) -> None:
        """Log new problems, and again those that last. A problem that is gone is new when it returns."""
        now = self.monotonic()
        found = {(problem.kind, problem.subject): problem for problem in problems}
        self._reported = {key: moment for key, moment in self._reported.items() if key in found}
        for key, problem in found.items():
            if now - self._reported.get(key, -REPORT_INTERVAL) >= REPORT_INTERVAL:
                self._reported[key] = now
                log.warning("event=problem subject=%s text=%r remedy=%r", problem.subject, problem.text, problem.remedy)

    def _find(self) -> list[Problem]:
        with self.store.reading():
            return find_problems(self.nameservers, self.clock())


def _log_failure(error: ApplianceError) -> None:
    log.warning("event=problem-check-failed reason=%r", str(error))
