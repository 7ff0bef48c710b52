"""Asking every nameserver for the SOA until the serial is there: only an answer proves that a change is served.

The primary is asked first, the secondaries once it serves; each again and again, at first after a millisecond
and then less and less often. Nothing here waits: the loop calls `turn` when answers or the next question are due.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from dns.name import Name

from appliance.deploy.reach import Reach
from appliance.questions.soa import Answer, Nameserver, Question, SoaAsker
from appliance.zones.deployment import reaches
from appliance.zones.serial import is_ahead

FIRST_INTERVAL = 0.001
GROWTH = 1.4
LONGEST_INTERVAL = 1.0
PATIENCE = 30.0
"""Seconds after which a secondary is left to the full turns."""


@dataclass(slots=True, eq=False)
class Watch:
    """A zone whose serial is awaited; `wanted` None: its removal is. `patience` is the primary's time, in seconds.

    `holds` True: no other lane may take the name up until the primary serves the serial.
    """

    uuid: UUID
    name: Name
    wanted: int | None
    began: float
    patience: float
    holds: bool = False
    primary_serves: bool = False
    served: dict[Nameserver, int | None] = field(default_factory=dict)
    intervals: dict[Nameserver, float] = field(default_factory=dict)

    def is_satisfied_by(self, answer: Answer) -> bool:
        """True when the answer shows what is awaited."""
        return answer.serial is None if self.wanted is None else reaches(answer.serial, self.wanted)

    def is_behind(self, answer: Answer) -> bool:
        """True when the answer shows a nameserver that would not take what is awaited."""
        return self.wanted is not None and answer.serial is not None and is_ahead(answer.serial, self.wanted)

    def lagging(self) -> list[Question]:
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
    """A nameserver answered with a serial that is not behind the one awaited; the zone is watched no more."""

    watch: Watch


@dataclass(frozen=True, slots=True)
class Overdue:
    """The time is over; `primary_serves` of the watch says which part is missing."""

    watch: Watch


Event = PrimaryServes | Complete | Ahead | Overdue


class Verifier:
    """The watches, one a zone name; a newer one takes the place of an older."""

    def __init__(self, nameservers: Sequence[Nameserver], reach: Reach) -> None:
        self.asker = SoaAsker()
        self._reach = reach
        self._nameservers = tuple(nameservers)
        self._watches: dict[Name, Watch] = {}
        self._due: list[tuple[float, int, Watch, Nameserver]] = []
        self._tie = itertools.count()

    def watch(
        self,
        uuid: UUID,
        name: Name,
        wanted: int | None,
        now: float,
        patience: float = PATIENCE,
        *,
        holds: bool = False,
    ) -> Watch:
        """Ask for this zone from now on."""
        watch = self._watches[name] = Watch(uuid, name, wanted, now, patience, holds)
        self._ask_soon(watch, self._nameservers if wanted is None else self._nameservers[:1], now)
        return watch

    def ask_secondaries(self, name: Name, now: float) -> None:
        """Ask the secondaries too from now on, when the primary serves what is awaited."""
        watch = self._watches.get(name)
        if watch and watch.primary_serves and not watch.intervals:
            self._ask_soon(watch, self._nameservers[1:], now)

    def drop(self, name: Name) -> None:
        """Ask no longer for the zone of that name."""
        watch = self._watches.pop(name, None)
        for server in watch.intervals if watch else ():
            self.asker.forget(server, name)

    def next_question(self) -> float | None:
        """When the next question is due; None when nothing is awaited."""
        return self._due[0][0] if self._due else None

    def close(self) -> None:
        """Give the sockets back."""
        self.asker.close()

    def older_than(self, moment: float) -> list[Watch]:
        """The watches that began before that moment."""
        return [watch for watch in self._watches.values() if watch.began < moment]

    def turn(self, now: float) -> list[Event]:
        """Take the answers that are there, ask the questions that are due, and tell what came of it."""
        events: list[Event] = []
        for answer in self.asker.answers():
            self._reach.answered([answer.server], now)
            watch = self._watches.get(answer.zone)
            if watch is not None:
                events += self._take(watch, answer)
        while self._due and self._due[0][0] <= now:
            _, _, watch, server = heapq.heappop(self._due)
            if self._watches.get(watch.name) is watch and server in watch.intervals:
                events += self._ask_or_give_up(watch, server, now)
        return events

    def _take(self, watch: Watch, answer: Answer) -> list[Event]:
        watch.served[answer.server] = answer.serial
        if watch.is_behind(answer):
            self.drop(watch.name)
            return [Ahead(watch)]
        if answer.server not in watch.intervals or not watch.is_satisfied_by(answer):
            return []
        del watch.intervals[answer.server]
        if watch.wanted is not None and not watch.primary_serves:
            watch.primary_serves = True
            serves = PrimaryServes(watch)
            return [serves] if self._nameservers[1:] else [serves, *self._completed(watch)]
        return [] if watch.intervals else self._completed(watch)

    def _completed(self, watch: Watch) -> list[Event]:
        self.drop(watch.name)
        return [Complete(watch)]

    def _ask_soon(self, watch: Watch, servers: Sequence[Nameserver], now: float) -> None:
        for server in servers:
            watch.intervals[server] = FIRST_INTERVAL
            heapq.heappush(self._due, (now + FIRST_INTERVAL, next(self._tie), watch, server))

    def _ask_or_give_up(self, watch: Watch, server: Nameserver, now: float) -> list[Event]:
        patience = PATIENCE if watch.primary_serves else watch.patience
        if now - watch.began > patience:
            self.drop(watch.name)
            return [Overdue(watch)]
        self.asker.ask(server, watch.name)
        self._reach.asked(server, now)
        interval = watch.intervals[server] = min(watch.intervals[server] * GROWTH, LONGEST_INTERVAL)
        heapq.heappush(self._due, (now + interval, next(self._tie), watch, server))
        return []
