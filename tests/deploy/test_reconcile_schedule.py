"""A full turn comes at its usual time, and sooner after a failure."""

from __future__ import annotations

from appliance.deploy.reconcile_schedule import FIRST_RETRY, ReconcileSchedule


class Seconds:
    """The time that a test says it is."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_is_due_at_once_and_the_next_a_period_later() -> None:
    seconds = Seconds()
    pace = ReconcileSchedule(30.0, seconds)
    assert pace.due == 100.0
    pace.began()
    assert pace.due == 130.0


def test_failures_are_retried_later_each_time_up_to_the_period() -> None:
    seconds = Seconds()
    pace, waits = ReconcileSchedule(5.0, seconds), []
    for _ in range(5):
        pace.began()
        pace.soon()
        waits.append(pace.due - seconds.now)
    assert waits == [FIRST_RETRY, 2.0, 4.0, 5.0, 5.0]


def test_all_is_well_makes_the_next_failure_be_retried_quickly() -> None:
    seconds = Seconds()
    pace = ReconcileSchedule(30.0, seconds)
    for _ in range(3):
        pace.soon()
    pace.all_is_well()
    pace.began()
    pace.soon()
    assert pace.due == seconds.now + FIRST_RETRY


def test_a_failure_puts_nothing_off_and_the_rest_of_a_turn_comes_at_once() -> None:
    seconds = Seconds()
    pace = ReconcileSchedule(30.0, seconds)
    pace.began()
    pace.soon()
    pace.soon()
    assert pace.due == seconds.now + FIRST_RETRY
    pace.at_once()
    assert pace.due == seconds.now
