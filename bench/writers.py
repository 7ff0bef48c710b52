"""Several clients, each a process with a kept connection, that change records as fast as they are answered."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Protocol

from bench.systems.system import Access

BACK_OFF = 0.005
"""Seconds after a refused change, which is then repeated."""
START_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Target:
    """A host of a zone."""

    domain: str
    host: str


@dataclass(frozen=True, slots=True)
class Written:
    """What one client did.

    `accepted` and `failed` are numbers of requests, `last` the moment of its last response (`time.perf_counter`), `now`
    the present address of each host.
    """

    accepted: int
    failed: int
    began: float
    last: float
    now: dict[Target, str]


def write_at_once(
    access: Access, targets: Sequence[Sequence[Target]], seconds: float, turn: int, begin: Callable[[], None]
) -> list[Written]:
    """Let one client write to each sequence of hosts, all from the moment of `begin`; return what each did."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(len(targets) + 1), context.Queue()
    clients = [
        context.Process(target=_client, args=(access, hosts, seconds, turn, barrier, results), daemon=True)
        for hosts in targets
    ]
    for client in clients:
        client.start()
    barrier.wait(START_SECONDS)
    begin()
    written: list[Written] = [results.get(timeout=START_SECONDS + 10 * seconds) for _ in clients]
    for client in clients:
        client.join()
    return written


def _client(
    access: Access, hosts: Sequence[Target], seconds: float, turn: int, barrier: Barrier, results: Queue[Written]
) -> None:
    client = access.open()
    for target in hosts:
        client.prepare(target.domain, [target.host])
    barrier.wait(START_SECONDS)
    results.put(write(client, hosts, seconds, turn))


class Changes(Protocol):
    """A client that changes addresses."""

    def change(self, domain: str, host: str, address: str) -> bool:
        """Change the only address of a host; return whether the change was accepted."""
        ...


def write(client: Changes, hosts: Sequence[Target], seconds: float, turn: int) -> Written:
    """Change the hosts one after another, over and over, until the time has passed."""
    accepted, failed, now = 0, 0, dict[Target, str]()
    began = last = time.perf_counter()
    while time.perf_counter() < began + seconds:
        target, address = hosts[accepted % len(hosts)], address_of(turn, accepted)
        if client.change(target.domain, target.host, address):
            accepted, last = accepted + 1, time.perf_counter()
            now[target] = address
        else:
            failed += 1
            time.sleep(BACK_OFF)
    return Written(accepted, failed, began, last, now)


def address_of(turn: int, number: int) -> str:
    """Return the address of a change: another one for each number below 16,777,216 and each of 100 turns."""
    return f"{100 + turn}.{number >> 16}.{number >> 8 & 255}.{number & 255}"
