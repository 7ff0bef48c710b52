"""Time a write from its request to the answers of both nameservers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from bench.run import PAUSE, Side
from bench.series import Series
from bench.systems.probe import probing
from bench.systems.watcher import has_address, is_answered, query

BUSY = 5.0
"""Seconds for which a refused change is repeated: PowerDNS refuses one while its database is locked."""


def until_served(
    side: Side,
    domain: str,
    write: Callable[[], object],
    message: bytes,
    is_seen: Callable[[bytes], bool],
    *,
    is_new: bool = False,
) -> dict[str, float]:
    """Return the milliseconds from the request to its response, and to the answer of each nameserver that shows it."""
    began = time.perf_counter()
    write()
    replied = time.perf_counter()
    primary = side.primary.wait_until(message, is_seen)
    side.client.replicate(domain, is_new=is_new)
    secondary = side.secondary.wait_until(message, is_seen)
    points = {"reply": replied, "ns1": primary, "ns2": secondary}
    return {point: (moment - began) * 1000 for point, moment in points.items()}


def change_one(domain: str, host: str, side: Side, number: int, *, busy: float = BUSY) -> dict[str, float]:
    """Change the address of a host; the number decides the address. A refused change is repeated for `busy` seconds."""
    address = f"198.19.{number // 250}.{number % 250 + 1}"

    def change() -> None:
        end = time.monotonic() + busy
        while not side.client.change(domain, host, address):
            if time.monotonic() > end:
                raise SystemExit(f"{side.system.name} refused a change of {domain}")
            time.sleep(PAUSE)

    return until_served(side, domain, change, query(f"{host}.{domain}", "A"), has_address(address))


def create_zone(domain: str, side: Side) -> dict[str, float]:
    """Create a zone."""
    create = side.client.create_zone
    return until_served(side, domain, lambda: create(domain), query(domain, "SOA"), is_answered, is_new=True)


def longest_waits(side: Side, size: str, question: tuple[str, str], act: Callable[[], object]) -> Iterator[Series]:
    """Yield the longest wait of a query at each nameserver while this one system acts, whose times do not count."""
    with ExitStack() as stack:
        probes = [stack.enter_context(probing(server, *question)) for server in side.system.nameservers]
        act()
    for point, waits in zip(("ns1", "ns2"), probes, strict=True):
        yield Series("longest wait of a query", size, side.system.name, point, "ms", tuple(waits.longest))
        if waits.lost:
            yield Series("queries without an answer", size, side.system.name, point, "queries", (waits.lost,))
