"""A zone is in one lane at a time and not too often, and its newest standing is the one that starts."""

from __future__ import annotations

from appliance.deploy.waiting import Waiting
from tests.deploy.standing import standing


def test_the_newest_standing_starts() -> None:
    zones = Waiting(0.05)
    zones.want(standing(serial=1))
    newest = standing(serial=2)
    zones.want(newest)
    assert zones.take_ready(0.0) == [newest]
    assert zones.take_ready(0.0) == []


def test_a_busy_zone_waits_and_then_rests() -> None:
    zones, zone = Waiting(0.05), standing()
    zones.want(zone)
    zones.take_ready(10.0)
    zones.want(zone)
    assert zones.take_ready(10.2) == []
    zones.release(zone.name)
    assert zones.take_ready(10.2) == [zone]
    zones.release(zone.name)
    zones.want(zone)
    assert zones.take_ready(10.22) == []
    assert list(zones.moments()) == [10.25]
    assert zones.take_ready(10.25) == [zone]


def test_others_do_not_wait_for_a_busy_zone() -> None:
    zones, one, other = Waiting(0.05), standing("one.example"), standing("other.example")
    zones.want(one)
    zones.take_ready(0.0)
    zones.want(other)
    assert zones.take_ready(0.0) == [other]


def test_zones_that_moved_since_a_picture_are_known() -> None:
    zones = Waiting(0.05)
    busy, started, wanted, still = (standing(f"{word}.example") for word in ("busy", "started", "wanted", "still"))
    zones.want(busy)
    zones.take_ready(0.0)
    zones.begin_picture()
    zones.want(started)
    zones.take_ready(0.0)
    zones.release(started.name)
    zones.want(wanted)
    assert [zones.stood_still(one) for one in (busy, started, wanted, still)] == [False, False, False, True]


def test_it_is_empty_when_nothing_waits_or_runs() -> None:
    zones, zone = Waiting(0.0), standing()
    assert not zones
    zones.want(zone)
    assert zones
    zones.take_ready(0.0)
    assert zones
    zones.release(zone.name)
    assert not zones
