"""Handle the ends of a deployer's jobs, as its loop does."""

from __future__ import annotations

import select
from collections.abc import Callable

from appliance.deploy.context import DeployerContext
from tests.pair import wait_for


def handle_jobs_until(context: DeployerContext, condition: Callable[[], object], what: str) -> None:
    """Handle the ends of jobs until the condition is true; fail with `what` if it does not become so."""

    def holds() -> bool:
        select.select([context.workers], [], [], 0.01)
        context.workers.run_callbacks()
        return bool(condition())

    wait_for(holds, what)
