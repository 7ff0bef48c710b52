"""Members of an RRset: one TTL for all, whenever a record is read."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from appliance.editing.members import Members
from tests.zones.records import NOW, record


def test_all_records_have_the_ttl_of_the_last_one() -> None:
    first, second = record("A", "@", "192.0.2.1", ttl=60), record("A", "@", "192.0.2.2", ttl=60)
    members = Members.of([first], NOW)
    assert members.put(second) == [] and members.get(first.uuid) is first
    third = record("A", "@", "192.0.2.3", ttl=90)
    assert members.put(third) == [first, second], "they follow it"
    assert [one.ttl for one in members.all()] == [90, 90, 90]
    assert members.put(replace(third, ttl=5)) == [], "they followed already"
    assert [one.ttl for one in members.all()] == [5, 5, 5]


def test_stored_records_of_several_ttls_are_shown_as_they_are_until_one_is_put() -> None:
    first, second = record("A", "@", "192.0.2.1", ttl=60), record("A", "@", "192.0.2.2", ttl=90)
    members = Members.of([first, second], NOW)
    assert list(members.all()) == [first, second] and members.ttl_beside([first.uuid]) == 90
    members.put(record("A", "@", "192.0.2.3", ttl=60))
    assert [one.ttl for one in members.all()] == [60, 60, 60]


def test_the_ttl_beside_a_record_is_that_of_the_others() -> None:
    only = record("A", "@", "192.0.2.1", ttl=60)
    members = Members.of([only], NOW)
    assert members.ttl_beside([only.uuid]) is None and members.ttl_beside([uuid4()]) == 60
    assert Members.of([], NOW).ttl_beside([only.uuid]) is None
