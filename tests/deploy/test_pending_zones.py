"""One start of a name at a time and not too often, the newest content first; no zone waits for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.deploy.pending_zones import LONGEST_BLOCK, PendingZones
from appliance.deploy.rollout import RolloutEvent, Stage
from appliance.store.deployments import ZoneStatus
from tests.deploy.builders import zone_status


def take_one(zones: PendingZones, now: float) -> list[ZoneStatus]:
    return zones.take(now, 1)


def end(zones: PendingZones, zone: ZoneStatus) -> None:
    """Let the zone fail: its name is free."""
    zones.advance(zone.name, RolloutEvent.REFUSED)


def many(count: int) -> list[ZoneStatus]:
    return [zone_status(f"zone-{number}.example") for number in range(count)]


def test_the_newest_status_starts() -> None:
    zones = PendingZones(0.05)
    zones.request(zone_status(serial=1))
    newest = zone_status(serial=2)
    zones.request(newest)
    assert zones.take(0.0, 50) == [newest]
    assert zones.take(0.0, 50) == []


def test_a_held_zone_waits_and_then_for_its_quiet_time() -> None:
    zones, zone = PendingZones(0.05), zone_status()
    zones.request(zone)
    zones.take(10.0, 50)
    zones.request(zone)
    assert zones.take(10.2, 50) == []
    end(zones, zone)
    assert zones.take(10.2, 50) == [zone]
    end(zones, zone)
    zones.request(zone)
    assert zones.take(10.22, 50) == []
    assert list(zones.next_starts()) == [10.25]
    assert zones.take(10.25, 50) == [zone]


def test_a_zone_whose_quiet_time_is_over_wakes_nobody() -> None:
    zones, zone = PendingZones(0.05), zone_status()
    zones.request(zone)
    zones.take(10.0, 50)
    zones.request(zone)
    end(zones, zone)
    zones.wake(11.0)
    assert list(zones.next_starts()) == []
    assert zones.take(11.0, 50) == [zone]


def test_others_do_not_wait_for_a_held_zone() -> None:
    zones, one, other = PendingZones(0.05), zone_status("one.example"), zone_status("other.example")
    zones.request(one)
    zones.take(0.0, 50)
    zones.request(other)
    assert zones.take(0.0, 50) == [other]


def test_a_name_is_held_until_the_primary_serves_it() -> None:
    zones, zone = PendingZones(0.0), zone_status()
    zones.request(zone)
    zones.take(0.0, 50)
    zones.request(zone)
    zones.advance(zone.name, RolloutEvent.HANDED_OVER)
    assert (zones.take(1.0, 50), zones.stage(zone.name)) == ([], Stage.LOADING)
    zones.advance(zone.name, RolloutEvent.PRIMARY_SERVES)
    assert zones.take(1.0, 50) == [zone]


def test_zones_that_changed_since_a_snapshot_are_known() -> None:
    zones = PendingZones(0.05)
    held, started, requested, still = (
        zone_status(f"{word}.example") for word in ("held", "started", "requested", "still")
    )
    zones.request(held)
    zones.take(0.0, 50)
    zones.begin_snapshot()
    zones.request(started)
    zones.take(0.0, 50)
    end(zones, started)
    zones.request(requested)
    assert [zones.is_unchanged(one) for one in (held, started, requested, still)] == [False, False, False, True]


def test_it_is_empty_when_nothing_waits_or_holds_its_name() -> None:
    zones, zone = PendingZones(0.0), zone_status()
    assert not zones
    zones.request(zone)
    assert zones
    zones.take(0.0, 50)
    assert zones
    end(zones, zone)
    assert not zones
    assert zones.stage(zone.name) is None


def test_of_many_the_newest_start_first_and_some_of_the_oldest() -> None:
    zones, waiting = PendingZones(0.0), many(10_000)
    for zone in waiting:
        zones.request(zone)
    assert zones.take(0.0, 5) == waiting[:-6:-1]
    assert zones.take(0.0, 50, oldest=10) == [*waiting[-6:-46:-1], *waiting[:10]]


def test_an_edit_to_a_zone_that_waits_makes_it_the_newest() -> None:
    zones, waiting = PendingZones(0.0), many(100)
    for zone in (*waiting, waiting[0]):
        zones.request(zone)
    assert take_one(zones, 0.0) == [waiting[0]]


def test_the_oldest_starts_though_newer_ones_keep_coming() -> None:
    zones, waiting, newer = PendingZones(0.0), many(1_000), many(40)
    for zone in waiting:
        zones.request(zone)
    started: set[str] = set()
    for _ in range(100):
        for zone in newer:
            end(zones, zone)
            zones.request(zone)
        started |= {str(zone.name) for zone in zones.take(0.0, 50, oldest=10)}
    assert {str(zone.name) for zone in waiting} <= started


def test_a_large_zone_starts_alone_and_small_ones_do_not_wait_for_it() -> None:
    zones, small, large = PendingZones(0.0), zone_status("small.example"), zone_status("large.example", records=9000)

    def is_large(one: ZoneStatus) -> bool:
        return one.record_count > 5000

    zones.request(large)
    zones.request(small)
    assert zones.take(0.0, 5, is_large=is_large) == [small]
    assert zones.take(0.0, 5, is_large=is_large) == []
    zones.request(zone_status("other.example"))
    assert zones.take(0.0, 50, 10, is_large) == [large]


# Zones above and below each other


def child_and_parent() -> tuple[ZoneStatus, ZoneStatus]:
    return zone_status("sub.example.com"), zone_status("example.com", live_serial=6)


def test_a_zone_starts_after_the_new_zone_below_it() -> None:
    (child, parent), zones = child_and_parent(), PendingZones(0.0)
    for one in (child, parent):
        zones.request(one)
    assert zones.take(0.0, 50) == [child] and zones.take(0.0, 50) == [] and len(zones) == 2
    assert not zones.is_unchanged(parent) and list(zones.next_starts()) == [LONGEST_BLOCK]
    zones.request(parent)
    zones.advance(child.name, RolloutEvent.HANDED_OVER)
    zones.advance(child.name, RolloutEvent.PRIMARY_SERVES)
    assert zones.take(1.0, 50) == []
    zones.advance(child.name, RolloutEvent.COMPLETE)
    assert zones.take(1.0, 50) == [parent] and list(zones.next_starts()) == []


def test_a_zone_is_not_blocked_for_ever() -> None:
    (child, parent), zones = child_and_parent(), PendingZones(0.0)
    for one in (child, parent):
        zones.request(one)
    zones.take(10.0, 50)
    another = zone_status("another.example.com")
    zones.request(another)
    assert zones.take(20.0, 50) == [another]
    assert zones.take(10.0 + LONGEST_BLOCK, 50) == [parent], "a further new zone does not extend it"


def test_a_zone_that_fails_blocks_the_zone_above_it_once_and_not_for_ever() -> None:
    (child, parent), zones = child_and_parent(), PendingZones(0.0)
    for one in (child, parent):
        zones.request(one)
    zones.take(0.0, 50)
    assert zones.take(1.0, 50) == []
    end(zones, child)
    assert zones.take(2.0, 50) == [], "the delegation would be lame"
    assert zones.take(1.0 + LONGEST_BLOCK, 50) == [parent]
    end(zones, parent)
    zones.request(child)
    zones.request(parent)
    assert len(zones.take(60.0, 50)) == 2, "the delegation is published: nothing is gained by a second wait"


@pytest.mark.parametrize("retried", [True, False])
def test_a_zone_starts_when_the_failed_zone_below_it_is_served(*, retried: bool) -> None:
    (child, parent), zones = child_and_parent(), PendingZones(0.0)
    for one in (child, parent):
        zones.request(one)
    zones.take(0.0, 50)
    end(zones, child)
    assert zones.take(1.0, 50) == []
    if retried:
        zones.request(child)
        assert zones.take(2.0, 50) == [child]
        for event in (RolloutEvent.HANDED_OVER, RolloutEvent.PRIMARY_SERVES):
            zones.advance(child.name, event)
        assert zones.take(3.0, 50) == []
    zones.advance(child.name, RolloutEvent.COMPLETE)
    assert zones.take(3.0, 50) == [parent]


def test_a_deleted_zone_starts_after_the_zone_above_it() -> None:
    zones, parent = PendingZones(0.0), child_and_parent()[1]
    deleted = zone_status("sub.example.com", deleted=True)
    for one in (deleted, parent):
        zones.request(one)
    assert zones.take(0.0, 50) == [parent] and zones.take(0.0, 50) == []
    newer = zone_status("example.com", 8, live_serial=6)
    zones.request(newer)
    zones.let_pass(parent.name)
    assert zones.take(0.0, 50) == [], "newer content is still to come"
    zones.advance(parent.name, RolloutEvent.HANDED_OVER)
    zones.advance(parent.name, RolloutEvent.PRIMARY_SERVES)
    assert zones.take(0.0, 50) == [newer]
    zones.let_pass(parent.name)
    assert zones.take(0.0, 50) == [deleted], "all nameservers that answer serve it"


def proven(zone: str = "example.com") -> ZoneStatus:
    return replace(zone_status(zone), proven=6)


def test_zones_that_may_be_updated_wait_for_no_worker() -> None:
    zones, new, known = PendingZones(0.0), zone_status("new.example"), proven("known.example")
    for one in (new, known):
        zones.request(one)
    assert len(zones) == 2 and zones.take(0.0, 50) == [new]
    assert zones.take_update(0.0) == known
    assert zones.take_update(0.0) is None
    assert zones.stage(known.name) is Stage.UPDATING


def test_of_four_updates_one_is_that_of_the_zone_that_waits_longest() -> None:
    zones = PendingZones(0.0)
    for number in range(6):
        zones.request(proven(f"zone-{number}.example"))
    taken = [str(status.name) for _ in range(6) if (status := zones.take_update(0.0))]
    assert taken == [f"zone-{number}.example." for number in (5, 4, 3, 0, 2, 1)]


def test_a_zone_without_known_content_is_published_by_its_file() -> None:
    zones, former = PendingZones(0.0), proven()
    zones.request(former)
    newest = replace(former, serial=8, proven=None)
    zones.request(newest)
    assert zones.take_update(0.0) is None and zones.take(0.0, 50) == [newest]


def test_an_update_that_was_not_applied_is_published_by_its_file_at_once() -> None:
    zones, status = PendingZones(5.0), proven()
    zones.request(status)
    assert zones.take_update(10.0) == status
    zones.publish_file(status)
    assert zones.take_update(10.0) is None and zones.take(10.0, 50) == [replace(status, proven=None)]


def test_newer_content_takes_the_place_of_an_update_that_was_not_applied() -> None:
    zones, status = PendingZones(0.0), proven()
    newer = replace(status, serial=8)
    zones.request(status)
    zones.take_update(0.0)
    zones.request(newer)
    zones.publish_file(status)
    assert zones.take(0.0, 50) == [replace(newer, proven=None)]


def test_content_in_doubt_makes_what_waits_a_file() -> None:
    zones, status, held = PendingZones(0.0), proven(), proven("held.example")
    zones.request(status)
    zones.require_file(status.name)
    assert zones.take_update(0.0) is None and zones.take(0.0, 50) == [replace(status, proven=None)]
    zones.request(held)
    zones.take_update(0.0)
    zones.request(held)
    zones.require_file(held.name)
    zones.advance(held.name, RolloutEvent.REFUSED)
    assert zones.take_update(0.0) is None and zones.take(0.0, 50) == [replace(held, proven=None)]


def test_an_update_waits_for_the_new_zones_below_its_zone() -> None:
    zones, above, below = PendingZones(0.0), proven("above.example"), zone_status("below.above.example")
    zones.request(above)
    zones.request(below)
    assert zones.take_update(0.0) is None
    assert zones.take(0.0, 50) == [below]
    for event in (RolloutEvent.HANDED_OVER, RolloutEvent.PRIMARY_SERVES, RolloutEvent.COMPLETE):
        zones.advance(below.name, event)
    zones.wake(0.0)
    assert zones.take_update(0.0) == above


def test_an_update_after_the_quiet_time_starts_at_once() -> None:
    zones, zone = PendingZones(0.05), proven()
    zones.request(zone)
    assert zones.take_update(10.0) == zone
    zones.advance(zone.name, RolloutEvent.REFUSED)
    zones.request(zone)
    assert zones.take_update(10.04) is None and list(zones.next_starts()) == [10.05]
    assert zones.take_update(10.05) == zone
