"""Writers, DNS queries, and SIGKILL of API, deployer, ns1 and ns2 at random moments, all at the same time.

Every acknowledged change must be in the version of its serial, and at the end in the store and on both nameservers.
A change without a response must exist once or not at all. Every answer must be of a committed version. Serials must
never decrease. What expires or is not confirmed must be gone at the end, and what is confirmed must be there.
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
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import dns.name

from appliance.addresses import Endpoint, Nameserver
from appliance.errors import CommandError
from appliance.keys import read_key
from appliance.queries.transfer import axfr
from tests.appliance import Appliance
from tests.pair import LOOPBACK, wait_for
from tests.soak.disk import content_on_disk, write_early
from tests.soak.due_writers import CONFIRM_WITHIN, DueWriter
from tests.soak.journal import Journal, read_journal, row_of
from tests.soak.part_run import PartRun
from tests.soak.version_writers import VersionWriter
from tests.soak.watchers import Watcher, content_of
from tests.soak.writers import TTL, Acknowledged, Entry, Writer, ZoneShare

CHANGES = 10_000
WRITERS = 6
OWN_ZONES = 5
SHARED_ZONES = 10
CONVERGENCE_TIMEOUT = 60.0
"""Seconds after the last kill within which all zones must be live."""
MAX_PAUSE = 3.0
"""Maximum seconds between two kills."""
TARGETS = ("appliance serve", "appliance deployer", "ns1/named.conf", "ns2/named.conf")
DUMP_ONE_IN = 3
"""Before one in this many kills the primary is to write some zones to their files, which it does meanwhile."""
DUMPED = 5
HOST = "the whole host"
HOST_ONE_IN = 9
"""One in this many kills hits all processes at once."""


def run(part: PartRun, changes: int = CHANGES, pause: float = MAX_PAUSE) -> None:
    """Run until this many changes were acknowledged or time is up; then wait for convergence and check."""
    with Appliance() as appliance:
        storm = Storm(part, appliance)
        storm.run_load(changes, pause)
        storm.wait_and_compare()
        storm.report()


@dataclass(slots=True)
class Storm:
    """An appliance with writers, watchers and kills."""

    part: PartRun
    appliance: Appliance
    writers: Sequence[Writer] = ()
    due_writer: DueWriter = field(init=False)
    watchers: Sequence[Watcher] = ()
    kills: Counter[str] = field(default_factory=Counter)
    dumps: int = 0
    _target: int = 0

    def __post_init__(self) -> None:
        token = self.appliance.token("storm@example.org")
        api = self.appliance.client(token)
        shared = [f"shared-{number}.storm.example" for number in range(SHARED_ZONES)]
        uuids = {domain: str(api.zone(domain)["uuid"]) for domain in shared}
        self.writers = [self._writer(f"w{number}", token, uuids) for number in range(WRITERS)]
        self.due_writer = DueWriter(self.part, self.appliance.client(token), "due.storm.example", self._is_running)
        domains = sorted({share.domain for writer in self._all_writers() for share in writer.shares})
        key = read_key(self.appliance.state / "keys" / "transfer.key")
        self.watchers = [
            Watcher(self.part, self._server(number), key, number == 2, domains, _any_owner) for number in (1, 2)
        ]

    def _writer(self, mark: str, token: str, shared: Mapping[str, str]) -> Writer:
        """Return a writer with its part of each shared zone, and with own zones that do not exist yet."""
        shares = [ZoneShare(domain, mark, True, uuid) for domain, uuid in shared.items()]
        shares += [ZoneShare(f"z{number}.{mark}.example", mark, False) for number in range(OWN_ZONES)]
        return VersionWriter(self.part, self.appliance.client(token), mark, shares, self._is_running)

    def _all_writers(self) -> list[Writer]:
        return [*self.writers, self.due_writer]

    @property
    def count(self) -> int:
        """Number of acknowledged changes."""
        return sum(writer.count for writer in self._all_writers())

    def run_load(self, changes: int, pause: float) -> None:
        """Run writers, watchers and kills until this many changes were acknowledged."""
        self._target = changes
        done = threading.Event()
        with _running([writer.run for writer in self._all_writers()]) as writers:
            watching = [lambda one=one: one.run(lambda: not done.is_set(), time.sleep) for one in self.watchers]
            with _running(watching):
                try:
                    self._kill_until_done(writers, pause)
                finally:
                    done.set()
        if self.count < changes:
            self.part.short(f"out of time after {self.count:,} of {changes:,} changes")

    def wait_and_compare(self) -> None:
        """Wait until all zones are live, then compare store and nameservers with the acknowledged changes."""
        began = time.monotonic()
        api = self.writers[0]
        try:
            wait_for(lambda: datetime.now(UTC) > self.due_writer.due_at, "everything is due", CONFIRM_WITHIN + 1)
            wait_for(self.due_writer.has_ended, "what was due has ended", CONVERGENCE_TIMEOUT)
            wait_for(lambda: self._all_live(api), "all zones are live after the storm", CONVERGENCE_TIMEOUT)
        except AssertionError as late:
            self.part.wrong(f"{late}: {self.appliance.log('deployer')[-2000:]}")
        self.part.figure(f"all zones live {time.monotonic() - began:.1f} s after the last kill")
        self._compare()

    def report(self) -> None:
        """Compare every answer with the journal, and print the figures."""
        journal, wrong = read_journal(self.appliance.state / "store" / "store.sqlite3")
        for watcher in self.watchers:
            wrong += watcher.faults(journal)
        acknowledged = [one for writer in self.writers for one in writer.acknowledged]
        lost = lost_writes(journal, acknowledged)
        wrong += lost
        for text in wrong:
            self.part.wrong(text)
        writers = self._all_writers()
        unanswered = sum(writer.unanswered for writer in writers)
        refused = sum(writer.refused for writer in writers)
        self.part.figure(
            f"{self.count:,} changes acknowledged, {len(lost)} lost; {unanswered} without a response, "
            f"{refused} refused with 503, {len(journal.versions):,} versions"
        )
        repeated, replayed = (sum(getattr(one, name) for one in writers) for name in ("repeated", "replayed"))
        self.part.figure(
            f"{repeated} requests with a key repeated until answered, {replayed} of them had been stored; "
            f"{self.due_writer.ending} changes ended by themselves, {len(self.due_writer.staying)} were confirmed"
        )
        self.part.figure(
            "kills: "
            + ", ".join(f"{name.split('/')[0].split()[-1]} {n}" for name, n in self.kills.items())
            + f"; files written by named: {self.dumps}"
        )
        for watcher in self.watchers:
            answers = ", ".join(f"{what} {count:,}" for what, count in sorted(watcher.replies.items()))
            self.part.figure(f"{watcher.server.name}: {answers}; serial decreased after a restart: {watcher.dips}")

    def _is_running(self) -> bool:
        return self.count < self._target and self.part.left > 0

    def _kill_until_done(self, writers: Sequence[threading.Thread], pause: float) -> None:
        reported = 0
        while any(writer.is_alive() for writer in writers):
            time.sleep(self.part.random.uniform(0, pause))
            if not self.part.random.randrange(DUMP_ONE_IN):
                domains = self.part.random.sample(self.watchers[0].domains, DUMPED)
                self.dumps += sum(write_early(self.appliance.state, domain) for domain in domains)
            if self.part.random.randrange(HOST_ONE_IN):
                self._kill(self.part.random.choice(TARGETS))
            else:
                self._kill_host()
            if self.count // 1000 > reported:
                reported = self.count // 1000
                self.part.say(f"{self.count:,} changes, {sum(self.kills.values())} kills")

    def _kill(self, words: str) -> None:
        """Kill a child of the appliance, if it is running, and wait until it is gone."""
        pid = self.appliance.child(words)
        if pid is None:
            return
        with _restarting([one for one in self.watchers if words.startswith(one.server.name)]):
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: _is_gone(pid), f"process {pid} has ended")
        self.kills[words] += 1

    def _kill_host(self) -> None:
        """Kill all processes at once, as in a power failure, and start the appliance again."""
        assert self.appliance.process
        with _restarting(self.watchers):
            self.appliance.process.send_signal(signal.SIGSTOP)  # so that it restarts nothing meanwhile
            pids = list(self.appliance.running_processes())
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            self.appliance.stop(signal.SIGKILL)
            wait_for(lambda: all(map(_is_gone, pids)), "all processes have ended")
        self.appliance.start()
        self.kills[HOST] += 1

    def _all_live(self, api: Writer) -> bool:
        zones = api._get("/dns-zones/?page_size=1000")
        gone = {share.domain for writer in self.writers for share in writer.shares if share.uuid is None}
        return all(zone["deployment"]["state"] == "live" for zone in zones) and all(
            self.appliance.rcode(domain, server) == "REFUSED" for domain in gone for server in (1, 2)
        )

    def _compare(self) -> None:
        """Compare the API's records, both nameservers' transfers and the disk with what the writers know."""
        uuids = {self.due_writer.share.domain: self.due_writer.share.uuid}
        expected: dict[str, list[Entry]] = {self.due_writer.share.domain: self.due_writer.staying}
        for writer in self.writers:
            for share in writer.shares:
                found = writer.read(share)
                self.part.check(
                    found == (share.uuid, share.entries),
                    f"{share.domain} {share.mark}: the store has {found}, acknowledged is {share}",
                )
                if share.uuid is not None:
                    expected.setdefault(share.domain, []).extend(share.entries.values())
                    uuids[share.domain] = share.uuid
        for domain, entries in expected.items():
            for watcher in self.watchers:
                self._compare_served(watcher, domain, entries)
            self._compare_disk(self.appliance.state / "zones" / f"{uuids[domain]}.zone", domain, entries)

    def _compare_disk(self, file: Path, domain: str, entries: Sequence[Entry]) -> None:
        """Compare file and journal; one of them may just be replaced, behind what is served."""
        expected = frozenset(served_row(domain, entry) for entry in entries)
        try:
            wait_for(lambda: content_on_disk(file, domain) == expected, "")
        except AssertionError:
            self.part.wrong(f"on disk, {domain} has {content_on_disk(file, domain)}, acknowledged is {expected}")

    def _compare_served(self, watcher: Watcher, domain: str, entries: Sequence[Entry]) -> None:
        try:
            rows = axfr(watcher.server, dns.name.from_text(domain), watcher.key)
        except CommandError as failed:
            self.part.wrong(f"{watcher.server.name} does not serve {domain}: {failed}")
            return
        served, expected = content_of(domain, rows)[1], frozenset(served_row(domain, entry) for entry in entries)
        self.part.check(
            served == expected,
            f"{watcher.server.name}: {domain} is missing {expected - served}, has unexpected {served - expected}",
        )

    def _server(self, number: int) -> Nameserver:
        return Nameserver(f"ns{number}", Endpoint(LOOPBACK, self.appliance.ports.dns + number - 1))


def lost_writes(journal: Journal, acknowledged: Iterable[Acknowledged]) -> list[str]:
    """Return acknowledged changes that are not in the version of their serial."""
    return [
        f"lost: {one}"
        for one in acknowledged
        if (served_row(one.domain, one.entry) in journal.versions.get((one.domain, one.serial), ())) != one.exists
    ]


def served_row(domain: str, entry: Entry) -> tuple[str, str, int, bytes]:
    record_type, name, value, priority = entry
    return row_of(domain, {"record_type": record_type, "name": name, "value": value, "priority": priority, "ttl": TTL})


def _any_owner(random: Random) -> str:
    mark = f"w{random.randrange(WRITERS)}"
    return f"{mark}-{random.randint(1, 20)}"


def _is_gone(pid: int) -> bool:
    """Return True if the process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@contextmanager
def _restarting(watchers: Iterable[Watcher]) -> Iterator[None]:
    """Mark, around the block, that the nameservers of these watchers restart."""
    for watcher in watchers:
        watcher.restarts += 1
    yield
    for watcher in watchers:
        watcher.restarts += 1


@contextmanager
def _running(jobs: Iterable[Callable[[], object]]) -> Iterator[list[threading.Thread]]:
    """Run the jobs in threads; join them at the end of the block."""
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        for thread in threads:
            thread.join()
