"""How noisy the machine was."""

from __future__ import annotations

from bench.machine import Moment, moment, noise

STAT = "cpu  100 1 50 800 5 2 3 39 7 0\ncpu0 1 2 3\n"


def test_processor_time_is_the_sum_without_that_of_guests() -> None:
    assert (moment(STAT).ticks, moment(STAT).stolen) == (1000, 39)


def test_noise_is_the_share_that_was_stolen_during_the_run() -> None:
    found = noise(Moment(0.5, 1000, 39), Moment(1.5, 2000, 89))
    assert found == {"load before": 0.5, "load after": 1.5, "stolen processor time, %": 5.0}
