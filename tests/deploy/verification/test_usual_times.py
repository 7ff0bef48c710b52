"""The usual time of a secondary falls at once and rises slowly."""

from __future__ import annotations

import pytest

from appliance.deploy.verification.usual_times import LONGEST, LONGEST_FIRST, UsualTimes
from appliance.deploy.verification.watch import Transfer
from tests.deploy.builders import NS2, NS3


def test_the_usual_time_falls_at_once_and_rises_slowly() -> None:
    times = UsualTimes()
    for took, usual in ((0.016, 0.016), (0.008, 0.008), (0.016, 0.009), (3600.0, 0.01125)):
        times.note(NS2, Transfer.UPDATE, took)
        assert times.of(NS2, Transfer.UPDATE) == pytest.approx(usual)
    assert times.of(NS2, Transfer.NEW_ZONE) == times.of(NS3, Transfer.UPDATE) == 0.0


def test_the_first_transfer_of_a_secondary_may_have_taken_very_long() -> None:
    times = UsualTimes()
    times.note(NS2, Transfer.UPDATE, 3600.0)
    assert times.of(NS2, Transfer.UPDATE) == pytest.approx(1.25 * LONGEST_FIRST)


def test_slow_transfers_for_hours_do_not_have_a_secondary_queried_much_later() -> None:
    times = UsualTimes()
    for _ in range(1000):
        times.note(NS2, Transfer.UPDATE, 20.0)
    assert times.of(NS2, Transfer.UPDATE) == LONGEST
