"""Which zones wait for a lane, are in one, or rest: a name is in one lane at a time, and not too often.

No queue of jobs: a zone that changes while it waits is still one entry, and its newest content is what is deployed.
"""

from __future__ import annotations

from collections.abc import Iterator

from dns.name import Name

from appliance.store.outcomes import Standing


class Waiting:
    """The zones that are to be deployed or withdrawn. `rest` is the seconds between two starts of one name."""

    def __init__(self, rest: float) -> None:
        self._rest = rest
        self._waiting: dict[Name, Standing] = {}
        self._busy: set[Name] = set()
        self._rest_until: dict[Name, float] = {}
        self._moved: set[Name] = set()

    def __len__(self) -> int:
        return len(self._waiting.keys() | self._busy)

    def want(self, standing: Standing) -> None:
        """The zone is to be brought to this standing or a newer one."""
        self._waiting[standing.name] = standing

    def take_ready(self, now: float) -> list[Standing]:
        """What may start now; each is busy until `release`."""
        ready = [one for one in self._waiting.values() if one.name not in self._busy and self._free_at(one.name) <= now]
        for standing in ready:
            del self._waiting[standing.name]
            self._busy.add(standing.name)
            self._moved.add(standing.name)
            self._rest_until[standing.name] = now + self._rest
        return ready

    def release(self, name: Name) -> None:
        """The lane is free, and no reload of the zone is under way."""
        self._busy.discard(name)

    def moments(self) -> Iterator[float]:
        """When each zone that waits, and is in no lane, may start."""
        return (self._free_at(name) for name in self._waiting if name not in self._busy)

    def begin_picture(self) -> None:
        """From now on remember which zones move, for `stood_still`."""
        self._moved = set(self._busy)
        self._rest_until = {name: self._rest_until[name] for name in self._busy}

    def stood_still(self, standing: Standing) -> bool:
        """True when the zone has neither started nor been wanted since `begin_picture`."""
        return standing.name not in self._moved and standing.name not in self._waiting

    def _free_at(self, name: Name) -> float:
        return self._rest_until.get(name, 0.0)
