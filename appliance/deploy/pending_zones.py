"""The zones under way, by name: which wait for a worker, which hold their name, and which may start now.

No queue of jobs: a zone that changes while it waits is still one entry, and its newest content is what is deployed.
A name is released in `advance` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from dns.name import Name

from appliance.deploy.rollout import Rollout, RolloutEvent, Stage
from appliance.store.deployments import ZoneStatus


class PendingZones:
    """The rollouts that are not over. `rest` is the least time between two starts of one name, in seconds."""

    def __init__(self, rest: float) -> None:
        self._rest = rest
        self._rollouts: dict[Name, Rollout] = {}
        self._ready: dict[Name, None] = {}
        """In the order in which their contents were wanted, the newest last."""
        self._resting: set[Name] = set()
        self._holding: set[Name] = set()
        self._rest_until: dict[Name, float] = {}
        self._moved: set[Name] = set()

    def __len__(self) -> int:
        """The zones that wait for a start or hold their name."""
        return len(self._ready) + len(self._resting) + len(self._holding)

    def want(self, standing: ZoneStatus) -> None:
        """Bring the zone to this standing or a newer one."""
        rollout = self._rollouts.setdefault(standing.name, Rollout(standing.name))
        rollout.want(standing)
        if not rollout.holds_name:
            self._queue(standing.name)

    def advance(self, name: Name, event: RolloutEvent) -> None:
        """Something happened to the zone of that name: move it on, and release its name when that is due."""
        rollout = self._rollouts.get(name)
        if rollout is None:
            return
        rollout.advance(event)
        if rollout.is_over:
            del self._rollouts[name]
        if name in self._holding and not rollout.holds_name:
            self._holding.discard(name)
            if rollout.wanted is not None:
                self._queue(name)

    def resume(self, name: Name) -> None:
        """The primary serves the newest content of the zone, and secondaries do not yet."""
        self._rollouts.setdefault(name, Rollout(name, Stage.AWAITING_CATALOG))

    def stage(self, name: Name) -> Stage | None:
        """Where the zone of that name is; None when it is not under way."""
        rollout = self._rollouts.get(name)
        return rollout.stage if rollout else None

    def wake(self, now: float) -> None:
        """Let those that had their rest be started."""
        for name in [name for name in self._resting if self._rest_until[name] <= now]:
            self._resting.discard(name)
            self._ready[name] = None

    def take(
        self, now: float, most: int, oldest: int = 0, is_large: Callable[[ZoneStatus], bool] = lambda _: False
    ) -> list[ZoneStatus]:
        """Start up to `most` zones: `oldest` of those that wait longest, for the rest the newest first.

        A large one starts alone. Without `oldest` it is passed over: others must not wait for it.
        """
        self.wake(now)
        newest = [self._wanted(name) for name in islice(reversed(self._ready), most - oldest)]
        first = [self._wanted(name) for name in islice(self._ready, oldest)]
        if oldest and (large := [one for one in (*newest[:1], *first[:1]) if is_large(one)]):
            chosen = large[:1]
        else:
            chosen = list({one.name: one for one in (*newest, *first) if not is_large(one)}.values())
        return [self._start(one.name, now) for one in chosen]

    def moments(self) -> Iterator[float]:
        """When each zone that rests may start."""
        return (self._rest_until[name] for name in self._resting)

    def begin_picture(self) -> None:
        """From now on remember which zones move, for `stood_still`."""
        self._moved = set(self._holding)
        kept = self._holding | self._resting
        self._rest_until = {name: until for name, until in self._rest_until.items() if name in kept}

    def stood_still(self, standing: ZoneStatus) -> bool:
        """True when the zone has neither started nor been wanted since `begin_picture`."""
        name = standing.name
        return not (name in self._moved or name in self._ready or name in self._resting)

    def _wanted(self, name: Name) -> ZoneStatus:
        wanted = self._rollouts[name].wanted
        assert wanted is not None  # noqa: S101 - what is queued is wanted
        return wanted

    def _queue(self, name: Name) -> None:
        """As the newest of those that may start, or are to rest before."""
        self._ready.pop(name, None)
        if name in self._rest_until:
            self._resting.add(name)
        else:
            self._ready[name] = None

    def _start(self, name: Name, now: float) -> ZoneStatus:
        del self._ready[name]
        self._holding.add(name)
        self._moved.add(name)
        self._rest_until[name] = now + self._rest
        return self._rollouts[name].start()
