"""Real nameservers are asked until they answer with the serial; the primary first."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import dns.name
import pytest

from appliance.deploy.reach import Reach
from appliance.deploy.verify import Ahead, Complete, Event, Overdue, PrimaryServes, Verifier
from tests.pair import Pair, small_zone, wait_for


def turns(verifier: Verifier, kind: type[Event]) -> list[Event]:
    """Turn until an event of that kind came; all events until then."""
    seen: list[Event] = []

    def came() -> bool:
        new = verifier.turn(time.monotonic())
        for event in new:
            if isinstance(event, PrimaryServes):
                verifier.ask_secondaries(event.watch.name, time.monotonic())
        seen.extend(new)
        return any(isinstance(event, kind) for event in seen)

    wait_for(came, kind.__name__)
    return seen


@pytest.fixture
def verifier(pair: Pair) -> Iterator[Verifier]:
    """A verifier that asks the pair."""
    with closing(Verifier((pair.primary, pair.secondary), Reach(time.monotonic()))) as asking:
        yield asking


def test_a_zone_is_followed_from_primary_to_secondary(pair: Pair, verifier: Verifier) -> None:
    zone = dns.name.from_text("followed.example")
    uuid = pair.create(zone, 7)
    verifier.watch(uuid, zone, 7, time.monotonic())
    kinds = [type(event) for event in turns(verifier, Complete)]
    assert kinds == [PrimaryServes, Complete]
    assert verifier.turn(time.monotonic()) == []


def test_a_removal_is_awaited_from_both(pair: Pair, verifier: Verifier) -> None:
    zone = dns.name.from_text("withdrawn.example")
    uuid = pair.create(zone, 7)
    pair.wait_for_serial(pair.secondary, zone, 7)
    verifier.watch(uuid, zone, None, time.monotonic())
    pair.updates.change(remove=[uuid.hex], add={})
    pair.control.delete_zone(zone)
    assert [type(event) for event in turns(verifier, Complete)] == [Complete]


@pytest.mark.parametrize("served", [9, 7 + 2**31])
def test_a_serial_that_is_not_behind_ends_the_watch(pair: Pair, verifier: Verifier, served: int) -> None:
    zone = dns.name.from_text(f"ahead-{served}.example")
    uuid = pair.create(zone, served)
    pair.wait_for_serial(pair.secondary, zone, served)
    verifier.watch(uuid, zone, 7, time.monotonic())
    assert [type(event) for event in turns(verifier, Ahead)] == [Ahead]
    assert verifier.older_than(time.monotonic()) == []


def test_a_primary_that_does_not_take_it_up_is_overdue(pair: Pair, verifier: Verifier) -> None:
    zone = dns.name.from_text("overdue.example")
    uuid = pair.create(zone, 7)
    pair.put(uuid, small_zone(zone, 8))
    watch = verifier.watch(uuid, zone, 8, time.monotonic(), patience=0.2)
    assert [type(event) for event in turns(verifier, Overdue)] == [Overdue]
    assert watch.served[pair.primary] == 7
    assert not watch.primary_serves


def test_a_newer_watch_takes_the_place_of_the_former(pair: Pair, verifier: Verifier) -> None:
    zone = dns.name.from_text("newer.example")
    uuid = pair.create(zone, 7)
    verifier.watch(uuid, zone, 8, time.monotonic())
    newer = verifier.watch(uuid, zone, 7, time.monotonic())
    events = turns(verifier, Complete)
    assert {event.watch.wanted for event in events} == {newer.wanted}


def test_nothing_is_due_when_nothing_is_awaited(verifier: Verifier) -> None:
    assert verifier.next_question() is None
    verifier.drop(dns.name.from_text("unknown.example"))
