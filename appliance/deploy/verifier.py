"""Asking every nameserver for the SOA until the serial is there: only an answer proves that a change is served.

The primary is asked first, the secondaries once it serves; each again and again, at first after a millisecond
and then less and less often. A silent nameserver is asked for the catalog alone, once in a while, and about all zones
again when it answers. Nothing here waits: the loop calls `turn` when answers or the next question are due.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from dns.name import Name

from appliance.addresses import Nameserver
from appliance.deploy.publisher import Expectation
from appliance.deploy.reachability import Reachability
from appliance.queries.soa import SoaClient, SoaQuery, SoaResponse

FIRST_INTERVAL = 0.001
GROWTH = 1.4
LONGEST_INTERVAL = 1.0
MOST_A_SECOND = 2_000
"""Questions a second about which the intervals grow further, so that very many zones ask no more than few."""
PROBE_INTERVAL = 2.0
"""Seconds between two questions to a silent nameserver."""
PATIENCE = 30.0
"""Seconds after which a secondary is left to the full turns."""


Expected = Callable[[Nameserver], Expectation]
"""What that nameserver must show."""


@dataclass(slots=True, eq=False)
class Watch:
    """A zone whose serial is awaited; `wanted` None: its removal is. It is given up when it `ends`.

    `expected` says what each nameserver must show; `due` when those that have not shown it are asked next.
    """

    uuid: UUID
    name: Name
    wanted: int | None
    expected: Expected
    began: float
    ends: float
    primary_serves: bool = False
    served: dict[Nameserver, int | None] = field(default_factory=dict)
    intervals: dict[Nameserver, float] = field(default_factory=dict)
    due: dict[Nameserver, float] = field(default_factory=dict)

    def is_met_by(self, answer: SoaResponse) -> bool:
        """True when the answer shows what is awaited."""
        return self.expected(answer.server).is_met_by(answer)

    def is_passed_by(self, answer: SoaResponse) -> bool:
        """True when the answer shows a nameserver that would not accept what is awaited."""
        return self.expected(answer.server).is_ahead(answer)

    def lagging(self) -> list[SoaQuery]:
        """The secondaries that answer, and not yet as wanted."""
        if self.wanted is None or not self.primary_serves:
            return []
        return [(server, self.name) for server in self.intervals if server in self.served]


@dataclass(frozen=True, slots=True)
class PrimaryServes:
    """The primary answered with the serial; the secondaries are asked when `ask_secondaries` says so."""

    watch: Watch


@dataclass(frozen=True, slots=True)
class Complete:
    """Every nameserver answered as wanted."""

    watch: Watch


@dataclass(frozen=True, slots=True)
class Ahead:
    """A nameserver answered with a serial that is not behind the one awaited; the zone is no longer watched."""

    watch: Watch


@dataclass(frozen=True, slots=True)
class Overdue:
    """The time is over; `primary_serves` of the watch says which part is missing."""

    watch: Watch


@dataclass(frozen=True, slots=True)
class Returned:
    """A nameserver that was silent answers again."""

    server: Nameserver


Event = PrimaryServes | Complete | Ahead | Overdue | Returned


@dataclass(frozen=True, slots=True)
class _Silence:
    """When a silent nameserver is asked next. Certain once such a question has gone unanswered: before, the last answer
    may have come when nothing was awaited."""

    due: float
    is_certain: bool


class Verifier:
    """The watches, one a zone name; a newer one takes the place of an older. Silent nameservers are asked `probe`."""

    def __init__(self, nameservers: Sequence[Nameserver], reach: Reachability, probe: Name) -> None:
        self.asker = SoaClient()
        self._reach = reach
        self._probe = probe
        self._nameservers = tuple(nameservers)
        self._watches: dict[Name, Watch] = {}
        self._due: list[tuple[float, int, Watch, Nameserver]] = []
        self._silent: dict[Nameserver, _Silence] = {}
        self._parked: dict[Nameserver, dict[Watch, None]] = {server: {} for server in nameservers}
        self._tie = itertools.count()

    def __len__(self) -> int:
        """The zones of which something is awaited."""
        return len(self._watches)

    def watch(
        self, uuid: UUID, name: Name, wanted: int | None, expected: Expected, now: float, patience: float = PATIENCE
    ) -> Watch:
        """Ask for this zone from now on, the primary first; all of them when its removal is awaited."""
        self.drop(name)
        watch = self._watches[name] = Watch(uuid, name, wanted, expected, now, now + patience)
        self._ask_soon(watch, self._nameservers if wanted is None else self._nameservers[:1], now)
        return watch

    def watch_secondaries(
        self, uuid: UUID, name: Name, wanted: int, expected: Expected, now: float, primary_serial: int | None
    ) -> Watch:
        """Await the zone from secondaries alone, once `ask_secondaries` says so: the primary has just answered."""
        self.drop(name)
        watch = self._watches[name] = Watch(uuid, name, wanted, expected, now, now + PATIENCE, primary_serves=True)
        watch.served[self._nameservers[0]] = primary_serial
        self._ask_at(watch, self._nameservers[0], watch.ends)
        return watch

    def ask_secondaries(self, name: Name, now: float) -> None:
        """Ask the secondaries too from now on, when the primary serves what is awaited."""
        watch = self._watches.get(name)
        if watch and watch.primary_serves and not watch.intervals:
            self._ask_soon(watch, self._nameservers[1:], now)

    def drop(self, name: Name) -> None:
        """Ask no longer for the zone of that name."""
        watch = self._watches.pop(name, None)
        if watch is not None:
            for server in watch.intervals:
                self.asker.cancel(server, name)
                self._parked[server].pop(watch, None)

    def next_question(self) -> float | None:
        """When the next question is due; None when none is."""
        moments = [*(silence.due for silence in self._silent.values()), *(due for due, *_ in self._due[:1])]
        return min(moments) if moments else None

    def close(self) -> None:
        """Give the sockets back."""
        self.asker.close()

    def older_than(self, moment: float) -> list[Watch]:
        """The watches that began before that moment."""
        return [watch for watch in self._watches.values() if watch.began < moment]

    def note_silent(self, server: Nameserver, now: float) -> None:
        """Treat this nameserver as silent: a whole comparison got no answer from it."""
        self._silent[server] = _Silence(now + PROBE_INTERVAL, is_certain=True)

    def silent(self) -> frozenset[Nameserver]:
        """Return the nameservers that have left more than one question unanswered."""
        return frozenset(server for server, silence in self._silent.items() if silence.is_certain)

    def turn(self, now: float) -> list[Event]:
        """Read the answers that are there, ask the questions that are due, and return what came of it."""
        events: list[Event] = []
        for answer in self.asker.responses():
            self._reach.answered([answer.server], now)
            watch = self._watches.get(answer.zone)
            if watch is not None:
                events += self._take(watch, answer, now)
        events += self._follow_silence(now)
        while self._due and self._due[0][0] <= now:
            due, _, watch, server = heapq.heappop(self._due)
            if self._watches.get(watch.name) is watch and watch.due.get(server) == due:
                events += self._ask_or_give_up(watch, server, now)
        return events

    def _follow_silence(self, now: float) -> list[Event]:
        """Ask silent nameservers for the catalog when that is due, and those that answer again about all zones."""
        events: list[Event] = []
        for server in self._nameservers:
            silence = self._silent.get(server)
            if self._reach.is_silent(server, now):
                if silence is None or silence.due <= now:
                    self._silent[server] = _Silence(now + PROBE_INTERVAL, is_certain=silence is not None)
                    self.asker.query(server, self._probe)
            elif silence is not None:
                del self._silent[server]
                events += [Returned(server)] if silence.is_certain else []
            if self._parked[server] and server not in self._silent:
                self._unpark(server, now)
        return events

    def _unpark(self, server: Nameserver, now: float) -> None:
        watches, self._parked[server] = self._parked[server], {}
        for number, watch in enumerate(watches):
            self._ask_at(watch, server, now + number / MOST_A_SECOND)

    def _take(self, watch: Watch, answer: SoaResponse, now: float) -> list[Event]:
        watch.served[answer.server] = answer.serial
        if watch.is_passed_by(answer):
            self.drop(watch.name)
            return [Ahead(watch)]
        if answer.server not in watch.intervals or not watch.is_met_by(answer):
            return []
        del watch.intervals[answer.server], watch.due[answer.server]
        if watch.wanted is not None and not watch.primary_serves:
            watch.primary_serves, watch.ends = True, now + PATIENCE
            self._ask_at(watch, answer.server, watch.ends)  # to be given up, though the catalog never lists it
            serves = PrimaryServes(watch)
            return [serves] if self._nameservers[1:] else [serves, *self._completed(watch)]
        return [] if watch.intervals else self._completed(watch)

    def _completed(self, watch: Watch) -> list[Event]:
        self.drop(watch.name)
        return [Complete(watch)]

    def _ask_soon(self, watch: Watch, servers: Iterable[Nameserver], now: float) -> None:
        for server in servers:
            watch.intervals[server] = FIRST_INTERVAL
            self._ask_at(watch, server, now + FIRST_INTERVAL)

    def _ask_at(self, watch: Watch, server: Nameserver, due: float) -> None:
        """The next question of this watch to that nameserver; one that was planned before is passed over."""
        watch.due[server] = due
        heapq.heappush(self._due, (due, next(self._tie), watch, server))

    def _ask_or_give_up(self, watch: Watch, server: Nameserver, now: float) -> list[Event]:
        if now >= watch.ends:
            self.drop(watch.name)
            return [Overdue(watch)]
        if self._reach.is_silent(server, now):
            self.asker.cancel(server, watch.name)
            self._parked[server][watch] = None
            self._ask_at(watch, server, watch.ends)
            return []
        if self.asker.query(server, watch.name):
            self._reach.asked(server, now)
        longest = max(LONGEST_INTERVAL, len(self._watches) / MOST_A_SECOND)
        watch.intervals[server] = min(watch.intervals[server] * GROWTH, longest)
        self._ask_at(watch, server, now + watch.intervals[server])
        return []
