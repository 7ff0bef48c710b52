"""The notification socket of a service manager, as systemd has one for each service."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path
from types import TracebackType


class Listener:
    """A socket at a path, or an abstract one if the name begins with @; `heard` has all received lines."""

    def __init__(self, address: Path | str) -> None:
        self.address = str(address)
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{self.address[1:]}" if self.address.startswith("@") else self.address)
        self._socket.setblocking(False)

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def hears(self, line: str, times: int = 1) -> bool:
        """Return True if at least `times` received lines begin with the line."""
        with suppress(BlockingIOError):
            while True:
                self.heard += self._socket.recv(4096).decode().split("\n")
        return sum(one.startswith(line) for one in self.heard) >= times
