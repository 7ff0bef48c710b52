"""Change one record, or many at once, in zones of several sizes, until each nameserver serves it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from bench.cases.timing import change_one, until_served
from bench.run import Run, Side
from bench.series import Series
from bench.systems.probe import probing
from bench.systems.system import HOST, Content
from bench.systems.watcher import has_address, query

PROBED = 10
"""Changes while queries are timed, and seconds after each."""
PROBE_PAUSE = 0.1
MANY_ROUNDS = 5


def changes(run: Run) -> Iterator[Series]:
    """Yield the series of each size, then the longest wait of a query while changes are published."""
    contents = [Content(f"change-{size}.example", size) for size in run.scale.records]
    run.ensure(contents)
    for content in contents:
        size = f"{content.records:,} records"
        for side in run.sides:
            side.client.prepare(content.domain, [HOST])
        yield from run.interleave("one record changed", size, partial(change_one, content.domain, HOST))
        for side in run.sides:
            yield from _waits(run, side, content.domain, f"one record of {size} changed")


def many_at_once(run: Run) -> Iterator[Series]:
    """Yield the series of a request that creates many records."""
    contents = [Content(f"many-{number}.example", run.scale.by_file + 1) for number in range(MANY_ROUNDS)]
    run.ensure([Content(content.domain, 1) for content in contents])
    size = f"{run.scale.by_file:,} records"
    yield from run.interleave(
        "records created in one request", size, lambda side, number: _create_many(contents[number], side), MANY_ROUNDS
    )


def _create_many(content: Content, side: Side) -> dict[str, float]:
    *_, (host, address) = hosts = list(content.hosts())[1:]
    message, create = query(f"{host}.{content.domain}", "A"), side.client.create_hosts
    return until_served(side, content.domain, lambda: create(content.domain, hosts), message, has_address(address))


def _waits(run: Run, side: Side, domain: str, size: str) -> Iterator[Series]:
    """Yield the longest wait of a query at each nameserver during a few changes."""
    servers = side.system.nameservers
    with ExitStack() as stack:
        probes = [stack.enter_context(probing(server, f"{HOST}.{domain}")) for server in servers]
        for number in range(min(run.scale.rounds, PROBED)):
            change_one(domain, HOST, side, 1000 + number)
            time.sleep(PROBE_PAUSE)
    for point, waits in zip(("ns1", "ns2"), probes, strict=True):
        yield Series("longest wait of a query", size, side.system.name, point, "ms", tuple(waits.longest))
