"""Differences by IXFR: their net, whole zones, and answers that are neither."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from uuid import uuid4

import dns.name
import pytest
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from hypothesis import given
from hypothesis import strategies as st

from appliance.addresses import LOOPBACK, Endpoint
from appliance.errors import CommandFailed, CommandTimeout
from appliance.keys import new_key
from appliance.nameserver.update_client import UpdateClient
from appliance.nameserver.update_messages import UpdateResponse, update_messages
from appliance.queries.difference import Difference, DifferenceClient, DifferenceReader
from appliance.zones.delta import Delta, VersionDelta, WireRecord, between, wire_record
from tests.pair import Pair, free_port, wait_for
from tests.workspace import APEX
from tests.zones.records import ORIGIN, any_records, record

FIRST = 7


def soa(serial: int, zone: Name = ORIGIN) -> WireRecord:
    return WireRecord(zone.to_digestable(), RdataType.SOA, APEX.ttl, APEX.soa.rdata(serial))


def answer(versions: Sequence[frozenset[WireRecord]]) -> list[WireRecord]:
    """Return the records with which a nameserver sends the differences between these versions."""
    last = soa(FIRST + len(versions) - 1)
    found = [last]
    for number, (before, after) in enumerate(itertools.pairwise(versions)):
        found += [soa(FIRST + number), *(before - after), soa(FIRST + number + 1), *(after - before)]
    return [*found, last]


def read(records: Sequence[WireRecord], serial: int = FIRST, size: int = 3) -> Difference:
    """Return the result of an answer in messages of this many records."""
    reader = DifferenceReader(serial)
    for start in range(0, len(records), size):
        reader.read(records[start : start + size])
    return reader.difference()


states = st.lists(any_records.map(lambda found: frozenset(map(wire_record, found))), min_size=2, max_size=5)


@given(states, st.integers(1, 9))
def test_the_net_of_all_differences_is_that_of_first_and_last(versions: list[frozenset[WireRecord]], size: int) -> None:
    last = soa(FIRST + len(versions) - 1)
    assert read(answer(versions), size=size) == Difference(last, between(versions[0], versions[-1]))


@given(any_records, st.integers(1, 9))
def test_a_whole_zone_is_read_without_its_soa(found: list[object], size: int) -> None:
    records = {wire_record(record("NS", "@", "ns.example.org")), *map(wire_record, found)}  # type: ignore[arg-type]
    assert read([soa(9), *records, soa(9)], size=size) == Difference(soa(9), records=frozenset(records))


@pytest.mark.parametrize("serial", [FIRST, FIRST - 1, FIRST - 2**31 + 1])
def test_an_soa_alone_says_that_nothing_is_newer(serial: int) -> None:
    assert read([soa(serial % 2**32)]) == Difference(soa(serial % 2**32), Delta())


A = WireRecord(ORIGIN.to_digestable(), RdataType.A, 60, b"\1\2\3\4")


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([A, soa(8)], "the first record is not an SOA"),
        ([soa(8)], "not complete"),
        ([soa(8), A], "not complete"),
        ([soa(8), soa(7), A], "not complete"),
        ([soa(8), soa(7), A, soa(8)], "not complete"),
        ([soa(8), soa(6), A, soa(8), soa(8)], "begins at another serial"),
        ([soa(8), soa(8)], "begins at another serial"),
        ([soa(9), soa(7), A, soa(8), soa(9)], "an SOA follows"),
        ([soa(8), A, soa(7)], "an SOA follows"),
        ([soa(8), A, soa(8), A], "records follow"),
        ([WireRecord(b"\0", RdataType.SOA, 0, b"short")], "too short"),
    ],
)
def test_an_answer_that_is_no_transfer_is_refused(records: list[WireRecord], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read(records)


def test_a_large_answer_is_refused_before_it_is_kept() -> None:
    reader = DifferenceReader(FIRST, limit=1000)
    reader.read([soa(8)])
    with pytest.raises(ValueError, match="too large"):
        reader.read(A._replace(ttl=number) for number in itertools.count())


def test_records_in_any_order_are_read_or_refused() -> None:
    chance = random.Random(5)
    parts = [soa(7), soa(8), soa(9), A, A._replace(ttl=1), A._replace(rdtype=2)]
    for _ in range(5000):
        with suppress(ValueError):
            found = read(chance.choices(parts, k=chance.randint(1, 9)))
            assert not found.delta.removed & found.delta.added


@pytest.fixture
def zone(pair: Pair) -> Iterator[Name]:
    """A zone that can be updated, with the serial 7 and a thousand records, so that it is sent as differences."""
    name, uuid = dns.name.from_text(f"d{uuid4().hex}.example."), uuid4()
    lines = [f"{name} {APEX.ttl} IN SOA ns1.appliance.test. hostmaster.appliance.test. 7 3600 300 2419200 300"]
    lines += [
        f"{name} 900 IN NS ns1.appliance.test.",
        *(f"w{number}.{name} 60 IN A 192.0.2.1" for number in range(999)),
    ]
    pair.control.add_zone(name, pair.put(uuid, "\n".join([*lines, ""]).encode()))
    pair.wait_for_serial(pair.primary, name, 7)
    yield name
    pair.control.delete_zone(name)


def update(pair: Pair, zone: Name, serial: int, delta: Delta) -> None:
    client = UpdateClient(pair.primary.endpoint, pair.update_key, lambda: datetime.now(UTC), lambda: 0.0)
    found: list[UpdateResponse] = []

    def is_answered() -> bool:
        found.extend(client.responses())
        return bool(found)

    with closing(client):
        client.send(update_messages(zone, APEX.soa, serial, [VersionDelta(serial + 1, delta)])[0])
        wait_for(is_answered, "a response")
    assert [one.rcode for one in found] == [Rcode.NOERROR]


def client_of(pair: Pair) -> DifferenceClient:
    return DifferenceClient(pair.primary.endpoint, pair.transfer_key, lambda: datetime.now(UTC))


def test_a_nameserver_sends_what_updates_changed(pair: Pair, zone: Name) -> None:
    origin = zone.to_digestable()
    records = [WireRecord(b"\3www" + origin, rdtype, 60, b"\4name" + origin) for rdtype in (2, 5, 12)]
    steps = [
        Delta(added=frozenset([records[0]])),
        Delta(frozenset([records[0]]), frozenset([records[1]])),
        Delta(frozenset([records[1]]), frozenset([records[2], records[2]._replace(rdtype=1, rdata=b"\1\2\3\4")])),
    ]
    for number, delta in enumerate(steps):
        update(pair, zone, 7 + number, delta)
    with closing(client_of(pair)) as client:
        assert client.fetch(zone, 9) == Difference(soa(10, zone), steps[2])
        assert client.fetch(zone, 7) == Difference(soa(10, zone), Delta(added=steps[2].added))
        assert client.fetch(zone, 10) == Difference(soa(10, zone))
        assert client.fetch(zone, 11) == Difference(soa(10, zone))
        whole = client.fetch(zone, 3)
        assert whole.serial == 10 and whole.records and len(whole.records) == 1002
        with pytest.raises(CommandFailed, match="the answer is too large"):
            client.fetch(zone, 3, limit=10_000)
        assert client.fetch(zone, 10).serial == 10, "the connection is opened again"


def test_who_refuses_or_does_not_answer_is_an_error(pair: Pair, zone: Name) -> None:
    with closing(client_of(pair)) as client:
        with pytest.raises(CommandFailed, match="refused with NOTAUTH"):
            client.fetch(dns.name.from_text("unknown.example"), 1)
        assert client.fetch(zone, 7).serial == 7
    for key, clock, reason in (
        (new_key("transfer"), lambda: datetime.now(UTC), "refused with NOTAUTH"),
        (pair.transfer_key, lambda: datetime(2020, 1, 1, tzinfo=UTC), "the clocks differ"),
    ):
        client = DifferenceClient(pair.primary.endpoint, key, clock)
        with closing(client), pytest.raises(CommandFailed, match=reason):
            client.fetch(zone, 1)
    nobody = DifferenceClient(Endpoint(LOOPBACK, free_port()), pair.transfer_key, lambda: datetime.now(UTC))
    with closing(nobody), pytest.raises(CommandTimeout, match="Connection refused"):
        nobody.fetch(zone, 1)
