"""Nameservers are queried until they serve the expected serial, the primary first."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import dns.name
import pytest

from appliance.addresses import LOOPBACK, Endpoint, Nameserver
from appliance.deploy.publishing.publisher import Expectation, SerialServed, ZoneAbsent
from appliance.deploy.verification.reachability import Reachability
from appliance.deploy.verification.verifier import FIRST_INTERVAL, PATIENCE, PROBE_INTERVAL, Verifier
from appliance.deploy.verification.watch import Ahead, Complete, Event, ExpectedOf, Overdue, PrimaryServes, Returned
from appliance.zones.deployment import Method
from tests.deploy.builders import CATALOG, NS1, answered
from tests.deploy.many_zones import MANY, SoaServer
from tests.pair import Pair, small_zone, wait_for


def serial(number: int | None) -> ExpectedOf:
    """That serial is expected of every nameserver; None: no such zone."""
    expectation: Expectation = ZoneAbsent() if number is None else SerialServed(number)
    return lambda _: expectation


def steps_until(verifier: Verifier, event_type: type[Event]) -> list[Event]:
    """Run steps until an event of that type; return all events until then."""
    seen: list[Event] = []

    def came() -> bool:
        new = verifier.step(time.monotonic())
        for event in new:
            if isinstance(event, PrimaryServes):
                verifier.query_secondaries(event.watch.uuid, event.watch.name, time.monotonic())
        seen.extend(new)
        return any(isinstance(event, event_type) for event in seen)

    wait_for(came, event_type.__name__)
    return seen


@pytest.fixture
def verifier(pair: Pair) -> Iterator[Verifier]:
    """A verifier that queries the pair."""
    with closing(Verifier((pair.primary, pair.secondary), Reachability(time.monotonic()), CATALOG)) as running:
        yield running


def test_a_zone_is_followed_from_primary_to_secondary(pair: Pair, verifier: Verifier) -> None:
    zone = dns.name.from_text("followed.example")
    uuid = pair.create(zone, 7)
    verifier.watch(uuid, zone, 7, serial(7), time.monotonic())
    kinds = [type(event) for event in steps_until(verifier, Complete)]
    assert kinds == [PrimaryServes, Complete]
    assert verifier.step(time.monotonic()) == []


def test_the_first_query_is_sent_at_once() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as nameserver:
        nameserver.bind((LOOPBACK, 0))
        nameserver.settimeout(10)
        server = Nameserver("ns1.appliance.test", Endpoint(*nameserver.getsockname()))
        with closing(Verifier((server,), Reachability(0.0), CATALOG)) as verifier:
            verifier.watch(uuid4(), dns.name.from_text("at-once.example"), 7, serial(7), 0.0)
            assert b"at-once" in nameserver.recv(4096)
            assert verifier.next_query() == FIRST_INTERVAL


def test_a_removal_is_awaited_from_both(pair: Pair, verifier: Verifier) -> None:
    zone = dns.name.from_text("withdrawn.example")
    uuid = pair.create(zone, 7)
    pair.wait_for_serial(pair.secondary, zone, 7)
    verifier.watch(uuid, zone, None, serial(None), time.monotonic())
    pair.updates.change(remove=[uuid.hex], add={})
    pair.control.delete_zone(zone)
    assert [type(event) for event in steps_until(verifier, Complete)] == [Complete]


@pytest.mark.parametrize("served", [9, 7 + 2**31])
def test_a_serial_that_is_not_behind_ends_the_watch(pair: Pair, verifier: Verifier, served: int) -> None:
    zone = dns.name.from_text(f"ahead-{served}.example")
    uuid = pair.create(zone, served)
    pair.wait_for_serial(pair.secondary, zone, served)
    verifier.watch(uuid, zone, 7, serial(7), time.monotonic())
    assert [type(event) for event in steps_until(verifier, Ahead)] == [Ahead]
    assert verifier.older_than(time.monotonic()) == []


def test_a_primary_that_does_not_load_the_zone_is_overdue(pair: Pair, verifier: Verifier) -> None:
    zone = dns.name.from_text("overdue.example")
    uuid = pair.create(zone, 7)
    pair.put(uuid, small_zone(zone, 8))
    watch = verifier.watch(uuid, zone, 8, serial(8), time.monotonic(), patience=0.2)
    assert [type(event) for event in steps_until(verifier, Overdue)] == [Overdue]
    assert watch.answers[pair.primary].serial == 7
    assert not watch.primary_serves


def test_a_newer_watch_takes_the_place_of_the_former(pair: Pair, verifier: Verifier) -> None:
    zone = dns.name.from_text("newer.example")
    uuid = pair.create(zone, 7)
    verifier.watch(uuid, zone, 8, serial(8), time.monotonic())
    newer = verifier.watch(uuid, zone, 7, serial(7), time.monotonic())
    events = steps_until(verifier, Complete)
    assert {event.watch.target for event in events if not isinstance(event, Returned)} == {newer.target}


def test_nothing_is_due_when_nothing_is_awaited(verifier: Verifier) -> None:
    assert verifier.next_query() is None
    verifier.drop(dns.name.from_text("unknown.example"))


@pytest.fixture
def ns1() -> Iterator[SoaServer]:
    """A primary that answers SOA queries alone."""
    with closing(SoaServer("ns1")) as server:
        yield server


@pytest.fixture
def ns2() -> Iterator[SoaServer]:
    """Its secondary."""
    with closing(SoaServer("ns2")) as server:
        yield server


class Time:
    """A verifier with a clock that the test sets."""

    def __init__(self, *servers: SoaServer) -> None:
        self.now = 0.0
        self.reachability = Reachability(0.0)
        self.verifier = Verifier([one.server for one in servers], self.reachability, CATALOG)

    def pass_by(self, seconds: float, step: float = 0.05) -> list[Event]:
        """Run steps until so much time has passed; return the events."""
        events: list[Event] = []
        ends = self.now + seconds
        while self.now < ends:
            self.now += step
            events += self.verifier.step(self.now)
        return events

    def await_event(self) -> list[Event]:
        """Run steps, without time passing, until there is an event; return the events."""
        events: list[Event] = []

        def came() -> bool:
            events.extend(self.verifier.step(self.now))
            return bool(events)

        wait_for(came, "an event")
        return events

    def await_answer(self, server: Nameserver) -> list[Event]:
        """Run steps, without time passing, until that nameserver has answered; return the events."""
        events: list[Event] = []

        def came() -> bool:
            events.extend(self.verifier.step(self.now))
            return not self.reachability.is_silent(server, self.now)

        wait_for(came, "an answer")
        return events


def await_secondaries(time: Time, count: int) -> list[dns.name.Name]:
    """Await that many zones from the secondary; the primary serves them."""
    zones = [dns.name.from_text(f"zone-{number}.example") for number in range(count)]
    for zone in zones:
        uuid = uuid4()
        time.verifier.watch_secondaries(uuid, zone, 7, serial(7), time.now, answered(NS1, str(zone), 7))
        assert time.verifier.query_secondaries(uuid, zone, time.now)
    return zones


def test_a_silent_secondary_is_queried_for_the_catalog_alone(ns1: SoaServer, ns2: SoaServer) -> None:
    ns2.is_silent, time = True, Time(ns1, ns2)
    with closing(time.verifier):
        time.reachability.note_query(ns2.server, 0.0)
        time.now = 2.0
        await_secondaries(time, MANY)
        events = time.pass_by(29)
        wait_for(lambda: len(ns2.queries) >= 28 / PROBE_INTERVAL, "the queries")
        assert set(ns2.queries) == {CATALOG.to_digestable()}
        assert len(ns2.queries) <= 29 / PROBE_INTERVAL + 1
        assert events == []
        assert [type(event) for event in time.pass_by(2)] == [Overdue] * MANY
    assert ns1.queries == []


def test_a_secondary_that_answers_again_is_queried_for_all_zones(ns1: SoaServer, ns2: SoaServer) -> None:
    ns2.is_silent, time = True, Time(ns1, ns2)
    with closing(time.verifier):
        time.reachability.note_query(ns2.server, 0.0)
        time.now = 2.0
        zones = await_secondaries(time, 100)
        time.pass_by(3 * PROBE_INTERVAL)
        for zone in zones:
            ns2.serve(zone, 7)
        ns2.is_silent = False
        time.now += PROBE_INTERVAL
        events = time.await_answer(ns2.server)
        assert events == [Returned(ns2.server)]

        def is_complete() -> bool:
            events.extend(time.pass_by(0.05))
            return sum(isinstance(event, Complete) for event in events) == len(zones)

        wait_for(is_complete, "all zones are complete")
    assert len(time.verifier) == 0


def test_an_answer_that_nobody_awaited_is_no_return(ns1: SoaServer, ns2: SoaServer) -> None:
    time = Time(ns1, ns2)
    with closing(time.verifier):
        time.reachability.note_query(ns2.server, 0.0)
        time.now = 5.0
        assert time.await_answer(ns2.server) == []


def test_a_nameserver_that_a_comparison_found_silent_returns(ns1: SoaServer, ns2: SoaServer) -> None:
    time = Time(ns1, ns2)
    with closing(time.verifier):
        time.reachability.note_query(ns2.server, 0.0)
        time.now = 5.0
        time.verifier.note_silent(ns2.server, time.now)
        time.now += PROBE_INTERVAL
        assert time.await_answer(ns2.server) == [Returned(ns2.server)]


def test_a_primary_that_is_silent_at_its_address_does_not_serve_an_update(ns1: SoaServer, ns2: SoaServer) -> None:
    ns1.is_silent, time, zone = True, Time(ns1, ns2), dns.name.from_text("updated.example")
    ns1.serve(zone, 7)
    with closing(time.verifier):
        time.reachability.note_query(ns1.server, time.now)
        time.now += 2
        watch = time.verifier.watch(uuid4(), zone, 7, serial(7), time.now, method=Method.UPDATE)
        assert time.verifier.step(time.now) == [] and not watch.primary_serves
        assert time.reachability.is_silent(ns1.server, time.now)
        ns1.is_silent = False
        time.now += PROBE_INTERVAL
        time.await_answer(ns1.server)
        assert time.await_event() == [PrimaryServes(watch)]


def test_a_zone_that_the_catalog_never_lists_is_given_up(ns1: SoaServer, ns2: SoaServer) -> None:
    time, zone = Time(ns1, ns2), dns.name.from_text("unlisted.example")
    with closing(time.verifier):
        time.verifier.watch_secondaries(uuid4(), zone, 7, serial(7), time.now, answered(NS1, str(zone), 7))
        assert time.pass_by(PATIENCE - 1) == []
        assert [type(event) for event in time.pass_by(2)] == [Overdue]
        assert len(time.verifier) == 0
    assert (ns1.queries, ns2.queries) == ([], [])


def test_secondaries_have_their_time_from_when_the_primary_serves(ns1: SoaServer, ns2: SoaServer) -> None:
    time, zone = Time(ns1, ns2), dns.name.from_text("large.example")
    with closing(time.verifier):
        watch = time.verifier.watch(uuid4(), zone, 7, serial(7), time.now, patience=100 + PATIENCE)
        time.now = 90 + PATIENCE
        ns1.serve(zone, 7)
        assert time.await_event() == [PrimaryServes(watch)]
        assert time.pass_by(PATIENCE - 1) == []


def test_the_listing_of_a_former_zone_starts_no_query_for_the_newer_one(ns1: SoaServer, ns2: SoaServer) -> None:
    time, zone, former, newer = Time(ns1, ns2), dns.name.from_text("again.example"), uuid4(), uuid4()
    with closing(time.verifier):
        time.verifier.watch_secondaries(newer, zone, 7, serial(7), time.now, answered(NS1, str(zone), 7))
        ns2.serve(zone, 7)
        assert not time.verifier.query_secondaries(former, zone, time.now)
        assert time.pass_by(1) == []
        assert ns2.queries == []
        assert time.verifier.query_secondaries(newer, zone, time.now)
        time.now += 1
        assert [type(event) for event in time.await_event()] == [Complete]
