"""Writers, questions, and kill -9 of API, deployer, ns1 and ns2 at random moments, all at the same time.

What must hold: every acknowledged change is in the version of its serial, and at the end in the store and in both
nameservers; an unanswered one is there once or not at all; every answer is of a committed version; serials never go
back.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import dns.name

from appliance.addresses import Endpoint, Nameserver
from appliance.errors import CommandError
from appliance.keys import read_key
from appliance.queries.transfer import axfr
from tests.appliance import Appliance
from tests.pair import LOOPBACK, wait_for
from tests.soak.journal import Journal, read_journal, row_of
from tests.soak.part_run import PartRun
from tests.soak.watchers import Watcher, content_of
from tests.soak.writers import TTL, Acknowledged, Entry, Plot, Writer

CHANGES = 10_000
WRITERS = 6
OWN_ZONES = 5
SHARED_ZONES = 10
CONVERGED = 60.0
"""Seconds after the last kill in which everything must be live."""
LONGEST_CALM = 3.0
"""Seconds between two kills, at most."""
VICTIMS = ("appliance serve", "appliance deployer", "ns1/named.conf", "ns2/named.conf")
HOST = "the whole host"
HOST_ONE_IN = 9
"""Kills among which one takes everything at once."""


def run(part: PartRun, changes: int = CHANGES, calm: float = LONGEST_CALM) -> None:
    """The storm until so many changes were acknowledged, or the time is over; then what is left of it."""
    with Appliance() as appliance:
        storm = Storm(part, appliance)
        storm.rage(changes, calm)
        storm.settle()
        storm.tell()


@dataclass(slots=True)
class Storm:
    """One appliance under fire."""

    part: PartRun
    appliance: Appliance
    writers: Sequence[Writer] = ()
    watchers: Sequence[Watcher] = ()
    kills: Counter[str] = field(default_factory=Counter)
    _wanted: int = 0

    def __post_init__(self) -> None:
        token = self.appliance.token("storm@example.org")
        api = self.appliance.client(token)
        shared = [f"shared-{number}.storm.example" for number in range(SHARED_ZONES)]
        uuids = {domain: str(api.zone(domain)["uuid"]) for domain in shared}
        self.writers = [self._writer(f"w{number}", token, uuids) for number in range(WRITERS)]
        domains = sorted({plot.domain for writer in self.writers for plot in writer.plots})
        key = read_key(self.appliance.state / "keys" / "transfer.key")
        self.watchers = [
            Watcher(self.part, self._server(number), key, number == 2, domains, _any_owner) for number in (1, 2)
        ]

    def _writer(self, mark: str, token: str, shared: Mapping[str, str]) -> Writer:
        """A writer with its part of each shared zone, and zones of its own that are not there yet."""
        plots = [Plot(domain, mark, True, uuid) for domain, uuid in shared.items()]
        plots += [Plot(f"z{number}.{mark}.example", mark, False) for number in range(OWN_ZONES)]
        return Writer(self.part, self.appliance.client(token), mark, plots, self._going)

    @property
    def count(self) -> int:
        """Changes that were acknowledged."""
        return sum(writer.count for writer in self.writers)

    def rage(self, changes: int, calm: float) -> None:
        """Let writers write, watchers ask and everything die, until so many changes were acknowledged."""
        self._wanted = changes
        over = threading.Event()
        with _running([writer.run for writer in self.writers]) as writers:
            asking = [lambda one=one: one.run(lambda: not over.is_set(), time.sleep) for one in self.watchers]
            with _running(asking):
                try:
                    self._kill_until_done(writers, calm)
                finally:
                    over.set()
        if self.count < changes:
            self.part.short(f"the time was over after {self.count:,} of {changes:,} changes")

    def settle(self) -> None:
        """Wait until everything is live, and compare the store and both nameservers with what was acknowledged."""
        began = time.monotonic()
        api = self.writers[0]
        try:
            wait_for(lambda: self._all_live(api), "everything is live after the storm", CONVERGED)
        except AssertionError as late:
            self.part.wrong(f"{late}: {self.appliance.log('deployer')[-2000:]}")
        self.part.figure(f"everything live {time.monotonic() - began:.1f} s after the storm")
        self._compare()

    def tell(self) -> None:
        """Hold every answer against the journal, and print the figures."""
        journal, wrong = read_journal(self.appliance.state / "store" / "store.sqlite3")
        for watcher in self.watchers:
            wrong += watcher.faults(journal)
        acknowledged = [one for writer in self.writers for one in writer.acknowledged]
        lost = _lost(journal, acknowledged)
        wrong += lost
        for text in wrong:
            self.part.wrong(text)
        unanswered = sum(writer.unanswered for writer in self.writers)
        refused = sum(writer.refused for writer in self.writers)
        self.part.figure(
            f"{self.count:,} changes acknowledged, {len(lost)} lost; {unanswered} without an answer, "
            f"{refused} refused with 503, {len(journal.versions):,} versions"
        )
        self.part.figure(
            "killed " + ", ".join(f"{name.split('/')[0].split()[-1]} {n}" for name, n in self.kills.items())
        )
        for watcher in self.watchers:
            answers = ", ".join(f"{what} {count:,}" for what, count in sorted(watcher.asked.items()))
            self.part.figure(f"{watcher.server.name}: {answers}; serials that dipped over a restart: {watcher.dips}")

    def _going(self) -> bool:
        return self.count < self._wanted and self.part.left > 0

    def _kill_until_done(self, writers: Sequence[threading.Thread], calm: float) -> None:
        told = 0
        while any(writer.is_alive() for writer in writers):
            time.sleep(self.part.random.uniform(0, calm))
            if self.part.random.randrange(HOST_ONE_IN):
                self._kill(self.part.random.choice(VICTIMS))
            else:
                self._kill_host()
            if self.count // 1000 > told:
                told = self.count // 1000
                self.part.say(f"{self.count:,} changes, {sum(self.kills.values())} kills")

    def _kill(self, words: str) -> None:
        """Kill a child of the appliance, if it runs just now, and wait for its end."""
        pid = self.appliance.child(words)
        if pid is None:
            return
        with _other_life([one for one in self.watchers if words.startswith(one.server.name)]):
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: _is_gone(pid), f"the end of process {pid}")
        self.kills[words] += 1

    def _kill_host(self) -> None:
        """Kill everything in one moment, as a host that stops hard, and start the appliance again."""
        assert self.appliance.process
        with _other_life(self.watchers):
            self.appliance.process.send_signal(signal.SIGSTOP)  # nothing is started again in between
            pids = list(self.appliance.at_work())
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            self.appliance.stop(signal.SIGKILL)
            wait_for(lambda: all(map(_is_gone, pids)), "the end of everything")
        self.appliance.start()
        self.kills[HOST] += 1

    def _all_live(self, api: Writer) -> bool:
        zones = api._get("/dns-zones/?page_size=1000")
        gone = {plot.domain for writer in self.writers for plot in writer.plots if plot.uuid is None}
        return all(zone["deployment"]["state"] == "live" for zone in zones) and all(
            self.appliance.rcode(domain, server) == "REFUSED" for domain in gone for server in (1, 2)
        )

    def _compare(self) -> None:
        """The store as the API shows it, and both nameservers as they transfer it, have what the writers know."""
        wanted: dict[str, list[Entry]] = {}
        for writer in self.writers:
            for plot in writer.plots:
                found = writer.read(plot)
                self.part.check(
                    found == (plot.uuid, plot.entries),
                    f"{plot.domain} {plot.mark}: the store has {found}, acknowledged was {plot}",
                )
                if plot.uuid is not None:
                    wanted.setdefault(plot.domain, []).extend(plot.entries.values())
        for watcher in self.watchers:
            for domain, entries in wanted.items():
                self._compare_served(watcher, domain, entries)

    def _compare_served(self, watcher: Watcher, domain: str, entries: Sequence[Entry]) -> None:
        try:
            rows = axfr(watcher.server, dns.name.from_text(domain), watcher.key)
        except CommandError as failed:
            self.part.wrong(f"{watcher.server.name} does not serve {domain}: {failed}")
            return
        served, expected = content_of(domain, rows)[1], frozenset(_served(domain, entry) for entry in entries)
        self.part.check(
            served == expected,
            f"{watcher.server.name}: {domain} lacks {expected - served}, has also {served - expected}",
        )

    def _server(self, number: int) -> Nameserver:
        return Nameserver(f"ns{number}", Endpoint(LOOPBACK, self.appliance.ports.dns + number - 1))


def _lost(journal: Journal, acknowledged: Iterable[Acknowledged]) -> list[str]:
    """Acknowledged changes that are not in the version of their serial."""
    return [
        f"lost: {one}"
        for one in acknowledged
        if (_served(one.domain, one.entry) in journal.versions.get((one.domain, one.serial), ())) != one.stands
    ]


def _served(domain: str, entry: Entry) -> tuple[str, str, int, bytes]:
    record_type, name, value, priority = entry
    return row_of(domain, {"record_type": record_type, "name": name, "value": value, "priority": priority, "ttl": TTL})


def _any_owner(random: Random) -> str:
    mark = f"w{random.randrange(WRITERS)}"
    return f"{mark}-{random.randint(1, 20)}"


def _is_gone(pid: int) -> bool:
    """True when the process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@contextmanager
def _other_life(watchers: Iterable[Watcher]) -> Iterator[None]:
    """In the block the nameservers of these watchers end."""
    for watcher in watchers:
        watcher.life += 1
    yield
    for watcher in watchers:
        watcher.life += 1


@contextmanager
def _running(jobs: Iterable[Callable[[], object]]) -> Iterator[list[threading.Thread]]:
    """Threads that run these jobs, and their ends at the end of the block."""
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        for thread in threads:
            thread.join()
