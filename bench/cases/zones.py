"""Create a zone while others are present, and start with many zones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from bench.cases.timing import change_one, create_zone, longest_waits
from bench.run import PAUSE, Run, Side
from bench.series import Series
from bench.systems.appliance import ApplianceSystem
from bench.systems.system import HOST, Content

STARTED = "started.example"
BUSY_AT_START = 60.0
"""Seconds after its start for which PowerDNS may refuse a change: its database is locked meanwhile."""
PROBED = 10
"""Zones that are created while queries are timed."""


def present(count: int) -> list[Content]:
    """Return zones that are filled in, so that many are present."""
    return [Content(f"zone-{number}.example", 0) for number in range(count)]


def new_zones(run: Run) -> Iterator[Series]:
    """Yield the series of each number of zones."""
    for count in run.scale.zones:
        run.ensure(present(count))
        yield from run.interleave(
            "zone created",
            f"{count:,} zones present",
            lambda side, number, count=count: create_zone(f"new-{count}-{number}.example", side),  # type: ignore[misc]
        )
        for side in run.sides:
            act = partial(_several, run, side, count)
            yield from longest_waits(side, f"zone created with {count:,} present", ("zone-0.example", "SOA"), act)


def _several(run: Run, side: Side, count: int) -> None:
    for number in range(min(run.scale.rounds, PROBED)):
        create_zone(f"probed-{count}-{number}.example", side)
        time.sleep(PAUSE)


def starts(run: Run) -> Iterator[Series]:
    """Yield how long each system takes to start, to serve the first change, and the appliance to compare everything."""
    count = run.scale.zones[-1]
    run.ensure([*present(count), Content(STARTED, 1)])
    for side in list(run.sides):
        for point, seconds in _start(run, side).items():
            yield Series("start", f"{count:,} zones", side.system.name, point, "s", (seconds,))


def _start(run: Run, side: Side) -> dict[str, float]:
    side, began = run.restart(side)
    since = datetime.now(UTC) - timedelta(seconds=time.perf_counter() - began)
    points = {"API answers": time.perf_counter() - began}
    side.client.prepare(STARTED, [HOST])
    change_one(STARTED, HOST, side, 0, busy=BUSY_AT_START)
    points["first change on ns2"] = time.perf_counter() - began
    if isinstance(side.system, ApplianceSystem):
        side.system.wait_until_reconciled(since)
        points["everything compared"] = time.perf_counter() - began
    return points
