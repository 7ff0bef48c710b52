"""Lanes of password verification: a bounded number run, a bounded number wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from appliance.errors import Busy
from appliance.web.password_slots import KNOWN_QUEUE, SLOTS, THREADS, UNKNOWN_QUEUE, Lane, PasswordSlots
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
