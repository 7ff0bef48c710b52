"""Change one record, or many at once, in zones of several sizes, until each nameserver serves it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from bench.cases.timing import change_one, longest_waits, until_served
from bench.run import PAUSE, Run, Side
from bench.series import Series
from bench.systems.system import HOST, Content
from bench.systems.watcher import has_address, query

PROBED = 10
"""Changes while queries are timed."""
IDLE = 2.0
"""Seconds for which queries are timed while nothing is changed."""
MANY_ROUNDS = 5


def changes(run: Run) -> Iterator[Series]:
    """Yield the series of each size, then the longest wait of a query while changes are published."""
    contents = [Content(f"change-{size}.example", size) for size in run.scale.records]
    run.ensure(contents)
    for side in run.sides:
        question = (f"{HOST}.{contents[0].domain}", "A")
        yield from longest_waits(side, "nothing is changed", question, lambda: time.sleep(IDLE))
    for content in contents:
        size = f"{content.records:,} records"
        for side in run.sides:
            side.client.prepare(content.domain, [HOST])
        yield from run.interleave("one record changed", size, partial(change_one, content.domain, HOST))
        for side in run.sides:
            question, act = (f"{HOST}.{content.domain}", "A"), partial(_several, run, side, content.domain)
            yield from longest_waits(side, f"one record of {size} changed", question, act)


def many_at_once(run: Run) -> Iterator[Series]:
    """Yield the series of a request that creates many records."""
    contents = [Content(f"many-{number}.example", run.scale.by_file + 1) for number in range(MANY_ROUNDS + 1)]
    run.ensure([Content(content.domain, 1) for content in contents])
    size = f"{run.scale.by_file:,} records"
    yield from run.interleave(
        "records created in one request", size, lambda side, number: _create_many(contents[number], side), MANY_ROUNDS
    )
    for side in run.sides:
        question = (f"{HOST}.{contents[-1].domain}", "A")
        yield from longest_waits(side, f"{size} created", question, partial(_create_many, contents[-1], side))


def _create_many(content: Content, side: Side) -> dict[str, float]:
    *_, (host, address) = hosts = list(content.hosts())[1:]
    message, create = query(f"{host}.{content.domain}", "A"), side.client.create_hosts
    return until_served(side, content.domain, lambda: create(content.domain, hosts), message, has_address(address))


def _several(run: Run, side: Side, domain: str) -> None:
    for number in range(min(run.scale.rounds, PROBED)):
        change_one(domain, HOST, side, 1000 + number)
        time.sleep(PAUSE)
