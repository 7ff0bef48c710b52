"""How long each secondary usually takes until it serves what the primary serves."""

from __future__ import annotations

from dataclasses import dataclass, field

from appliance.addresses import Nameserver
from appliance.deploy.verification.watch import Transfer

LONGEST_FIRST = 0.02
"""Seconds that a secondary is at most believed to take after its first transfer."""
LONGEST = 1.0
"""Seconds that it is ever believed to take: after slow transfers, the first quick one is seen no sooner."""


@dataclass(frozen=True, slots=True)
class UsualTimes:
    """The time of each secondary in seconds, for an update of the primary and for a new zone of the catalog."""

    _seconds: dict[tuple[Nameserver, Transfer], float] = field(default_factory=dict)

    def of(self, server: Nameserver, transfer: Transfer) -> float:
        """Return the usual time, 0 if it is unknown."""
        return self._seconds.get((server, transfer), 0.0)

    def note(self, server: Nameserver, transfer: Transfer, took: float) -> None:
        """Note how long one took: the usual time falls at once and rises slowly, since a secondary may be silent."""
        usual = self._seconds.get((server, transfer), min(took, LONGEST_FIRST))
        self._seconds[server, transfer] = min(took, LONGEST, usual + (min(took, 3 * usual) - usual) / 8)
