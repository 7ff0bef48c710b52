"""Measure 10,000 zones with a silent secondary: the deployer's cost, and how long an edit takes meanwhile."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.store import zones
from appliance.store.file import sqlite
from appliance.store.file.database import Store
from appliance.zones.names import parse_domain
from tests.appliance import Appliance, Client, timed
from tests.many_zones import add_zones
from tests.pair import wait_for

ZONES = 10_000
ROUNDS = 20
PAUSE = 3.0
"""Seconds between two edits: with all rounds, about a minute."""
DEPLOYER, SECONDARY = "appliance deployer", "ns2/named.conf"


@dataclass
class Cost:
    """The cost of one phase.

    CPU seconds of the loop's thread a minute, the longest wait for the write lock, the time of each edit, in seconds.
    """

    what: str
    loop: float
    lock: float
    edits: list[float]


def costs() -> Iterator[Cost]:
    """Yield the cost while everything is served, while the secondary falls silent, and after that."""
    with Appliance() as appliance:
        api = appliance.client(appliance.token("bench@example.org"))
        record = _fill(appliance, api)
        yield _measure("all served", appliance, api, record)
        with appliance.without(SECONDARY):
            yield _measure("secondary falls silent", appliance, api, record)
            yield _measure("secondary is silent", appliance, api, record)
        yield _measure("secondary answers again", appliance, api, record)


def _fill(appliance: Appliance, api: Client) -> dict[str, Any]:
    """Insert the zones at once and wait until they are live; return the record that is edited."""
    zone = api.zone("edited.example")
    record = api.record(zone, "A", "www", "192.0.2.1")
    store = Store(appliance.state / "store" / "store.sqlite3", durable=False)
    store.attach()
    with store.connection():
        like = zones.get_by_name(parse_domain("edited.example"))
        if like is None:
            raise SystemExit("the zone is missing")
        add_zones(store, like, (f"zone-{number}.example" for number in range(ZONES - 1)), record_count=0)
    wait_for(lambda: _live(appliance) == ZONES, f"{ZONES} zones are live", 1800)
    return record


def _live(appliance: Appliance) -> int:
    with closing(sqlite.connect(appliance.state / "store" / "store.sqlite3")) as reader:
        counted = reader.execute("select count(*) from deployment where live_serial is not null")
        return int(counted.get)


def _measure(what: str, appliance: Appliance, api: Client, record: dict[str, Any]) -> Cost:
    pid = appliance.child(DEPLOYER)
    began, before = time.monotonic(), _cpu(pid)
    edits = []
    with _locks(appliance.state / "store" / "store.sqlite3") as waits:
        for number in range(ROUNDS):
            edits.append(_edit(appliance, api, record, f"198.51.100.{int(time.time() + number) % 250 + 1}"))
            time.sleep(PAUSE)
    minutes = (time.monotonic() - began) / 60
    return Cost(what, (_cpu(pid) - before) / minutes, max(waits), edits)


def _edit(appliance: Appliance, api: Client, record: dict[str, Any], address: str) -> float:
    wire = bytes(map(int, address.split(".")))
    return timed(
        lambda: api.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {"value": address}),
        lambda: wire in appliance.answer(record["fqdn"], "A", 1)[1],
    )


def _cpu(pid: int | None) -> float:
    """Return the CPU seconds of a process's first thread, the loop."""
    words = Path(f"/proc/{pid}/task/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _locks(store: Path) -> Iterator[list[float]]:
    """Yield how long each of many short transactions waited for the write lock, in seconds."""
    waits, stopped = [0.0], threading.Event()

    def measure() -> None:
        with closing(sqlite.connect(store)) as writer:
            while not stopped.wait(0.01):
                began = time.perf_counter()
                writer.execute("begin immediate")
                writer.execute("rollback")
                waits.append(time.perf_counter() - began)

    thread = threading.Thread(target=measure)
    thread.start()
    try:
        yield waits
    finally:
        stopped.set()
        thread.join()
