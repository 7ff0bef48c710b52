"""An update is awaited from its secondaries, each queried when it has usually transferred it, and from its proof."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import dns.name
import pytest

from appliance.deploy.verification.verifier import FIRST_INTERVAL, SHARE_OF_USUAL
from appliance.deploy.verification.watch import AwaitsProof, Complete, PrimaryServes
from appliance.zones.deployment import Method
from tests.deploy.many_zones import SoaServer
from tests.deploy.verification.test_verifier import Time, serial
from tests.pair import wait_for


@pytest.fixture
def ns1() -> Iterator[SoaServer]:
    """A primary that counts queries."""
    with closing(SoaServer("ns1")) as server:
        yield server


@pytest.fixture
def ns2() -> Iterator[SoaServer]:
    """Its secondary."""
    with closing(SoaServer("ns2")) as server:
        yield server


def test_an_update_is_complete_only_once_it_is_proven(ns1: SoaServer, ns2: SoaServer) -> None:
    time, zone, uuid = Time(ns1, ns2), dns.name.from_text("updated.example"), uuid4()
    with closing(time.verifier):
        time.now = 5.0
        watch = time.verifier.watch(uuid, zone, 7, serial(7), time.now, method=Method.UPDATE)
        assert time.verifier.next_query() == 0.0, "a step has something to do"
        assert time.reachability.last_answer(ns1.server) == time.now == 5.0
        assert time.verifier.step(time.now) == [PrimaryServes(watch)]
        assert time.verifier.note_proof(uuid, zone, 6) == []
        ns2.serve(zone, 7)
        time.verifier.query_secondaries(uuid, zone, time.now)
        time.now += 1
        assert time.await_event() == [AwaitsProof(watch)]
        assert time.verifier.note_proof(uuid4(), zone, 7) == []
        assert time.verifier.note_proof(uuid, zone, 8) == [Complete(watch)]
        assert len(time.verifier) == 0
    assert ns1.queries == [], "the primary has answered the UPDATE, and its proof follows"


def test_a_proof_before_the_secondaries_answer_completes_nothing_yet(ns1: SoaServer, ns2: SoaServer) -> None:
    time, zone, uuid = Time(ns1, ns2), dns.name.from_text("updated.example"), uuid4()
    with closing(time.verifier):
        watch = time.verifier.watch(uuid, zone, 7, serial(7), time.now, method=Method.UPDATE)
        assert time.verifier.note_proof(uuid, zone, 7) == []
        ns2.serve(zone, 7)
        assert time.verifier.step(time.now) == [PrimaryServes(watch)]
        time.verifier.query_secondaries(uuid, zone, time.now)
        time.now += 1
        assert time.await_event() == [Complete(watch)]


def update(time: Time, zone: dns.name.Name) -> float | None:
    """Let the primary have applied an UPDATE, and return when the secondary is queried, if not at once."""
    watch = time.verifier.watch(uuid4(), zone, 7, serial(7), time.now, method=Method.UPDATE)
    assert time.verifier.note_proof(watch.uuid, zone, 7) == []
    assert time.verifier.step(time.now) == [PrimaryServes(watch)]
    time.verifier.query_secondaries(watch.uuid, zone, time.now)
    return time.verifier.next_query()


def test_a_secondary_is_queried_when_it_has_usually_transferred_an_update(ns1: SoaServer, ns2: SoaServer) -> None:
    time, zone = Time(ns1, ns2), dns.name.from_text("updated.example")
    with closing(time.verifier):
        assert update(time, zone) == FIRST_INTERVAL, "it was queried at once"
        for took, usual in ((0.016, 0.016), (0.012, 0.012), (20.0, 0.015)):
            ns2.serve(zone, 7)
            time.now += took
            assert [type(event) for event in time.await_event()] == [Complete]
            ns2.serve(zone, 6)
            due = update(time, zone)
            assert due == pytest.approx(time.now + SHARE_OF_USUAL * usual), took


def new_zone(time: Time, zone: dns.name.Name, ns1: SoaServer, ns2: SoaServer) -> float:
    """Let the primary serve a new zone, which is then listed; return after how many seconds ns2 is queried next."""
    ns1.serve(zone, 7)
    watch = time.verifier.watch(uuid4(), zone, 7, serial(7), time.now)
    assert time.await_event() == [PrimaryServes(watch)]
    time.now += 0.5
    assert time.verifier.query_secondaries(watch.uuid, zone, time.now, is_new=True)
    return watch.due[ns2.server] - time.now


def test_a_secondary_is_queried_when_it_has_usually_added_a_new_zone(ns1: SoaServer, ns2: SoaServer) -> None:
    time, first, second = Time(ns1, ns2), dns.name.from_text("first.example"), dns.name.from_text("second.example")
    with closing(time.verifier):
        assert new_zone(time, first, ns1, ns2) == pytest.approx(FIRST_INTERVAL), "it was queried at once"
        ns2.serve(first, 7)
        time.now += 0.016
        assert [type(event) for event in time.await_event()] == [Complete]
        assert new_zone(time, second, ns1, ns2) == pytest.approx(SHARE_OF_USUAL * 0.016)
        assert second.to_digestable() not in ns2.queries
        updated = dns.name.from_text("updated.example")
        update(time, updated)
        wait_for(lambda: updated.to_digestable() in ns2.queries, "another kind of transfer is queried at once")
