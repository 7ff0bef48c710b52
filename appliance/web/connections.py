"""The open connections of each client, limited in number."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.web.rate_limits import client_network

log = logging.getLogger(__name__)


@dataclass(slots=True)
class ConnectionCounts:
    """Counts the connections of each network of clients: at most `most`, 0 for any number.

    `is_exempt` returns True for addresses behind which there are many clients. One thread uses it, that of the sockets.
    """

    most: int
    is_exempt: Callable[[str], bool] = lambda _: False
    _open: Counter[str] = field(default_factory=Counter)

    def open(self, address: str) -> bool:
        """Count a new connection; return False, and do not count it, if its network has too many."""
        network = client_network(address)
        if self.most and self._open[network] >= self.most and not self.is_exempt(address):
            log.warning("event=connection-refused network=%s connections=%d", network, self.most)
            return False
        self._open[network] += 1
        return True

    def close(self, address: str) -> None:
        """Uncount a connection that was counted."""
        network = client_network(address)
        self._open[network] -= 1
        if not self._open[network]:
            del self._open[network]
