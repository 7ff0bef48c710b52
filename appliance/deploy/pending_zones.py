"""The zones that are being deployed, by name: which wait for a worker, which hold their name, which may start now.

There is no queue of jobs: a zone that changes while it waits is still one entry, and its newest content is deployed.
A name is released in `advance` alone. A zone that another one must precede is blocked, also if that one fails, but not
for long and not again for the same one: a zone or nameserver that fails must not stop the changes of others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import islice

from dns.name import Name

from appliance.deploy.publish_order import PublishOrder
from appliance.deploy.publishing.publish_method import may_update
from appliance.deploy.rollout import Rollout, RolloutEvent, Stage
from appliance.store.deployments import ZoneStatus

LONGEST_BLOCK = 30.0
"""Seconds for which a zone is blocked at most."""
OLDEST_OF = 4
"""Of so many updates, one is that of the zone that waits longest."""


class PendingZones:
    """The rollouts that are not over. `quiet_time` is the least time in seconds between two starts of one name."""

    def __init__(self, quiet_time: float) -> None:
        self._quiet_time = quiet_time
        self._rollouts: dict[Name, Rollout] = {}
        self._ready: dict[Name, None] = {}
        """Those that are published by their file, in the order of their requests, the newest last."""
        self._updates: dict[Name, None] = {}
        """Those that may be published by UPDATE, in the same order."""
        self._quiet: set[Name] = set()
        self._holding: set[Name] = set()
        self._held: set[Name] = set()
        self._quiet_until: dict[Name, float] = {}
        self._changed: set[Name] = set()
        self._order = PublishOrder()
        self._taken = 0
        self._blocked: set[Name] = set()
        self._blocked_until: dict[Name, float] = {}
        self._unblock_at = math.inf
        """When the first blocked zone was blocked long enough."""
        self._order_seen = 0
        """The order for which the blocked zones were last examined."""

    def __len__(self) -> int:
        """Return the number of zones that wait for a start, or whose name is held."""
        waiting = len(self._ready) + len(self._updates) + len(self._quiet) + len(self._blocked)
        return waiting + len(self._holding) + len(self._held)

    def request(self, status: ZoneStatus, *, by_file: bool = False) -> None:
        """Request that the zone is deployed with this status or a newer one, `by_file` if its content is in doubt."""
        rollout = self._rollouts.setdefault(status.name, Rollout(status.name))
        rollout.request(status, by_file=by_file)
        self._order.begin(status)
        if not rollout.holds_name and status.name not in self._held:
            self._queue(status.name)

    def hold(self, name: Name) -> bool:
        """Let no rollout of that name start until `release`; return False if one holds it or waits for its start."""
        rollout = self._rollouts.get(name)
        if name in self._holding or name in self._held or (rollout and rollout.requested):
            return False
        self._held.add(name)
        self._changed.add(name)
        return True

    def release(self, name: Name) -> None:
        """End a `hold`."""
        self._held.discard(name)
        rollout = self._rollouts.get(name)
        if rollout and rollout.requested and not rollout.holds_name:
            self._queue(name)

    def advance(self, name: Name, event: RolloutEvent) -> None:
        """Apply the event to the zone's rollout, and release the zone's name if it leaves the holding stages."""
        rollout = self._rollouts.get(name)
        if rollout is None:
            if event is RolloutEvent.COMPLETE:
                self._order.end(name)  # it failed, and is served now
            return
        rollout.advance(event)
        if rollout.is_over:
            del self._rollouts[name]
            if rollout.stage is not Stage.FAILED:
                self._order.end(name)
        if name in self._holding and not rollout.holds_name:
            self._holding.discard(name)
            if rollout.requested is not None:
                self._queue(name)

    def resume(self, name: Name) -> None:
        """Add a zone whose newest content the primary serves, and the secondaries do not yet."""
        self._rollouts.setdefault(name, Rollout(name, Stage.AWAITING_CATALOG))

    def let_pass(self, name: Name) -> None:
        """Let no zone wait for this one, unless newer content is requested: every nameserver that answers serves it."""
        rollout = self._rollouts.get(name)
        if rollout is None or rollout.requested is None:
            self._order.end(name)

    def stage(self, name: Name) -> Stage | None:
        """Return the stage of the zone of that name, None if it has no rollout."""
        rollout = self._rollouts.get(name)
        return rollout.stage if rollout else None

    def wake(self, now: float) -> None:
        """Make those zones ready whose quiet time is over, or that no other zone must precede any longer."""
        for name in [name for name in self._quiet if self._quiet_until[name] <= now]:
            self._quiet.discard(name)
            self._make_ready(name)
        if self._blocked and (self._order.changes != self._order_seen or now >= self._unblock_at):
            self._order_seen = self._order.changes
            for name in [name for name in self._blocked if not self._is_blocked(name, now)]:
                self._blocked.discard(name)
                self._make_ready(name)
            self._unblock_at = min((self._blocked_until[name] for name in self._blocked), default=math.inf)

    def take(
        self, now: float, most: int, oldest: int = 0, is_large: Callable[[ZoneStatus], bool] = lambda _: False
    ) -> list[ZoneStatus]:
        """Start up to `most` zones and return them: `oldest` of those that wait longest, for the rest the newest first.

        A large zone starts alone. Without `oldest` large zones are skipped: others must not wait for them. Zones that
        others must precede are blocked.
        """
        self.wake(now)
        while self._ready:
            chosen = self._choose(most, oldest, is_large)
            blocked = [one.name for one in chosen if self._is_blocked(one.name, now)]
            if not blocked:
                return [self._start(one.name, now) for one in chosen]
            for name in blocked:
                del self._ready[name]
                self._block(name)
        return []

    def _choose(self, most: int, oldest: int, is_large: Callable[[ZoneStatus], bool]) -> list[ZoneStatus]:
        newest = [self._requested(name) for name in islice(reversed(self._ready), most - oldest)]
        first = [self._requested(name) for name in islice(self._ready, oldest)]
        if oldest and (large := [one for one in (*newest[:1], *first[:1]) if is_large(one)]):
            return large[:1]
        return list({one.name: one for one in (*newest, *first) if not is_large(one)}.values())

    def take_update(self, now: float) -> ZoneStatus | None:
        """Start a zone that may be published by UPDATE and return it, or None; of four, one that waits longest."""
        self.wake(now)
        while self._updates:
            self._taken += 1
            name = next(iter(self._updates) if self._taken % OLDEST_OF == 0 else reversed(self._updates))
            if not self._is_blocked(name, now):
                return self._start(name, now, by_update=True)
            del self._updates[name]
            self._block(name)
        return None

    def publish_file(self, status: ZoneStatus) -> None:
        """Let a zone whose update was not applied be published by its file at once."""
        rollout = self._rollouts[status.name]
        rollout.request(rollout.requested or status, by_file=True)
        self._quiet_until.pop(status.name, None)
        self.advance(status.name, RolloutEvent.UPDATE_REFUSED)

    def require_file(self, name: Name) -> None:
        """Let the newest content that waits be published by the zone's file."""
        rollout = self._rollouts.get(name)
        if rollout and rollout.requested:
            rollout.request(rollout.requested, by_file=True)
            if self._updates.pop(name, 0) is None:
                self._ready[name] = None

    def next_starts(self) -> Iterator[float]:
        """Yield when each zone in its quiet time, and the first of those that are blocked, may start."""
        yield from (self._quiet_until[name] for name in self._quiet)
        if self._blocked:
            yield self._unblock_at

    def begin_snapshot(self) -> None:
        """Remember from now on which zones start or are requested, or have their name held, for `is_unchanged`."""
        self._changed = self._holding | self._held
        kept = self._holding | self._quiet
        self._quiet_until = {name: until for name, until in self._quiet_until.items() if name in kept}

    def is_unchanged(self, status: ZoneStatus) -> bool:
        """Return True if the zone has not changed, and nor has its file, since `begin_snapshot`."""
        return not self.has_changed(status.name)

    def has_changed(self, name: Name) -> bool:
        """Return True if a zone of that name has started or been requested, or was held, since `begin_snapshot`."""
        is_waiting = name in self._ready or name in self._updates or name in self._quiet or name in self._blocked
        return is_waiting or name in self._changed

    def _requested(self, name: Name) -> ZoneStatus:
        requested = self._rollouts[name].requested
        assert requested is not None  # noqa: S101 - what is queued was requested
        return requested

    def _is_blocked(self, name: Name, now: float) -> bool:
        """Return True if another zone must be published first, and the zone was not blocked long enough."""
        if not self._order.must_wait(self._requested(name)):
            return False
        return now < self._blocked_until.setdefault(name, now + LONGEST_BLOCK)

    def _block(self, name: Name) -> None:
        self._blocked.add(name)
        self._unblock_at = min(self._unblock_at, self._blocked_until[name])

    def _queue(self, name: Name) -> None:
        """Append the name as the newest of those that are ready, or that wait for their quiet time to end."""
        self._ready.pop(name, None)
        self._updates.pop(name, None)
        if name in self._blocked:
            return
        if name in self._quiet_until:
            self._quiet.add(name)
        else:
            self._make_ready(name)

    def _make_ready(self, name: Name) -> None:
        ready = self._updates if may_update(self._requested(name)) else self._ready
        ready[name] = None

    def _start(self, name: Name, now: float, *, by_update: bool = False) -> ZoneStatus:
        del (self._updates if by_update else self._ready)[name]
        self._blocked_until.pop(name, None)
        self._order.stop_waiting(name)
        self._holding.add(name)
        self._changed.add(name)
        self._quiet_until[name] = now + self._quiet_time
        return self._rollouts[name].start(by_update=by_update)
