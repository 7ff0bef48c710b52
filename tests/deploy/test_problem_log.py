"""Each problem is logged when it is found, again while it lasts, and as new when it returns."""

from __future__ import annotations

import select
from collections.abc import Iterator

import pytest

from appliance.deploy.problem_log import CHECK_INTERVAL, REPORT_INTERVAL, ProblemLog
from appliance.deploy.worker_pool import WorkerPool
from appliance.problems import Problem
from tests.workspace import Workspace

LOST = Problem("nameserver", "ns2.example.net", "nameserver ns2.example.net is unreachable", "start it")
LATE = Problem("zone", "example.com", "zone example.com is not live", "wait")


class Seconds:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    """The time of the log."""
    return Seconds()


@pytest.fixture
def workers(workspace: Workspace) -> Iterator[WorkerPool]:
    """Workers for the workspace's store."""
    pool = WorkerPool(workspace.store)
    yield pool
    pool.close()


@pytest.fixture
def problem_log(workspace: Workspace, workers: WorkerPool, seconds: Seconds) -> ProblemLog:
    """A log of the problems of the workspace's store."""
    return ProblemLog([], workspace.store, workers, workspace.clock, seconds)


def subjects(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the subjects that were logged since the last call."""
    found = [str(one.args[0]) for one in caplog.records if "event=problem " in one.msg and isinstance(one.args, tuple)]
    caplog.clear()
    return found


def test_a_problem_is_logged_at_once_and_again_while_it_lasts(
    problem_log: ProblemLog, seconds: Seconds, caplog: pytest.LogCaptureFixture
) -> None:
    problem_log.report([LOST])
    assert subjects(caplog) == [LOST.subject]
    seconds.now += REPORT_INTERVAL - 1
    problem_log.report([LOST, LATE])
    assert subjects(caplog) == [LATE.subject]
    seconds.now += 1
    problem_log.report([LOST, LATE])
    assert subjects(caplog) == [LOST.subject]


def test_a_problem_that_returns_is_new(problem_log: ProblemLog, caplog: pytest.LogCaptureFixture) -> None:
    problem_log.report([LOST])
    problem_log.report([])
    subjects(caplog)
    problem_log.report([LOST])
    assert subjects(caplog) == [LOST.subject]


def test_a_line_names_the_problem_and_its_remedy(problem_log: ProblemLog, caplog: pytest.LogCaptureFixture) -> None:
    problem_log.report([LOST])
    (record,) = caplog.records
    expected = (
        "event=problem subject=ns2.example.net text='nameserver ns2.example.net is unreachable' remedy='start it'"
    )
    assert record.getMessage() == expected


def test_problems_are_searched_in_a_worker_at_intervals(
    problem_log: ProblemLog, workers: WorkerPool, seconds: Seconds, caplog: pytest.LogCaptureFixture
) -> None:
    poll = select.poll()
    poll.register(workers, select.POLLIN)

    def checked() -> bool:
        problem_log.check_if_due()
        return bool(poll.poll(0 if seconds.now == 101 else 30_000))

    assert checked()
    assert subjects(caplog) == []
    workers.run_callbacks()
    assert subjects(caplog) == ["deployer"]
    seconds.now = 101
    assert not checked()
    seconds.now = 100 + CHECK_INTERVAL
    assert checked()
