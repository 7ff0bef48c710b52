"""Lanes of password verification: a bounded number run, a bounded number wait."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from appliance.errors import Busy
from appliance.web.password_slots import (
    KNOWN_QUEUE,
    SLOTS,
    THREADS,
    UNKNOWN_QUEUE,
    Lane,
    PasswordSlots,
    create_password_slots,
)
from tests.pair import wait_for


def test_some_run_some_wait_and_more_are_refused() -> None:
    lane = Lane(1, 1)

    def run() -> str:
        with lane.slot():
            return "ran"

    with ThreadPoolExecutor(1) as threads, ExitStack() as held:
        held.enter_context(lane.slot())
        waiting = threads.submit(run)
        wait_for(lambda: lane.requests == 2, "one waits")
        with pytest.raises(Busy), lane.slot():
            pass
        held.close()
        assert waiting.result() == "ran"
    assert lane.requests == 0


def test_waiting_has_an_end() -> None:
    lane = Lane(1, 5, patience=0)
    with lane.slot():
        with pytest.raises(Busy), lane.slot():
            pass
        assert lane.requests == 1


def test_the_lanes_are_separate_and_hold_the_threads_that_the_server_has_for_them() -> None:
    slots = PasswordSlots()
    with ExitStack() as held:
        for _ in range(SLOTS):
            held.enter_context(slots.lane(is_known=False).slot())
        with slots.lane(is_known=True).slot():
            assert (slots.known.requests, slots.unknown.requests) == (1, SLOTS)
    assert THREADS == 2 * SLOTS + KNOWN_QUEUE + UNKNOWN_QUEUE


@pytest.mark.parametrize(("processes", "at_once"), [(1, SLOTS), (2, 1), (4, 1)])
def test_processes_verify_together_what_one_does_or_one_password_each(processes: int, at_once: int) -> None:
    lane, done, inside = create_password_slots(processes).lane(is_known=False), threading.Event(), []

    def verify() -> None:
        with lane.slot():
            inside.append(True)
            done.wait()

    with ThreadPoolExecutor(at_once + 1) as threads:
        running = [threads.submit(verify) for _ in range(at_once + 1)]
        wait_for(lambda: lane.requests == at_once + 1 and len(inside) == at_once, "one more waits")
        done.set()
        for one in running:
            one.result()
    assert len(inside) == at_once + 1
