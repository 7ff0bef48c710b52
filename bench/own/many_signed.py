"""Measure many signed zones beside as many unsigned ones: memory, a start of each nameserver, the deployer's cost.

First all zones are unsigned, then all but one are signed; a record of that one is changed in both phases.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dns.name

from appliance.addresses import Nameserver
from appliance.queries.bulk import query_all
from appliance.store import tables
from appliance.store.file import sqlite
from bench.cases.memory import sizes
from bench.cases.timing import change_one
from bench.own.signed import SigningClient, opened_side, opened_system
from bench.run import PAUSE, PROCESSOR, Side
from bench.series import APPLIANCE, Series
from bench.systems.appliance import ApplianceSystem
from bench.systems.processor import processor_seconds
from bench.systems.system import HOST, Content
from tests.pair import wait_for

ZONES, RECORDS = 1_000, 10
CASE = f"{ZONES:,} zones of {RECORDS} records"
DOMAINS = [f"zone-{number}.example" for number in range(ZONES)]
EDITED = "edited.example"
PRIMARY, SECONDARY = NAMESERVERS = ("ns1", "ns2")
DEPLOYER = "deployer"
IDLE = 60.0
"""Seconds for which nothing is changed."""
FOLLOWED = 10.0
"""Seconds within which the deployer notes that the primary was started."""
LONGEST = 1800.0
"""Seconds after which the benchmark fails."""
_PART = 50
"""Zones that are queried at once of a nameserver that starts: queries take time from what they wait for."""
_UNSIGNED = "select count(*) from signing where signed_at is null"
_DUE = "select count(*) from signing where due_at <= ?"
_TICKS = os.sysconf("SC_CLK_TCK")


def many_signed_zones(rounds: int) -> Iterator[Series]:
    """Yield the series of both phases, and those of the signing between them."""
    with opened_system() as system:
        system.start()
        system.wait_until_served()
        empty = {server: _memory(system, server) for server in NAMESERVERS}
        system.stop()
        system.fill([Content(domain, RECORDS) for domain in (EDITED, *DOMAINS)])
        system.start()
        system.wait_until_served()
        with opened_side(system) as side:
            side.client.prepare(EDITED, [HOST])
            bench = _Bench(system, side, rounds, empty)
            yield from bench.phase("plain", signed=False)
            yield from bench.sign()
            yield from bench.phase("signed", signed=True)


@dataclass
class _Bench:
    """The running appliance; `empty` is the memory of each nameserver without zones, in KiB."""

    system: ApplianceSystem
    side: Side
    rounds: int
    empty: Mapping[str, float]

    def phase(self, what: str, *, signed: bool) -> Iterator[Series]:
        """Yield what the zones cost as they are now."""
        before = self._processor(DEPLOYER)
        time.sleep(IDLE)
        spent = self._processor(DEPLOYER) - before
        yield _one(what, "deployer idle, processor time a minute", "s", spent * 60 / IDLE)
        yield from self._edits(what)
        for server in NAMESERVERS:
            yield _one(what, f"{server}, memory (PSS) a zone", "KiB", self._memory(server))
        before = self._processor(DEPLOYER)
        for server in NAMESERVERS:
            yield from self._start(what, server, signed=signed)
        time.sleep(FOLLOWED)
        wait_for(lambda: not self._count(_DUE, _now()), "no zone is due", LONGEST)
        yield _one(what, "deployer, processor time for these starts", "s", self._processor(DEPLOYER) - before)

    def sign(self) -> Iterator[Series]:
        """Have the zones signed, and yield what that takes."""
        client, before, began = SigningClient(self.system), self._processor(DEPLOYER), time.perf_counter()
        for domain in DOMAINS:
            client.sign(domain)
        wait_for(lambda: not self._count(_UNSIGNED), "all zones are signed", LONGEST)
        seconds, processor = time.perf_counter() - began, self._processor(DEPLOYER) - before
        yield _one("signed", "turned on, one after the other, until all are served signed", "s", seconds)
        yield _one("signed", "deployer, processor time to turn one on", "ms", processor / ZONES * 1000)

    def _edits(self, what: str) -> Iterator[Series]:
        """Yield the series of changes of the zone that is not signed."""
        found: dict[str, list[float]] = {}
        pids = self.system.processes()
        before, first = processor_seconds(pids), len(what) * 1000  # other addresses in each phase
        for number in range(first, first + self.rounds):
            for point, milliseconds in change_one(EDITED, HOST, self.side, number).items():
                found.setdefault(point, []).append(milliseconds)
            time.sleep(PAUSE)
        found[PROCESSOR] = [(processor_seconds(pids) - before) / self.rounds * 1000]
        for point, values in found.items():
            yield Series(CASE, f"{what}, an unsigned one changed", APPLIANCE, point, "ms", tuple(values))

    def _start(self, what: str, server: str, *, signed: bool) -> Iterator[Series]:
        """End a nameserver, which is started again, and yield what it needs until it answers all zones."""
        former = _pid(self.system, server)
        os.kill(former, signal.SIGTERM)
        wait_for(lambda: _pid(self.system, server) not in (former, 0), f"{server} is started again", LONGEST)
        began = _started_at(_pid(self.system, server))
        self._wait_until_answered(server, signed=signed)
        seconds = time.clock_gettime(time.CLOCK_BOOTTIME) - began
        yield _one(what, f"{server} starts, until it answers all zones", "s", seconds)
        yield _one(what, f"{server} starts, processor time until then", "s", self._processor(server))
        yield _one(what, f"{server}, memory (PSS) a zone after its start", "KiB", self._memory(server))

    def _wait_until_answered(self, server: str, *, signed: bool) -> None:
        asked = Nameserver(server, self.system.nameservers[NAMESERVERS.index(server)])
        waiting = {(asked, dns.name.from_text(domain)) for domain in DOMAINS}
        content = {name for _, name in waiting} if signed else ()

        def are_answered() -> bool:
            part = list(waiting)[:_PART]
            answers = query_all(part, timeout=0.2, retries=0, signed=content)
            waiting.difference_update(query for query, answer in answers.items() if answer and answer.serial)
            return not waiting

        wait_for(are_answered, f"{server} answers all zones", LONGEST)

    def _memory(self, server: str) -> float:
        return (_memory(self.system, server) - self.empty[server]) / ZONES

    def _processor(self, name: str) -> float:
        return processor_seconds([_pid(self.system, name)])

    def _count(self, query: str, *parameters: int | None) -> int:
        with closing(sqlite.connect(self.system.store)) as reader:
            return int(reader.execute(query, parameters).get)


def _one(what: str, point: str, unit: str, value: float) -> Series:
    return Series(CASE, what, APPLIANCE, point, unit, (value,))


def _now() -> int | None:
    return tables.Signing.due_at.db_value(datetime.now(UTC))


def _pid(system: ApplianceSystem, name: str) -> int:
    """Return the id of the process of that name; 0 without one."""
    return next((pid for pid, one in system.processes().items() if one == name), 0)


def _memory(system: ApplianceSystem, name: str) -> float:
    """Return the PSS of the process of that name, in KiB."""
    return sizes(Path(f"/proc/{_pid(system, name)}/smaps_rollup").read_text())["PSS"] * 1024


def _started_at(pid: int) -> float:
    """Return when a process started, in seconds since the machine did (proc(5): starttime)."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]) / _TICKS
