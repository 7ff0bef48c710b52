"""Joins and leaves of the catalog are sent one update at a time."""

from __future__ import annotations

from uuid import uuid4

from appliance.deploy.catalog_members import MOST_WAITS, CatalogMembers
from appliance.zones.catalog import member_label
from tests.deploy.builders import name

ZONE = name("example.com")


def empty() -> CatalogMembers:
    """Return the members of a catalog that was read and has none."""
    members = CatalogMembers()
    members.learn({})
    return members


def test_what_comes_meanwhile_goes_into_the_next_update() -> None:
    members, first, second = empty(), uuid4(), uuid4()
    members.join(first, ZONE)
    sent = members.next_update()
    assert sent
    assert (sent.remove, sent.add) == ({}, {member_label(first): ZONE})
    members.join(second, name("other.example"))
    assert members.next_update() is None
    members.confirm()
    after = members.next_update()
    assert after
    assert after.add == {member_label(second): name("other.example")}


def test_a_member_does_not_join_again() -> None:
    members, zone = CatalogMembers(), uuid4()
    members.learn({ZONE: member_label(zone)})
    members.join(zone, ZONE)
    assert members.next_update() is None


def test_a_zone_created_again_takes_the_place_of_the_former() -> None:
    members, old, new = CatalogMembers(), uuid4(), uuid4()
    members.learn({ZONE: member_label(old)})
    members.join(new, ZONE)
    sent = members.next_update()
    assert sent
    assert (sent.remove, sent.add, sent.rejoin) == ({member_label(old): ZONE}, {}, {member_label(new): ZONE})


def test_a_zone_that_leaves_before_its_join_was_sent() -> None:
    members, zone = empty(), uuid4()
    members.join(zone, ZONE)
    members.leave(zone, ZONE)
    sent = members.next_update()
    assert sent
    assert (set(sent.remove), sent.add) == ({member_label(zone)}, {})


def test_a_failed_update_is_left_to_the_next_comparison() -> None:
    members, zone = empty(), uuid4()
    members.join(zone, ZONE)
    members.next_update()
    changing = [members.is_changing]
    members.fail()
    changing.append(members.is_changing)
    assert changing == [True, False]
    members.join(zone, ZONE)
    assert members.next_update()


def test_removals_of_a_failed_update_may_have_been_carried_out() -> None:
    members, former, newer = empty(), uuid4(), uuid4()
    members.learn({ZONE: member_label(former)})
    members.leave(former, ZONE)
    members.next_update()
    members.fail()
    members.begin_reading()
    members.learn({})
    assert members.may_be_former(newer, ZONE)
    members.join(newer, ZONE)
    update = members.next_update()
    assert update
    assert (update.add, update.rejoin) == ({}, {member_label(newer): ZONE})


def test_a_member_that_is_listed_after_a_failed_removal_has_not_left() -> None:
    members, zone = CatalogMembers(), uuid4()
    members.learn({ZONE: member_label(zone)})
    members.leave(zone, ZONE)
    members.next_update()
    members.fail()
    assert members.may_be_former(zone, ZONE)
    members.begin_reading()
    members.learn({ZONE: member_label(zone)})
    assert not members.may_be_former(zone, ZONE)


def test_the_members_are_known_once_the_catalog_was_read() -> None:
    members = CatalogMembers()
    assert not members.is_known
    members.learn({})
    assert members.is_known


def test_a_reading_older_than_an_update_is_ignored() -> None:
    members, zone = empty(), uuid4()
    members.join(zone, ZONE)
    members.next_update()
    members.learn({})
    members.confirm()
    members.join(zone, ZONE)
    assert members.next_update() is None


def test_the_members_of_a_secondary_ahead_are_adopted_under_a_later_serial() -> None:
    members, zone = empty(), uuid4()
    members.join(zone, ZONE)
    members.adopt({"0" * 32: name("theirs.example"), member_label(zone): ZONE}, 10)
    sent = members.next_update()
    assert sent
    assert (set(sent.add), sent.serial) == ({"0" * 32, member_label(zone)}, 10)
    members.confirm()
    assert members.next_update() is None


def test_a_reading_from_before_an_update_that_has_ended_is_ignored() -> None:
    members, zone = empty(), uuid4()
    members.begin_reading()
    members.join(zone, ZONE)
    members.next_update()
    members.confirm()
    members.learn({})
    members.join(zone, ZONE)
    assert members.next_update() is None


def test_a_zone_created_again_replaces_one_whose_join_was_under_way() -> None:
    members, old, new = empty(), uuid4(), uuid4()
    members.join(old, ZONE)
    members.next_update()
    members.join(new, ZONE)
    members.confirm()
    sent = members.next_update()
    assert sent
    assert (sent.remove, sent.add, sent.rejoin) == ({member_label(old): ZONE}, {}, {member_label(new): ZONE})


def test_a_zone_created_again_replaces_one_whose_join_was_not_sent() -> None:
    members, old, new = empty(), uuid4(), uuid4()
    members.join(old, ZONE)
    members.join(new, ZONE)
    sent = members.next_update()
    assert sent
    assert (sent.remove, sent.add) == ({}, {member_label(new): ZONE})


def test_nothing_is_sent_before_the_catalog_was_read() -> None:
    members, old, new = CatalogMembers(), uuid4(), uuid4()
    members.join(new, ZONE)
    assert members.next_update() is None
    members.learn({ZONE: member_label(old)})
    sent = members.next_update()
    assert sent
    assert (sent.remove, sent.add, sent.rejoin) == ({member_label(old): ZONE}, {}, {member_label(new): ZONE})


def test_a_zone_that_is_listed_already_is_returned_once_the_catalog_was_read() -> None:
    members, zone = CatalogMembers(), uuid4()
    members.join(zone, ZONE)
    assert members.take_listed() == {}
    members.learn({ZONE: member_label(zone)})
    assert members.take_listed() == {member_label(zone): ZONE}
    assert members.take_listed() == {}
    assert members.next_update() is None


def test_a_second_join_is_listed_when_the_first_is_confirmed() -> None:
    members, zone = empty(), uuid4()
    members.join(zone, ZONE)
    assert members.next_update()
    members.join(zone, ZONE)
    assert members.take_listed() == {}
    members.confirm()
    assert members.take_listed() == {member_label(zone): ZONE}


def test_a_name_that_was_left_in_an_earlier_update_is_joined_again() -> None:
    members, old, new = CatalogMembers(), uuid4(), uuid4()
    members.learn({ZONE: member_label(old)})
    members.leave(old, ZONE)
    members.next_update()
    members.confirm()
    assert members.may_be_former(new, ZONE)
    members.join(new, ZONE)
    sent = members.next_update()
    assert sent
    assert (sent.remove, sent.add, sent.rejoin) == ({}, {}, {member_label(new): ZONE})
    members.begin_reading()
    assert members.confirm() == {member_label(new): ZONE}
    assert members.may_be_former(new, ZONE)
    members.begin_reading()
    assert not members.may_be_former(new, ZONE)


def test_a_name_that_no_nameserver_serves_is_joined_at_once() -> None:
    members, old, new = CatalogMembers(), uuid4(), uuid4()
    members.learn({ZONE: member_label(old)})
    members.leave(old, ZONE)
    members.next_update()
    members.confirm()
    members.forget_left(ZONE)
    members.join(new, ZONE)
    sent = members.next_update()
    assert sent
    assert (sent.add, sent.rejoin) == ({member_label(new): ZONE}, {})


def test_a_name_that_a_secondary_still_serves_waits_for_a_bounded_number_of_updates() -> None:
    members, old, new = CatalogMembers(), uuid4(), uuid4()
    members.learn({ZONE: member_label(old)})
    members.join(new, ZONE)
    for _ in range(MOST_WAITS):
        sent = members.next_update()
        assert sent
        assert (sent.rejoin, sent.overdue) == ({member_label(new): ZONE}, frozenset())
        assert members.confirm({ZONE}) == {}
        assert not members.has(new, ZONE)
        assert members.may_be_former(new, ZONE)
    sent = members.next_update()
    assert sent
    assert sent.overdue == {ZONE}
    assert members.confirm() == {member_label(new): ZONE}
    assert members.has(new, ZONE)


def test_a_zone_that_waits_gives_way_to_a_newer_one() -> None:
    members, old, waits, newest = CatalogMembers(), uuid4(), uuid4(), uuid4()
    members.learn({ZONE: member_label(old)})
    members.join(waits, ZONE)
    members.next_update()
    members.leave(waits, ZONE)
    members.join(newest, ZONE)
    members.confirm({ZONE})
    sent = members.next_update()
    assert sent
    assert sent.rejoin == {member_label(newest): ZONE}
