"""Writers, DNS queries, and SIGKILL of API, deployer, ns1 and ns2 at random moments, all at the same time.

Every acknowledged change must be in the version of its serial, and at the end in the store and on both nameservers.
A change without a response must exist once or not at all. Every answer must be of a committed version. Serials must
never decrease. What expires or is not confirmed must be gone at the end, and what is confirmed must be there.

Some zones are signed, and signed again at random moments: every answer for them must be valid, and what is said to be
live is checked at every nameserver.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import Random

from appliance.addresses import Endpoint, Nameserver
from appliance.keys import read_key
from tests.appliance import Appliance
from tests.pair import LOOPBACK, wait_for
from tests.soak.base_records import base_lines, base_rows
from tests.soak.comparison import compare_disk, compare_served, expected_contents, lost_writes, served_row
from tests.soak.disk import write_early
from tests.soak.due_writers import CONFIRM_WITHIN, DueWriter
from tests.soak.journal import Content, read_journal
from tests.soak.kills import Kills
from tests.soak.part_run import PartRun
from tests.soak.signed_load import CLAIMERS, SignedLoad
from tests.soak.validation import ValidWatcher
from tests.soak.version_writers import VersionWriter
from tests.soak.watchers import Watcher
from tests.soak.writers import Writer, ZoneShare

CHANGES = 10_000
WRITERS = 6
OWN_ZONES = 5
SHARED_ZONES = 10
SIGNED = 2
"""Shared zones that are signed; for each there are CLAIMERS writers of a signed zone of their own."""
CLAIMS = 200
"""Changes of signed zones that are said to be live and of which that is checked."""
LARGE_ZONE = "large.storm.example"
LARGE_RECORDS = 20_000
PROCESSES = 2
"""Server processes of the API."""
CONVERGENCE_TIMEOUT = 60.0
"""Seconds after the last kill within which all zones must be live."""
MAX_PAUSE = 3.0
"""Maximum seconds between two kills."""
DUMP_ONE_IN = 3
"""Before one in this many kills the primary is to write some zones to their files, which it does meanwhile."""
DUMPED = 5
SIGN_ONE_IN = 2
"""Before one in this many kills the primary is to sign some zones again, which it does meanwhile."""


def run(
    part: PartRun,
    changes: int = CHANGES,
    pause: float = MAX_PAUSE,
    records: int = LARGE_RECORDS,
    claims: int = CLAIMS,
    signed: int = SIGNED,
) -> None:
    """Run until this many changes were acknowledged or time is up; then wait for convergence and check.

    `records`: how many the largest zone has; `claims`: how many must be checked; `signed`: as `SIGNED`.
    """
    with Appliance(processes=PROCESSES) as appliance:
        storm = Storm(part, appliance, records, signed)
        storm.run_load(changes, pause)
        storm.wait_and_compare()
        storm.report(claims)


@dataclass(slots=True)
class Storm:
    """An appliance with writers, watchers and kills."""

    part: PartRun
    appliance: Appliance
    records: int
    signed_zones: int
    writers: Sequence[Writer] = ()
    due_writer: DueWriter = field(init=False)
    signed: SignedLoad = field(init=False)
    watchers: Sequence[Watcher] = ()
    kills: Kills = field(init=False)
    dumps: int = 0
    _target: int = 0

    def __post_init__(self) -> None:
        token = self.appliance.token("storm@example.org")
        api = self.appliance.client(token)
        shared = [f"shared-{number}.storm.example" for number in range(SHARED_ZONES)]
        uuids = {domain: str(api.zone(domain)["uuid"]) for domain in (*shared, LARGE_ZONE)}
        api.expect(200, "PUT", f"/dns-zones/{uuids[LARGE_ZONE]}/zonefile/?confirm=true", base_lines(self.records))
        signed = {domain: uuids[domain] for domain in shared[: self.signed_zones]}
        clients = partial(self.appliance.client, token)
        self.signed = SignedLoad(self.part, clients, signed, self._is_running, self._last_kill)
        writers = [self._writer(f"w{number}", token, uuids) for number in range(WRITERS)]
        self.writers = [*writers, *self.signed.writers]
        due_api = self.appliance.client(token)
        self.due_writer = DueWriter(self.part, due_api, "due.storm.example", self._is_running, self._last_kill)
        switched = {share.domain for share in self.signed.switcher.shares}
        domains = sorted({share.domain for writer in self._all_writers() for share in writer.shares} - switched)
        key = read_key(self.appliance.state / "keys" / "transfer.key")
        self.watchers = [
            Watcher(
                self.part, self._server(number), key, number == 2, domains, _any_owner, LARGE_ZONE, self.signed.always
            )
            for number in (1, 2)
        ]
        self.signed.watch(self.watchers, _any_owner)
        self.kills = Kills(self.appliance, self.watchers, self.part.random)

    def _writer(self, mark: str, token: str, shared: Mapping[str, str]) -> Writer:
        """Return a writer with its part of each shared zone, and with own zones that do not exist yet."""
        shares = [ZoneShare(domain, mark, True, uuid) for domain, uuid in shared.items()]
        shares += [ZoneShare(f"z{number}.{mark}.example", mark, False) for number in range(OWN_ZONES)]
        api = self.appliance.client(token)
        return VersionWriter(self.part, api, mark, shares, self._is_running, self._last_kill)

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
            watching = [lambda one=one: one.run(lambda: not done.is_set(), time.sleep) for one in self._all_watchers()]
            with _running(watching):
                try:
                    self._kill_until_done(writers, pause)
                    for writer in writers:
                        writer.join()
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
        base = {LARGE_ZONE: base_rows(LARGE_ZONE, self.records)}
        expected = expected_contents(self.part, self.writers, base)
        due = self.due_writer.share.domain, str(self.due_writer.share.uuid)
        expected[due] = frozenset(served_row(due[0], one) for one in self.due_writer.staying)
        for (domain, uuid), content in expected.items():
            self._compare(domain, uuid, content)
        self.signed.verify()

    def report(self, claims: int) -> None:
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
        self.part.figure(f"longest time until a request was answered: {max(one.longest for one in writers):.1f} s")
        self.part.figure(
            f"{repeated} requests with a key repeated until answered, {replayed} of them had been stored; "
            f"{self.due_writer.ending} changes ended by themselves, {len(self.due_writer.staying)} were confirmed"
        )
        self.part.figure(f"kills: {self.kills.text}; files written by named: {self.dumps}")
        for watcher in self.watchers:
            answers = ", ".join(f"{what} {count:,}" for what, count in sorted(watcher.replies.items()))
            self.part.figure(f"{watcher.server.name}: {answers}; serial decreased after a restart: {watcher.dips}")
        self.signed.report(claims)

    def _all_watchers(self) -> Sequence[Watcher | ValidWatcher]:
        return [*self.watchers, *self.signed.watchers]

    def _is_running(self) -> bool:
        return self.count < self._target and self.part.left > 0

    def _last_kill(self) -> float:
        return self.kills.last_of_api

    def _kill_until_done(self, writers: Sequence[threading.Thread], pause: float) -> None:
        reported = 0
        while self._is_running() and any(writer.is_alive() for writer in writers):
            time.sleep(self.part.random.uniform(0, pause))
            if not self.part.random.randrange(DUMP_ONE_IN):
                domains = self.part.random.sample(self.watchers[0].domains, DUMPED)
                self.dumps += sum(write_early(self.appliance.state, domain) for domain in domains)
            if not self.part.random.randrange(SIGN_ONE_IN):
                self.signed.sign_again(self.appliance.state, self.part.random)
            self.kills.kill()
            if self.count // 1000 > reported:
                reported = self.count // 1000
                self.part.say(f"{self.count:,} changes, {self.kills.counts.total()} kills")

    def _all_live(self, api: Writer) -> bool:
        zones = api._get("/dns-zones/?page_size=1000")
        gone = {share.domain for writer in self.writers for share in writer.shares if share.uuid is None}
        return all(zone["deployment"]["state"] == "live" for zone in zones) and all(
            self.appliance.rcode(domain, server) == "REFUSED" for domain in gone for server in (1, 2)
        )

    def _compare(self, domain: str, uuid: str, expected: Content) -> None:
        for watcher in self.watchers:
            compare_served(self.part, watcher, domain, expected)
        compare_disk(self.part, self.appliance.state / "zones" / f"{uuid}.zone", domain, expected)

    def _server(self, number: int) -> Nameserver:
        return Nameserver(f"ns{number}", Endpoint(LOOPBACK, self.appliance.ports.dns + number - 1))


def _any_owner(random: Random) -> str:
    mark = f"w{random.randrange(WRITERS + CLAIMERS * SIGNED + 1)}"
    return f"{mark}-{random.randint(1, 20)}"


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
