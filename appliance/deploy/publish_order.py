"""The order in which zones above and below each other are published, so that no name is delegated and not answered.

A new zone is published before the zones above it, which delegate it. A deleted zone is withdrawn after the zones above
it were published without the delegation.
"""

from __future__ import annotations

from collections import Counter

import dns.name
from dns.name import Name

from appliance.store.deployments import ZoneStatus
from appliance.zones.zone_cuts import names_above


class PublishOrder:
    """The zones that are being deployed, and which of them others wait for."""

    def __init__(self) -> None:
        self._living: set[Name] = set()
        self._new: set[Name] = set()
        self._new_below: Counter[Name] = Counter()

    def begin(self, status: ZoneStatus) -> None:
        """Note that the zone is being deployed with this status, in place of a former one."""
        self.end(status.name)
        if status.deleted:
            return
        self._living.add(status.name)
        if status.live_serial is None or status.removed:
            self._new.add(status.name)
            self._new_below.update(_above(status.name))

    def end(self, name: Name) -> None:
        """Let no zone wait for this one any longer."""
        self._living.discard(name)
        if name in self._new:
            self._new.discard(name)
            self._new_below.subtract(_above(name))
            self._new_below += Counter()  # drop what is 0

    def must_wait(self, status: ZoneStatus) -> bool:
        """Return True if another zone must be published first."""
        if status.deleted:
            return not self._living.isdisjoint(_above(status.name))
        return status.name in self._new_below


def _above(name: Name) -> list[Name]:
    return names_above(name, dns.name.root)
