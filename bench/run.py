"""A run: both systems, filled with what the cases need, and operations on them in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.scale import Scale
from bench.series import Series
from bench.systems.appliance import ApplianceSystem
from bench.systems.powerdns import Powerdns
from bench.systems.processor import processor_seconds
from bench.systems.system import Client, Content, System
from bench.systems.watcher import Watcher

PAUSE = 0.1
"""Seconds after each operation."""
FEWEST = 5
"""Rounds of a size that takes longer than the budget."""
PROCESSOR = "processor time of all processes"
"""A point of each case: the mean of its rounds and the pauses between them."""
HEARTBEAT = 2.5
"""Seconds within which the deployer stores what it counts."""


@dataclass
class Side:
    """A system, a client of it, and who watches its nameservers."""

    system: System
    client: Client
    primary: Watcher
    secondary: Watcher


Act = Callable[[Side, int], Mapping[str, float]]
"""Do something once, by a number that is new each time; return the milliseconds to each point."""


@dataclass
class Run:
    """The systems of a run. They start when a case needs them.

    `case` is the present one; `counted` has what the deployer counted in each, by case, counter and label.
    """

    scale: Scale
    case: str = ""
    counted: dict[tuple[str, str, str], float] = field(default_factory=dict)
    sides: list[Side] = field(default_factory=list)
    _systems: tuple[System, ...] = ()
    _filled: dict[str, Content] = field(default_factory=dict)
    _so_far: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def ensure(self, contents: Sequence[Content]) -> None:
        """Store these zones in both systems, unless they are there, and wait until they are served."""
        new = [content for content in contents if content.domain not in self._filled]
        if not self._systems:
            self._systems = (ApplianceSystem(), Powerdns())
            self._start()
        if new:
            self._stop()
            for system in self._systems:
                system.fill(new)
            self._filled.update((content.domain, content) for content in new)
            self._start()

    def count(self) -> None:
        """Add what the deployer has counted since the last call to what it counted in this case."""
        for side in self.sides:
            if isinstance(side.system, ApplianceSystem):
                time.sleep(HEARTBEAT)
                now = side.system.counted()
                for (counter, label), number in now.items():
                    key, new = (self.case, counter, label), number - self._so_far.get((counter, label), 0.0)
                    self.counted[key] = self.counted.get(key, 0.0) + new
                self._so_far = now

    def restart(self, side: Side) -> tuple[Side, float]:
        """Stop a system and start it; return its new side, and the moment at which it was started."""
        self.count()
        self._so_far = {}
        self._leave(side)
        side.system.stop()
        began = time.perf_counter()
        side.system.start()
        self.sides[self.sides.index(side)] = new = _side(side.system)
        return new, began

    def stored(self) -> str:
        """Return how many zones and records were filled in."""
        records = sum(content.records for content in self._filled.values())
        return f"{len(self._filled):,} zones, {records:,} records"

    def interleave(self, case: str, size: str, act: Act, rounds: int | None = None) -> Iterator[Series]:
        """Let the systems act in turn, the other one first in each round; yield the series of each point."""
        found: dict[tuple[str, str], list[float]] = {}
        end, before = time.monotonic() + self.scale.budget, self._processor_time()
        for number in range(min(rounds or self.scale.rounds, self.scale.rounds)):
            if number >= FEWEST and time.monotonic() > end:
                break
            for side in self.sides if number % 2 else reversed(self.sides):
                for point, milliseconds in act(side, number).items():
                    found.setdefault((side.system.name, point), []).append(milliseconds)
                time.sleep(PAUSE)
        for system, seconds in self._processor_time().items():
            count = len(next(values for (name, _), values in found.items() if name == system))
            found[system, PROCESSOR] = [(seconds - before[system]) / count * 1000]
        for (system, point), values in found.items():
            yield Series(case, size, system, point, "ms", tuple(values))

    def _processor_time(self) -> dict[str, float]:
        return {side.system.name: processor_seconds(side.system.processes()) for side in self.sides}

    def close(self) -> None:
        """End both systems and remove their files."""
        for system in self._systems:
            system.close()

    def _start(self) -> None:
        for system in self._systems:
            system.start()
            system.wait_until_served()
        self.sides = [_side(system) for system in self._systems]

    def _stop(self) -> None:
        self.count()
        self._so_far = {}
        for side in self.sides:
            self._leave(side)
            side.system.stop()
        self.sides = []

    def _leave(self, side: Side) -> None:
        side.primary.close()
        side.secondary.close()


def _side(system: System) -> Side:
    primary, secondary = system.nameservers
    return Side(system, system.access().open(), Watcher(primary), Watcher(secondary))


@contextmanager
def opened(scale: Scale) -> Iterator[Run]:
    """Open a run; at its end nothing of it is left."""
    run = Run(scale)
    try:
        yield run
    finally:
        run.close()
