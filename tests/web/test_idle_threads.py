"""Idle threads: the one that became idle last is woken first, and none without work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from appliance.web.fair_threads import FairDispatcher
from appliance.web.idle_threads import IdleThreads
from tests.pair import wait_for

THREADS = 4


class Request:
    """A request that notes the thread that answers it."""

    def __init__(self) -> None:
        self.thread: int | None = None

    def service(self) -> None:
        """Note this thread."""
        self.thread = threading.get_ident()

    def cancel(self) -> None:
        """Do nothing."""


@contextmanager
def waiting(idle: IdleThreads, lock: threading.Lock, woken: list[int]) -> Iterator[None]:
    """Let three threads wait, one after the other, each of which appends its number to `woken`."""

    def wait(number: int) -> None:
        with lock:
            begun.release()
            idle.wait()
            woken.append(number)

    begun, threads = threading.Semaphore(0), []
    for number in range(3):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        begun.acquire()
    with lock:  # the last thread has released it, so it waits
        pass
    yield
    for thread in threads:
        thread.join()


def test_the_thread_that_became_idle_last_is_woken_first() -> None:
    lock, woken = threading.Lock(), list[int]()
    idle = IdleThreads(lock)
    with waiting(idle, lock, woken):
        for count in (1, 2):
            with lock:
                idle.notify()
            wait_for(lambda count=count: len(woken) == count, "a thread was woken")  # type: ignore[misc]
        assert woken == [2, 1]
        with lock:
            idle.notify_all()
    assert woken == [2, 1, 0]
    with lock:
        idle.notify()
        idle.notify_all()


def test_one_request_after_the_other_is_answered_by_one_thread() -> None:
    dispatcher = FairDispatcher(2, lambda _request: "client")
    dispatcher.set_thread_count(THREADS)
    requests = [Request() for _ in range(3 * THREADS)]
    for request in requests:
        wait_for(lambda: dispatcher.active_count == 0, "all threads are idle")
        dispatcher.add_task(request)
        wait_for(lambda one=request: one.thread is not None, "the request was answered")  # type: ignore[misc]
    assert len({request.thread for request in requests}) == 1
    dispatcher.shutdown()
