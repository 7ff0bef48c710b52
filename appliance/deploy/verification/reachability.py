"""Which nameservers answer at all, whatever they are queried for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from appliance.addresses import Nameserver

SILENT_AFTER = 1.0
"""Seconds of queries without any answer after which a nameserver counts as unreachable."""


@dataclass(slots=True)
class Reachability:
    """When each nameserver last answered, and since when queries are unanswered, in monotonic seconds."""

    began: float
    _answered: dict[Nameserver, float] = field(default_factory=dict)
    _unanswered: dict[Nameserver, float] = field(default_factory=dict)

    def note_query(self, server: Nameserver, now: float) -> None:
        """Note that a query was sent."""
        self._unanswered.setdefault(server, now)

    def note_answers(self, servers: Iterable[Nameserver], now: float) -> None:
        """Note that these nameservers answered something."""
        for server in servers:
            self._answered[server] = now
            self._unanswered.pop(server, None)

    def is_silent(self, server: Nameserver, now: float) -> bool:
        """Return True if the nameserver counts as unreachable."""
        return now - self._unanswered.get(server, now) > SILENT_AFTER

    def last_answer(self, server: Nameserver) -> float:
        """Return when the nameserver last answered, or else when this object was created."""
        return self._answered.get(server, self.began)
