"""The catalog is told of joins and leaves, one update at a time."""

from __future__ import annotations

from uuid import uuid4

from appliance.deploy.catalog_members import CatalogMembers
from appliance.zones.catalog import member_label
from tests.deploy.builders import name

ZONE = name("example.com")


def empty() -> CatalogMembers:
    """The membership of a catalog that was read and has no members."""
    membership = CatalogMembers()
    membership.learn({})
    return membership


def test_what_comes_meanwhile_goes_into_the_next_update() -> None:
    membership, first, second = empty(), uuid4(), uuid4()
    membership.join(first, ZONE)
    sent = membership.next_update()
    assert sent
    assert (sent.remove, sent.add) == ({}, {member_label(first): ZONE})
    membership.join(second, name("other.example"))
    assert membership.next_update() is None
    membership.confirm()
    after = membership.next_update()
    assert after
    assert after.add == {member_label(second): name("other.example")}


def test_a_member_does_not_join_again() -> None:
    membership, zone = CatalogMembers(), uuid4()
    membership.learn({member_label(zone): ZONE})
    membership.join(zone, ZONE)
    assert membership.next_update() is None


def test_a_zone_made_again_takes_the_place_of_the_former() -> None:
    membership, old, new = CatalogMembers(), uuid4(), uuid4()
    membership.learn({member_label(old): ZONE})
    membership.join(new, ZONE)
    sent = membership.next_update()
    assert sent
    assert (sent.remove, sent.add, sent.again) == ({member_label(old): ZONE}, {}, {member_label(new): ZONE})


def test_a_zone_that_leaves_before_its_join_was_sent() -> None:
    membership, zone = empty(), uuid4()
    membership.join(zone, ZONE)
    membership.leave(zone, ZONE)
    sent = membership.next_update()
    assert sent
    assert (set(sent.remove), sent.add) == ({member_label(zone)}, {})


def test_a_failed_update_is_left_to_the_next_comparison() -> None:
    membership, zone = empty(), uuid4()
    membership.join(zone, ZONE)
    membership.next_update()
    changing = [membership.is_changing]
    membership.fail()
    changing.append(membership.is_changing)
    assert changing == [True, False]
    membership.join(zone, ZONE)
    assert membership.next_update()


def test_a_reading_older_than_an_update_is_passed_over() -> None:
    membership, zone = empty(), uuid4()
    membership.join(zone, ZONE)
    membership.next_update()
    membership.learn({})
    membership.confirm()
    membership.join(zone, ZONE)
    assert membership.next_update() is None


def test_the_members_of_a_secondary_ahead_are_taken_over_under_a_later_serial() -> None:
    membership, zone = empty(), uuid4()
    membership.join(zone, ZONE)
    membership.adopt({"0" * 32: name("theirs.example"), member_label(zone): ZONE}, 10)
    sent = membership.next_update()
    assert sent
    assert (set(sent.add), sent.serial) == ({"0" * 32, member_label(zone)}, 10)
    membership.confirm()
    assert membership.next_update() is None


def test_a_reading_from_before_an_update_that_has_ended_is_passed_over() -> None:
    membership, zone = empty(), uuid4()
    membership.begin_reading()
    membership.join(zone, ZONE)
    membership.next_update()
    membership.confirm()
    membership.learn({})
    membership.join(zone, ZONE)
    assert membership.next_update() is None


def test_a_zone_made_again_replaces_one_whose_join_was_under_way() -> None:
    membership, old, new = empty(), uuid4(), uuid4()
    membership.join(old, ZONE)
    membership.next_update()
    membership.join(new, ZONE)
    membership.confirm()
    sent = membership.next_update()
    assert sent
    assert (sent.remove, sent.add, sent.again) == ({member_label(old): ZONE}, {}, {member_label(new): ZONE})


def test_a_zone_made_again_replaces_one_whose_join_was_not_sent() -> None:
    membership, old, new = empty(), uuid4(), uuid4()
    membership.join(old, ZONE)
    membership.join(new, ZONE)
    sent = membership.next_update()
    assert sent
    assert (sent.remove, sent.add) == ({}, {member_label(new): ZONE})


def test_nothing_is_sent_before_the_catalog_was_read() -> None:
    membership, old, new = CatalogMembers(), uuid4(), uuid4()
    membership.join(new, ZONE)
    assert membership.next_update() is None
    membership.learn({member_label(old): ZONE})
    sent = membership.next_update()
    assert sent
    assert (sent.remove, sent.add, sent.again) == ({member_label(old): ZONE}, {}, {member_label(new): ZONE})


def test_a_zone_that_is_listed_already_is_told_once_the_catalog_was_read() -> None:
    membership, zone = CatalogMembers(), uuid4()
    membership.join(zone, ZONE)
    assert membership.take_listed() == []
    membership.learn({member_label(zone): ZONE})
    assert membership.take_listed() == [ZONE]
    assert membership.take_listed() == []
    assert membership.next_update() is None


def test_a_join_asked_for_twice_is_told_when_the_first_is_in() -> None:
    membership, zone = empty(), uuid4()
    membership.join(zone, ZONE)
    assert membership.next_update()
    membership.join(zone, ZONE)
    assert membership.take_listed() == []
    membership.confirm()
    assert membership.take_listed() == [ZONE]
