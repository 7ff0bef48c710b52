"""A reconciliation comes after the usual interval, and sooner after a failure."""

from __future__ import annotations

from appliance.deploy.reconciliation.reconcile_schedule import FIRST_RETRY, REST, ReconcileSchedule


class Seconds:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_is_due_at_once_and_the_next_an_interval_later() -> None:
    seconds = Seconds()
    schedule = ReconcileSchedule(30.0, seconds)
    assert schedule.due == 100.0
    schedule.start()
    assert schedule.due == 130.0


def test_failures_are_retried_later_each_time_up_to_the_interval() -> None:
    seconds = Seconds()
    schedule, waits = ReconcileSchedule(5.0, seconds), []
    for _ in range(5):
        schedule.start()
        schedule.retry_soon()
        waits.append(schedule.due - seconds.now)
    assert waits == [FIRST_RETRY, 2.0, 4.0, 5.0, 5.0]


def test_several_failures_before_the_next_reconciliation_count_as_one() -> None:
    seconds = Seconds()
    schedule, waits = ReconcileSchedule(30.0, seconds), []
    for _ in range(3):
        schedule.start()
        for _ in range(20):
            schedule.retry_soon()
        waits.append(schedule.due - seconds.now)
    assert waits == [FIRST_RETRY, 2.0, 4.0]


def test_after_a_success_the_next_failure_is_retried_quickly() -> None:
    seconds = Seconds()
    schedule = ReconcileSchedule(30.0, seconds)
    for _ in range(3):
        schedule.retry_soon()
    schedule.reset_retries()
    schedule.start()
    schedule.retry_soon()
    assert schedule.due == seconds.now + FIRST_RETRY


def test_a_failure_delays_nothing_and_the_next_can_be_made_due_now() -> None:
    seconds = Seconds()
    schedule = ReconcileSchedule(30.0, seconds)
    schedule.start()
    schedule.retry_soon()
    schedule.retry_soon()
    assert schedule.due == seconds.now + FIRST_RETRY
    schedule.make_due()
    assert schedule.due == seconds.now


def test_a_comparison_of_very_many_zones_leaves_most_of_the_time_to_the_changes() -> None:
    seconds = Seconds()
    schedule = ReconcileSchedule(30.0, seconds)
    schedule.start()
    seconds.now += 5.0
    schedule.note_compared()
    assert schedule.due == seconds.now + 25.0
    schedule.start()
    seconds.now += 20.0
    schedule.note_compared()
    assert schedule.due == seconds.now + 20.0 * REST
    schedule.retry_soon()
    assert schedule.due == seconds.now + 20.0
