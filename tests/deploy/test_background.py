"""Jobs in threads: steps until they are stopped, also after a failure."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import pytest

from appliance.deploy.background import BackgroundJob, running
from appliance.errors import StoreError
from tests.pair import wait_for


@dataclass(slots=True)
class Job(BackgroundJob):
    """A job that fails or pauses as the test says, and has nothing left to do at the end."""

    failure = "event=example-failed"
    every = 0.0

    results: list[float | Exception]
    steps: list[None] = field(default_factory=list)

    def step(self) -> float | None:
        self.steps.append(None)
        result = self.results.pop(0) if self.results else None
        if isinstance(result, Exception):
            raise result
        return result


def test_a_step_that_fails_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    job = Job([0.0, StoreError("it is locked"), KeyError("x"), 0.0])
    job.run()
    assert len(job.steps) == 5
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "event=example-failed reason='it is locked'"),
        (logging.ERROR, "event=example-failed"),
    ]


def test_it_ends_with_the_block() -> None:
    job = Job([3600.0])
    with running(job):
        wait_for(lambda: job.steps, "the first step")
    assert len(job.steps) == 1
