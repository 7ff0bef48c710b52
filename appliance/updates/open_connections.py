"""The open connections: how many there may be of all clients and of each network, and which is closed for a new one.

Where there are too many, the one that has waited longest for its client is closed: connections that send nothing keep
nobody out. One whose message is being answered stays open.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from appliance.web.rate_limits import client_network


class Connections:
    """At most `total` connections, and `each` of a network. Thread-safe."""

    def __init__(self, total: int, each: int) -> None:
        self._total, self._each = total, each
        self._lock = threading.Lock()
        self._waiting: dict[socket.socket, str] = {}
        """Networks of those that wait for their client, the longest first."""
        self._busy: dict[socket.socket, str] = {}
        self._is_stopped = False

    def admit(self, connection: socket.socket, host: str) -> bool:
        """Count a connection, and end another one if there are too many; return False if none can be ended."""
        network = client_network(host)
        with self._lock:
            networks = [*self._waiting.values(), *self._busy.values()]
            if networks.count(network) >= self._each:
                has_room = self._end_one_of(network)
            else:
                has_room = len(networks) < self._total or self._end_one_of(None)
            if has_room and not self._is_stopped:
                self._waiting[connection] = network
                return True
            return False

    @contextmanager
    def answering(self, connection: socket.socket) -> Iterator[bool]:
        """Keep the connection during the block; yield False if it was ended, or all are. Then it waits from now on."""
        with self._lock:
            network = None if self._is_stopped else self._waiting.pop(connection, None)
            if network is not None:
                self._busy[connection] = network
        try:
            yield network is not None
        finally:
            with self._lock:
                if network is not None:
                    self._waiting[connection] = self._busy.pop(connection)

    def discard(self, connection: socket.socket) -> None:
        """Uncount a connection, before it is closed."""
        with self._lock:
            self._waiting.pop(connection, None)

    def stop(self) -> None:
        """Answer no further message of any connection, also if it was received; responses to earlier ones are sent."""
        with self._lock:
            self._is_stopped = True
            for connection in (*self._waiting, *self._busy):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)

    def _end_one_of(self, network: str | None) -> bool:
        """End the connection of the network, or of all, that has waited longest; return False if none waits."""
        for connection, of in self._waiting.items():
            if network in (of, None):
                del self._waiting[connection]
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                return True
        return False
