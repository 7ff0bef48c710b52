"""Measure each door: from a request to its response, at which both nameservers serve it; and reads while many wait."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.appliance import Appliance, Client
from tests.door_writers import Doors, Writer, open_doors

ROUNDS = 30
WAITING = 100
PAUSE = 0.1
SECONDARY = "ns2/named.conf"


def doors() -> Iterator[tuple[str, Sequence[float]]]:
    """Yield what was measured, and the seconds of each round."""
    with Appliance() as appliance:
        opened = open_doors(appliance, "doors.example.org", "bench@example.org")
        for writer in opened.writers:
            yield f"{writer.door}: present until seen on both", list(_presents(opened, writer))
        yield from _reads_while_many_wait(opened)


def _presents(opened: Doors, writer: Writer) -> Iterator[float]:
    for number in range(ROUNDS):
        began = time.perf_counter()
        name, rdtype, _ = writer.write(2 * number)  # even: a name for each
        took = time.perf_counter() - began
        if any(not opened.appliance.answer(f"{name}.{opened.domain}", rdtype, server)[1] for server in (1, 2)):
            raise SystemExit(f"{writer.door}: {name} was not served when the door answered")
        yield took
        time.sleep(PAUSE)


def _reads_while_many_wait(opened: Doors) -> Iterator[tuple[str, Sequence[float]]]:
    """Yield the seconds of reads before and while presents by httpreq wait for a silent ns2."""
    (httpreq,) = (writer for writer in opened.writers if writer.door == "httpreq")
    other = opened.appliance.client(opened.appliance.token("other@example.org"))
    yield "GET zones, nobody waits", [_read(other) for _ in range(ROUNDS)]
    with ThreadPoolExecutor(WAITING) as threads, opened.appliance.without(SECONDARY):
        waiting = [threads.submit(httpreq.write, 2 * (ROUNDS + number)) for number in range(WAITING)]
        reads: dict[str, list[float]] = {"of the same account": [], "of another account": []}
        while not all(one.done() for one in waiting):
            for api, seconds in zip((opened.api, other), reads.values(), strict=True):
                seconds.append(_read(api))
    for whose, seconds in reads.items():
        yield f"{WAITING} presents, GET zones {whose}", seconds


def _read(api: Client) -> float:
    began = time.perf_counter()
    api.expect(200, "GET", "/dns-zones/?page_size=10")
    return time.perf_counter() - began
