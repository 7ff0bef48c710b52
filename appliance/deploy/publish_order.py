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
        self._passed: set[Name] = set()
        """Zones that are not served yet, and that no zone waits for again."""
        self.changes = 0
        """A number that grows whenever a zone may no longer have to wait."""

    def begin(self, status: ZoneStatus) -> None:
        """Note that the zone is being deployed with this status, in place of a former one."""
        self._drop(status.name)
        if status.deleted:
            self._passed.discard(status.name)
            return
        self._living.add(status.name)
        if (status.live_serial is None or status.removed) and status.name not in self._passed:
            self._new.add(status.name)
            self._new_below.update(_above(status.name))

    def end(self, name: Name) -> None:
        """Let no zone wait for this one any longer: nameservers serve it. One that failed is not ended."""
        self._drop(name)
        self._passed.discard(name)

    def stop_waiting(self, name: Name) -> None:
        """Let this zone, and those above it, wait no longer for the present new zones below it."""
        below = [new for new in self._new if new != name and new.is_subdomain(name)] if name in self._new_below else []
        for new in below:
            self._drop(new)
            self._passed.add(new)

    def must_wait(self, status: ZoneStatus) -> bool:
        """Return True if another zone must be published first."""
        if status.deleted:
            return not self._living.isdisjoint(_above(status.name))
        return status.name in self._new_below

    def _drop(self, name: Name) -> None:
        self.changes += 1
        self._living.discard(name)
        if name in self._new:
            self._new.discard(name)
            for above in _above(name):
                self._new_below[above] -= 1
                if not self._new_below[above]:
                    del self._new_below[above]


def _above(name: Name) -> list[Name]:
    return names_above(name, dns.name.root)
