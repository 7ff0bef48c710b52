"""What a service manager wants to know of a process: that it is ready, notify_alive, or notify_stopping (sd_notify(3)).

One datagram each, to the socket that the environment names. Without one, as on a terminal, telling does nothing. This
module must not know what the process does.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress


class ServiceManager:
    """Who started this process and may end it when no sign of life comes.

    `address` is a path, or a name that begins with @; `interval` is the seconds between two signs of life, None where
    nobody waits for them.
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
        """True when anyone listens."""
        return bool(self._address)

    def notify_alive(self, status: str, *, ready: bool = True) -> None:
        """Tell that it works, and how; `ready` False: it lives, and waits for something before it is of use."""
        words = []
        if ready and not self._is_ready:
            self._is_ready = True
            words.append("READY=1")
        if self.interval is not None and self._monotonic() >= self._due:
            self._due = self._monotonic() + self.interval
            words.append("WATCHDOG=1")
        if words:
            self._tell(*words, f"STATUS={' '.join(status.split())}")

    def notify_stopping(self) -> None:
        """Tell that it has begun to end."""
        self._tell("STOPPING=1")

    def _tell(self, *words: str) -> None:
        if self._address:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto("\n".join(words).encode(), self._address)


def manager_from_environment(environment: Mapping[str, str], pid: int) -> ServiceManager:
    """The manager that the environment of the process `pid` names; signs of life in half of the time that it waits."""
    is_watched = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
    microseconds = int(environment.get("WATCHDOG_USEC", "0")) if is_watched else 0
    return ServiceManager(environment.get("NOTIFY_SOCKET", ""), microseconds / 2e6 if microseconds else None)
