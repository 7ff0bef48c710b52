"""Jobs run beside the loop, and every result reaches it."""

from __future__ import annotations

import select
import threading

import pytest

from appliance.deploy.worker_pool import ZONE_WORKERS, Worker, WorkerPool
from appliance.errors import ApplianceError, NotFound
from tests.pair import wait_for
from tests.workspace import Workspace, current_database


def ends_of(workers: WorkerPool, count: int, ended: list[object]) -> None:
    poll = select.poll()
    poll.register(workers, select.POLLIN)

    def all_came() -> bool:
        poll.poll(100)
        workers.run_callbacks()
        return len(ended) == count

    wait_for(all_came, "the ends of all jobs")


def test_results_and_failures_reach_the_loop(workspace: Workspace) -> None:
    workers, ended = WorkerPool(workspace.store), list[object]()

    def refuse() -> None:
        raise NotFound("nothing there")

    def break_down() -> None:
        raise ZeroDivisionError

    workers.start(lambda: 7, ended.append, ended.append)
    workers.start(refuse, ended.append, ended.append)
    workers.start(break_down, ended.append, ended.append)
    ends_of(workers, 3, ended)
    workers.close()
    assert 7 in ended
    assert sorted(type(end).__name__ for end in ended) == ["ApplianceError", "NotFound", "int"]
    assert all(isinstance(end, ApplianceError | int) for end in ended)


def test_callbacks_are_called_in_the_loop_alone(workspace: Workspace) -> None:
    workers, ended = WorkerPool(workspace.store), list[object]()
    jobs, ends = list[int](), list[int]()

    def done(job: int) -> None:
        jobs.append(job)
        ends.append(threading.get_ident())
        ended.append(job)

    workers.start(threading.get_ident, done, ended.append)
    ends_of(workers, 1, ended)
    workers.close()
    assert ends == [threading.get_ident()] != jobs


def test_after_an_error_in_one_callback_the_others_are_called_by_the_next_step(workspace: Workspace) -> None:
    workers, ended = WorkerPool(workspace.store), list[object]()

    def fail(_: object) -> None:
        raise ZeroDivisionError

    def wait() -> None:
        begun.set()
        gate.wait(30)

    begun, gate, poll = threading.Event(), threading.Event(), select.poll()
    poll.register(workers, select.POLLIN)
    workers.start(lambda: 1, fail, ended.append)
    workers.start(lambda: 2, ended.append, ended.append)
    workers.start(wait, lambda _: None, ended.append)
    try:
        assert begun.wait(30), "both jobs before it have ended"
        with pytest.raises(ZeroDivisionError):
            workers.run_callbacks()
        assert poll.poll(0), "the next step is not waited for"
        workers.run_callbacks()
    finally:
        gate.set()
        workers.close()
    assert ended == [2]


def test_no_kind_of_work_waits_for_another(workspace: Workspace) -> None:
    workers, ended, gate = WorkerPool(workspace.store), list[object](), threading.Event()
    others = [worker for worker in Worker if worker is not Worker.ZONES]
    try:
        for _ in range(2 * ZONE_WORKERS):
            workers.start(lambda: gate.wait(30), lambda _: None, lambda _: None, Worker.ZONES)
        for worker in others:
            workers.start(lambda worker=worker: worker, ended.append, ended.append, worker)  # type: ignore[misc]
        ends_of(workers, len(others), ended)
    finally:
        gate.set()
        workers.close()
    assert set(ended) == set(others)


def test_the_jobs_of_a_thread_share_its_connection(workspace: Workspace) -> None:
    workers, ended = WorkerPool(workspace.store), list[object]()

    def set_size() -> None:
        current_database().execute_sql("pragma cache_size = 321")

    def read_size() -> object:
        return current_database().execute_sql("pragma cache_size").fetchone()

    workers.start(set_size, ended.append, ended.append)
    workers.start(read_size, ended.append, ended.append)
    ends_of(workers, 2, ended)
    workers.close()
    assert ended[1] == (321,)
