"""One line in the log for each thing that is less than well: when it is first found, and once a minute after."""

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

LOOK_EVERY = 10.0
"""Seconds between two looks for what is less than well."""
TELL_AGAIN_AFTER = 60.0
"""Seconds after which the same thing is told again."""


@dataclass(slots=True)
class ProblemLog:
    """Looks in a lane, tells in the loop; times are seconds of `monotonic`."""

    nameservers: list[str]
    store: Store
    lanes: WorkerPool
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    _due: float = 0.0
    _told: dict[tuple[str, str], float] = field(default_factory=dict)

    def look_if_due(self) -> None:
        """Look again when it is time."""
        now = self.monotonic()
        if now >= self._due:
            self._due = now + LOOK_EVERY
            self.lanes.start(self._look, self.tell, _log_failure)

    def tell(self, troubles: list[Problem]) -> None:
        """Tell what is new, and again what was told a while ago; what is gone is told when it comes back."""
        now = self.monotonic()
        found = {(trouble.kind, trouble.subject): trouble for trouble in troubles}
        self._told = {key: told for key, told in self._told.items() if key in found}
        for key, trouble in found.items():
            if now - self._told.get(key, -TELL_AGAIN_AFTER) >= TELL_AGAIN_AFTER:
                self._told[key] = now
                log.warning("event=problem subject=%s text=%r do=%r", trouble.subject, trouble.text, trouble.remedy)

    def _look(self) -> list[Problem]:
        with self.store.reading():
            return find_problems(self.nameservers, self.clock())


def _log_failure(error: ApplianceError) -> None:
    log.warning("event=problem-check-failed reason=%r", str(error))
