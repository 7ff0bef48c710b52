"""All doors on one zone at the same time: nothing is lost, and faults of others are not their clients'."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import requests

from tests.appliance import Appliance, Client
from tests.door_writers import SHARED, Doors, Refused, Value, Writer, open_doors
from tests.kills import kill
from tests.pair import wait_for
from tests.volumes import fill, needs_root, small_volume

SECONDARY = "ns2/named.conf"
DEPLOYER, SERVE, UPDATES = "appliance deployer", "appliance serve", "appliance updates"
SLOWNESS = 6.0
"""How much longer than real clients these wait: other tests use the machine meanwhile."""
ROUND = 6
"""Writes by each door, before and after ns2 is silent."""

FULL = {
    "api": ("503", "unavailable"),
    "powerdns": ("503", '{"error": "'),
    "httpreq": ("503", "unavailable"),
    "dyndns2": ("503", "911"),
    "acme_dns": ("503", '{"error":"'),
    "external_dns": ("503", "unavailable"),
    "update": ("SERVFAIL", ""),
}
"""Status and text with which each door answers a write that the store cannot keep."""


class Reader:
    """A client that reads all the time: the records by API, and the SOA record from ns1."""

    def __init__(self, doors: Doors, api: Client) -> None:
        self._doors, self._api, self._is_ended = doors, api, threading.Event()
        self.answered = 0
        self.failed: list[str] = []

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read while the block runs."""
        with ThreadPoolExecutor(1) as thread:
            reading = thread.submit(self._read)
            try:
                yield
            finally:
                self._is_ended.set()
            reading.result()

    def _read(self) -> None:
        while not self._is_ended.is_set():
            answer = self._api("GET", f"/dns-zones/{self._doors.zone['uuid']}/records/?page_size=10")
            rcode = self._doors.appliance.rcode(self._doors.domain, 1)
            if (answer.status_code, rcode) != (200, "NOERROR"):
                self.failed.append(f"{answer.status_code} {answer.text} {rcode}")
            self.answered += 1


@pytest.fixture(scope="module")
def doors(appliance: Appliance) -> Doors:
    """The doors of a zone that no other test uses."""
    return open_doors(appliance, "all-doors.example", "all-doors@example.org", SLOWNESS)


def write(doors: Doors, numbers: Sequence[int]) -> list[Value]:
    """Write these numbers by all doors at the same time, each door one after the other; return what is stored then."""
    with ThreadPoolExecutor(len(doors.writers)) as threads:
        sent = [threads.submit(lambda w=writer: [w.write(one) for one in numbers]) for writer in doors.writers]  # type: ignore[misc]
        return [value for writes in sent for value in writes.result()]


def test_all_doors_write_one_zone_and_nothing_is_lost(doors: Doors, appliance: Appliance) -> None:
    reader = Reader(doors, doors.api)
    before = doors.versions()
    with reader.reading():
        written = write(doors, range(ROUND))
        with appliance.without(SECONDARY):
            reads = reader.answered
            written += write(doors, range(ROUND, ROUND + 2))
            assert reader.answered > reads, "reads are answered while writes wait for ns2"
        written += write(doors, range(ROUND + 2, 2 * ROUND))
    assert not reader.failed
    assert len(written) == 2 * ROUND * len(doors.writers)
    assert doors.versions() - before == len(written), "each request that changed something has one serial"
    assert doors.stored() == doors.kept(written)
    doors.api.wait_until_live(doors.zone)
    shared = [value.encode() for name, _, value in written if name == SHARED]
    appliance.wait_until_answered(
        "_acme-challenge.all-doors.example", "TXT", [bytes([len(one)]) + one for one in shared]
    )
    assert set(write(doors, range(2))) <= set(written), "what is there is answered as success"
    assert doors.versions() - before == len(written) + 2, "only acme-dns, which keeps two, has changed something"


@pytest.mark.parametrize("keys", [("api", "httpreq", "acme_dns", "update"), ("powerdns", "dyndns2", "external_dns")])
def test_a_call_whose_response_was_lost_is_repeated_and_done_once(
    doors: Doors, appliance: Appliance, keys: tuple[str, ...]
) -> None:
    writers = [writer for writer in doors.writers if writer.door in keys]  # no more than may wait for one account
    before, number = doors.versions(), 100
    with ThreadPoolExecutor(len(writers)) as threads, appliance.without(DEPLOYER):
        sent = [threads.submit(writer.write, number) for writer in writers]
        wait_for(lambda: doors.versions() - before == len(sent), "all are stored, and wait for the deployer")
        kill(appliance, SERVE, UPDATES)
        assert any(isinstance(one.exception(), requests.ConnectionError) for one in sent)
    wait_for(lambda: is_answered(doors), "the API answers again")
    written = [writer.write(number) for writer in writers]
    assert set(written) <= doors.stored()
    assert doors.versions() - before == len(written), "each has one serial"


def test_presents_at_the_same_time_are_served_when_they_are_answered(doors: Doors) -> None:
    writers = {writer.door: writer for writer in doors.writers}

    def is_served(door: str, number: int) -> bool:
        name, rdtype, value = writers[door].write(number)
        wire = bytes([len(value)]) + value.encode()
        return all(wire in doors.appliance.answer(f"{name}.{doors.domain}", rdtype, server)[1] for server in (1, 2))

    with ThreadPoolExecutor(12) as threads:
        assert all(threads.map(is_served, ["httpreq", "update"] * 6, range(120, 132)))


def test_a_deployer_that_is_killed_delays_responses_and_loses_nothing(doors: Doors, appliance: Appliance) -> None:
    before, numbers = doors.versions(), range(200, 204)
    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(write, doors, numbers)
        for number in range(1, 4):
            wait_for(lambda n=number: doors.versions() - before >= 4 * n, "more is written")  # type: ignore[misc]
            kill(appliance, DEPLOYER)
    assert doors.stored() >= doors.kept(writing.result())
    doors.api.wait_until_live(doors.zone)


@needs_root
def test_a_full_store_is_answered_in_the_words_of_each_door() -> None:
    with (
        TemporaryDirectory(prefix="story-") as folder,
        small_volume(Path(folder, "store"), 4096) as volume,
        Appliance(Path(folder)) as own,
    ):
        doors = open_doors(own, "full-doors.example", "full@example.org", SLOWNESS)
        filler, before = fill(volume), doors.versions()
        for writer in doors.writers:
            status, text = FULL[writer.door]
            refusals = until_refused(writer)
            assert refusals.status == status and text in refusals.text, writer.door
        acknowledged, stored = doors.versions() - before, doors.stored()
        filler.unlink()
        assert {writer.write(10_000) for writer in doors.writers} <= doors.stored()
        assert doors.versions() - before == acknowledged + len(doors.writers), "each is done once"
        assert stored <= doors.stored()
        assert "Traceback" not in own.log("serve") + own.log("updates")


def until_refused(writer: Writer) -> Refused:
    """Write until the store is full, and return the refusal."""
    for number in range(1000):
        try:
            writer.write(number)
        except Refused as refused:
            return refused
    raise AssertionError("the store is not full")


def is_answered(doors: Doors) -> bool:
    """Return True if the API answers."""
    try:
        return doors.api("GET", "/dns-zones/").ok
    except requests.ConnectionError:
        return False
