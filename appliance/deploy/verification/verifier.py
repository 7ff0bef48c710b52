"""Query every nameserver until it serves the content of the expected serial: only an answer proves it.

The primary is queried first, the secondaries once it serves the zone; each at once, again after a millisecond, then
less and less often. After an update, or for a new zone that the catalog lists, a secondary is queried only when it has
usually transferred that: each query takes time from the transfer. A silent nameserver is queried for the catalog alone,
at long intervals, and for all zones again once it answers. Nothing here waits: the loop calls `step` when answers have
arrived or the next query is due.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from dns.name import Name

from appliance.addresses import Nameserver
from appliance.deploy.verification.reachability import Reachability
from appliance.deploy.verification.usual_times import UsualTimes
from appliance.deploy.verification.watch import (
    Ahead,
    AwaitsProof,
    Complete,
    Event,
    ExpectedOf,
    Overdue,
    PrimaryServes,
    Returned,
    Transfer,
    Watch,
)
from appliance.queries.soa import NOERROR, SoaClient, SoaResponse
from appliance.zones.deployment import Method, reaches

FIRST_INTERVAL = 0.001
"""Seconds from the first query, which is sent at once, to the second."""
GROWTH = 1.4
SHARE_OF_USUAL = 0.75
"""A secondary is first queried after this share of the time that it usually takes for an update, or for a new zone."""
LONGEST_INTERVAL = 1.0
QUERIES_PER_SECOND = 2_000
"""The rate about which intervals grow further, so that very many zones cause as many queries as few."""
PROBE_INTERVAL = 2.0
"""Seconds between two queries to a silent nameserver."""
PATIENCE = 30.0
"""Seconds after which a secondary is left to the next reconciliation."""


@dataclass(frozen=True, slots=True)
class _Silence:
    """When a silent nameserver is queried next.

    It is certain once such a query was not answered: before, the last answer may have come when nothing was awaited.
    """

    due: float
    is_certain: bool


class Verifier:
    """The watches, one for each zone name; a newer one replaces an older. `probe` is queried of silent nameservers."""

    def __init__(self, nameservers: Sequence[Nameserver], reachability: Reachability, probe: Name) -> None:
        self.client = SoaClient()
        self._reachability = reachability
        self._probe = probe
        self._nameservers = tuple(nameservers)
        self._watches: dict[Name, Watch] = {}
        self._due: list[tuple[float, int, Watch, Nameserver]] = []
        self._usual_times = UsualTimes()
        self._silent: dict[Nameserver, _Silence] = {}
        self._paused: dict[Nameserver, dict[Watch, None]] = {server: {} for server in nameservers}
        self._tie = itertools.count()
        self._events: list[Event] = []

    def __len__(self) -> int:
        """Return the number of zones that are awaited."""
        return len(self._watches)

    def watch(
        self,
        uuid: UUID,
        name: Name,
        target: int | None,
        expected: ExpectedOf,
        now: float,
        patience: float = PATIENCE,
        method: Method = Method.FILE,
        *,
        signed: bool = False,
    ) -> Watch:
        """Query for this zone from now on: the primary first, or all nameservers if its removal is awaited.

        A primary that has applied an UPDATE serves it. It is not queried, unless it is silent at its published address:
        `note_proof` follows, without which such content is not complete.
        """
        self.drop(name)
        watch = self._watches[name] = Watch(uuid, name, target, expected, now, now + patience, method, signed=signed)
        primary = self._nameservers[0]
        if method is Method.UPDATE and not self._reachability.is_silent(primary, now):
            watch.answers[primary] = SoaResponse(primary, name, target, NOERROR, owner_matches=True)
            self._reachability.note_answers([primary], now)
            watch.transfer = Transfer.UPDATE
            self._events += self._note_served(watch, now)
        else:
            self._query_now(watch, self._nameservers if target is None else self._nameservers[:1], now)
        return watch

    def watch_secondaries(
        self,
        uuid: UUID,
        name: Name,
        target: int,
        expected: ExpectedOf,
        now: float,
        primary_answer: SoaResponse,
        *,
        signed: bool = False,
    ) -> Watch:
        """Await the zone from the secondaries alone, after `query_secondaries`: the primary has just answered."""
        self.drop(name)
        watch = Watch(uuid, name, target, expected, now, now + PATIENCE, signed=signed, primary_serves=True)
        self._watches[name] = watch
        watch.answers[self._nameservers[0]] = primary_answer
        self._schedule(watch, self._nameservers[0], watch.deadline)
        return watch

    def query_secondaries(self, uuid: UUID, name: Name, now: float, *, is_new: bool = False) -> bool:
        """Query the secondaries too from now on, if the primary serves the zone; `is_new`: the catalog lists it now.

        Return False if the zone is not awaited, as when a newer zone of that name is: the secondaries may still serve
        its content as that of the former one.
        """
        watch = self._watches.get(name)
        if watch is None or watch.uuid != uuid or not watch.primary_serves:
            return False
        if not watch.intervals:
            if is_new:
                watch.transfer, watch.began_transfer = Transfer.NEW_ZONE, now
            for server in self._nameservers[1:]:
                self._query_secondary(watch, server, now)
        return True

    def _query_secondary(self, watch: Watch, server: Nameserver, now: float) -> None:
        """Query the secondary now, or when it has usually transferred what is awaited."""
        usual = self._usual_times.of(server, watch.transfer) if watch.transfer else 0.0
        watch.intervals[server], first = max(FIRST_INTERVAL, usual / 4), usual * SHARE_OF_USUAL
        if first < FIRST_INTERVAL:
            self._query(watch, server, now)
        else:
            self._schedule(watch, server, now + first)

    def awaits_proof(self, uuid: UUID, name: Name) -> bool:
        """Return True if the zone was published by UPDATE, and is awaited until its content is proven."""
        watch = self._watches.get(name)
        return watch is not None and watch.uuid == uuid and watch.awaits_proof

    def note_proof(self, uuid: UUID, name: Name, serial: int) -> list[Event]:
        """Note that the content of the primary was proven at this serial, and return the resulting events."""
        watch = self._watches.get(name)
        if watch is None or watch.uuid != uuid or watch.target is None or not reaches(serial, watch.target):
            return []
        watch.proven = True
        return self._completed(watch) if all(map(watch.is_shown_by, self._nameservers)) else []

    def drop(self, name: Name) -> None:
        """Stop querying for the zone of that name."""
        watch = self._watches.pop(name, None)
        if watch is not None:
            for server in watch.intervals:
                self.client.cancel(server, name)
                self._paused[server].pop(watch, None)

    def next_query(self) -> float | None:
        """Return when `step` has something to do without an answer, None if never."""
        if self._events:
            return 0.0
        while self._due and not self._is_current(*self._due[0]):
            heapq.heappop(self._due)
        moments = [*(silence.due for silence in self._silent.values()), *(due for due, *_ in self._due[:1])]
        return min(moments) if moments else None

    def close(self) -> None:
        """Close the sockets."""
        self.client.close()

    def older_than(self, moment: float) -> list[Watch]:
        """Return the watches that began before that moment."""
        return [watch for watch in self._watches.values() if watch.began < moment]

    def note_silent(self, server: Nameserver, now: float) -> None:
        """Treat this nameserver as silent: it answered nothing in a whole reconciliation."""
        self._silent[server] = _Silence(now + PROBE_INTERVAL, is_certain=True)

    def silent(self) -> frozenset[Nameserver]:
        """Return the nameservers that have left more than one query unanswered."""
        return frozenset(server for server, silence in self._silent.items() if silence.is_certain)

    def step(self, now: float, *, has_answers: bool = True) -> list[Event]:
        """Read the answers that have arrived, send the queries that are due, and return the resulting events.

        With `has_answers` False no answer is read, after a poll that found none.
        """
        events, self._events = self._events, []
        for answer in self.client.responses() if has_answers else ():
            self._reachability.note_answers([answer.server], now)
            watch = self._watches.get(answer.zone)
            if watch is not None:
                events += self._handle_answer(watch, answer, now)
        events += self._follow_silence(now)
        while self._due and self._due[0][0] <= now:
            entry = heapq.heappop(self._due)
            if self._is_current(*entry):
                events += self._query_or_expire(*entry[2:], now)
        return events

    def _is_current(self, due: float, _tie: int, watch: Watch, server: Nameserver) -> bool:
        """Return False for a query that another one has replaced, or whose zone is no longer awaited."""
        return self._watches.get(watch.name) is watch and watch.due.get(server) == due

    def _follow_silence(self, now: float) -> list[Event]:
        """Probe silent nameservers when that is due; query those that answer again for all zones."""
        events: list[Event] = []
        for server in self._nameservers:
            silence = self._silent.get(server)
            if self._reachability.is_silent(server, now):
                if silence is None or silence.due <= now:
                    self._silent[server] = _Silence(now + PROBE_INTERVAL, is_certain=silence is not None)
                    self.client.query(server, self._probe)
            elif silence is not None:
                del self._silent[server]
                events += [Returned(server)] if silence.is_certain else []
            if self._paused[server] and server not in self._silent:
                self._resume(server, now)
        return events

    def _resume(self, server: Nameserver, now: float) -> None:
        watches, self._paused[server] = self._paused[server], {}
        for number, watch in enumerate(watches):
            self._schedule(watch, server, now + number / QUERIES_PER_SECOND)

    def _handle_answer(self, watch: Watch, answer: SoaResponse, now: float) -> list[Event]:
        watch.answers[answer.server] = answer
        if watch.is_passed_by(answer):
            self.drop(watch.name)
            return [Ahead(watch)]
        if answer.server not in watch.intervals or not watch.is_met_by(answer):
            return []
        del watch.intervals[answer.server], watch.due[answer.server]
        if watch.target is not None and not watch.primary_serves:
            return self._note_served(watch, now)
        if watch.transfer:
            self._usual_times.note(answer.server, watch.transfer, now - watch.began_transfer)
        return [] if watch.intervals else self._completed(watch)

    def _note_served(self, watch: Watch, now: float) -> list[Event]:
        """Note that the primary serves the zone, which expires from now on even if the catalog never lists it."""
        watch.primary_serves, watch.began_transfer, watch.deadline = True, now, now + PATIENCE
        self._schedule(watch, self._nameservers[0], watch.deadline)
        serves = PrimaryServes(watch)
        return [serves] if self._nameservers[1:] else [serves, *self._completed(watch)]

    def _completed(self, watch: Watch) -> list[Event]:
        if watch.awaits_proof:
            return [AwaitsProof(watch)]
        self.drop(watch.name)
        return [Complete(watch)]

    def _query_now(self, watch: Watch, servers: Iterable[Nameserver], now: float) -> None:
        for server in servers:
            watch.intervals[server] = FIRST_INTERVAL
            self._query(watch, server, now)

    def _schedule(self, watch: Watch, server: Nameserver, due: float) -> None:
        """Schedule the next query of this watch to that nameserver, in place of an earlier one."""
        watch.due[server] = due
        heapq.heappush(self._due, (due, next(self._tie), watch, server))

    def _query_or_expire(self, watch: Watch, server: Nameserver, now: float) -> list[Event]:
        if now >= watch.deadline:
            self.drop(watch.name)
            return [Overdue(watch)]
        self._query(watch, server, now)
        return []

    def _query(self, watch: Watch, server: Nameserver, now: float) -> None:
        """Query the nameserver and schedule the next query; if it is silent, wait until it answers again."""
        if self._reachability.is_silent(server, now):
            self.client.cancel(server, watch.name)
            self._paused[server][watch] = None
            self._schedule(watch, server, watch.deadline)
            return
        if self.client.query(server, watch.name, signed=watch.signed):
            self._reachability.note_query(server, now)
        self._schedule(watch, server, now + watch.intervals[server])
        longest = max(LONGEST_INTERVAL, len(self._watches) / QUERIES_PER_SECOND)
        watch.intervals[server] = min(watch.intervals[server] * GROWTH, longest)
