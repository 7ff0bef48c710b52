"""Notifications to the service manager: this process is ready, alive or stopping (sd_notify(3)).

Each is one datagram to the socket that the environment names. Without one, as on a terminal, nothing is sent. This
module must not know what the process does.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress


class ServiceManager:
    """The service manager that started this process, and its watchdog, which ends a process that stays silent.

    `address` is the path of its socket, or an abstract name that begins with @; `interval` is the seconds between two
    watchdog notifications, None if there is no watchdog.
    """

    def __init__(
        self, address: str = "", interval: float | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.interval = interval
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._monotonic = monotonic
        self._is_ready = False
        self._due = monotonic()

    @property
    def is_present(self) -> bool:
        """True if there is a service manager to notify."""
        return bool(self._address)

    def notify_alive(self, status: str, *, ready: bool = True) -> None:
        """Report that the process works, with a status text, if a notification is due.

        `ready` False: it is alive, but waits for something before it can do its task.
        """
        assignments = []
        if ready and not self._is_ready:
            self._is_ready = True
            assignments.append("READY=1")
        if self.interval is not None and self._monotonic() >= self._due:
            self._due = self._monotonic() + self.interval
            assignments.append("WATCHDOG=1")
        if assignments:
            self._send(*assignments, f"STATUS={' '.join(status.split())}")

    def notify_stopping(self) -> None:
        """Report that the process is shutting down."""
        self._send("STOPPING=1")

    def _send(self, *assignments: str) -> None:
        if self._address:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto("\n".join(assignments).encode(), self._address)


def manager_from_environment(environment: Mapping[str, str], pid: int) -> ServiceManager:
    """Return the service manager of process `pid`, with half its watchdog timeout as the interval."""
    is_watched = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
    microseconds = int(environment.get("WATCHDOG_USEC", "0")) if is_watched else 0
    return ServiceManager(environment.get("NOTIFY_SOCKET", ""), microseconds / 2e6 if microseconds else None)
