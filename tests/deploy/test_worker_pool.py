"""Jobs run beside the loop, and every end reaches it."""

from __future__ import annotations

import select
import threading

from appliance.deploy.worker_pool import ZONE_WORKERS, Worker, WorkerPool
from appliance.errors import ApplianceError, NotFound
from tests.pair import wait_for
from tests.workspace import Workspace


def ends_of(lanes: WorkerPool, count: int, ended: list[object]) -> None:
    poll = select.poll()
    poll.register(lanes, select.POLLIN)

    def all_came() -> bool:
        poll.poll(100)
        lanes.take_ends()
        return len(ended) == count

    wait_for(all_came, "the ends of all jobs")


def test_results_and_failures_reach_the_loop(workspace: Workspace) -> None:
    lanes, ended = WorkerPool(workspace.store), list[object]()

    def refuse() -> None:
        raise NotFound("nothing there")

    def break_down() -> None:
        raise ZeroDivisionError

    lanes.start(lambda: 7, ended.append, ended.append)
    lanes.start(refuse, ended.append, ended.append)
    lanes.start(break_down, ended.append, ended.append)
    ends_of(lanes, 3, ended)
    lanes.close()
    assert 7 in ended
    assert sorted(type(end).__name__ for end in ended) == ["ApplianceError", "NotFound", "int"]
    assert all(isinstance(end, ApplianceError | int) for end in ended)


def test_ends_are_called_in_the_loop_alone(workspace: Workspace) -> None:
    lanes, ended = WorkerPool(workspace.store), list[object]()
    jobs, ends = list[int](), list[int]()

    def done(job: int) -> None:
        jobs.append(job)
        ends.append(threading.get_ident())
        ended.append(job)

    lanes.start(threading.get_ident, done, ended.append)
    ends_of(lanes, 1, ended)
    lanes.close()
    assert ends == [threading.get_ident()] != jobs


def test_no_kind_of_work_waits_for_another(workspace: Workspace) -> None:
    lanes, ended, gate = WorkerPool(workspace.store), list[object](), threading.Event()
    others = [worker for worker in Worker if worker is not Worker.ZONES]
    try:
        for _ in range(2 * ZONE_WORKERS):
            lanes.start(lambda: gate.wait(30), lambda _: None, lambda _: None, Worker.ZONES)
        for worker in others:
            lanes.start(lambda worker=worker: worker, ended.append, ended.append, worker)  # type: ignore[misc]
        ends_of(lanes, len(others), ended)
    finally:
        gate.set()
        lanes.close()
    assert set(ended) == set(others)
