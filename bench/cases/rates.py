"""Changes a second by one client and by eight, on one zone and on many, and how soon all of them are served."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from bench.run import PROCESSOR, Run, Side
from bench.series import Series
from bench.systems.processor import processor_seconds
from bench.systems.system import HOST, Content
from bench.systems.watcher import Watcher, has_address, query
from bench.writers import Target, Written, write_at_once

CLIENTS = (1, 8)
ONE = Content("one.example", 10)


def rates(run: Run) -> Iterator[Series]:
    """Yield rate, failures and the time to the last change for each number of clients and zones."""
    many = [Content(f"many-{number}.rates.example", 1) for number in range(run.scale.many_zones)]
    run.ensure([ONE, *many])
    for clients in CLIENTS:
        one = [[Target(ONE.domain, f"h{number + 1}")] for number in range(clients)]
        yield from _turns(run, f"{_clients(clients)}, one zone", one)
        split = [[Target(zone.domain, HOST) for zone in many[number::clients]] for number in range(clients)]
        yield from _turns(run, f"{_clients(clients)}, {len(many):,} zones", split)


def _clients(number: int) -> str:
    return f"{number} client" + "s" * (number > 1)


def _turns(run: Run, size: str, targets: Sequence[Sequence[Target]]) -> Iterator[Series]:
    found: dict[tuple[str, str, str], list[float]] = {}
    for turn in range(run.scale.turns):
        for side in run.sides:
            figures = _turn(run, side, targets, turn)
            for (point, unit), value in figures.items():
                found.setdefault((side.system.name, point, unit), []).append(value)
    for (system, point, unit), values in found.items():
        yield Series("changes as fast as they are answered", size, system, point, unit, tuple(values))


def _turn(run: Run, side: Side, targets: Sequence[Sequence[Target]], turn: int) -> dict[tuple[str, str], float]:
    """Return the figures of one turn; the processor time is that from the first request until all is served."""
    spent: list[float] = []

    def read() -> None:
        spent.append(processor_seconds(side.system.processes()))

    written = write_at_once(side.system.access(), targets, run.scale.seconds, turn, read)
    figures = _figures(side, written)
    read()
    changes = max(sum(one.accepted for one in written), 1)
    return {**figures, (PROCESSOR, "ms a change"): (spent[1] - spent[0]) * 1000 / changes}


def _figures(side: Side, written: Sequence[Written]) -> dict[tuple[str, str], float]:
    began, last = min(one.began for one in written), max(one.last for one in written)
    served = _wait_until_served(side, written)
    return {
        ("accepted", "changes/s"): sum(one.accepted for one in written) / (last - began),
        ("failed", "requests"): sum(one.failed for one in written),
        **{(f"last response until {server} serves all", "s"): moment - last for server, moment in served.items()},
    }


def _wait_until_served(side: Side, written: Sequence[Written]) -> dict[str, float]:
    """Return the moments at which each nameserver serves the last change of every host."""
    now = {target: address for one in written for target, address in one.now.items()}
    served = {}
    for name, watcher in (("ns1", side.primary), ("ns2", side.secondary)):
        if name == "ns2":
            for domain in {target.domain for target, address in now.items() if not _is_seen(watcher, target, address)}:
                side.client.replicate(domain)
        for target, address in now.items():
            watcher.wait_until(_question(target), has_address(address))
        served[name] = time.perf_counter()
    return served


def _is_seen(watcher: Watcher, target: Target, address: str) -> bool:
    return has_address(address)(watcher.ask(_question(target)) or b"")


def _question(target: Target) -> bytes:
    return query(f"{target.host}.{target.domain}", "A")
