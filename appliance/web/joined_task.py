"""Responses whose header is sent together with the beginning of the body: one system call, and one packet for clients.

The module knows waitress, which sends the header alone, and nothing of Flask.
"""

from __future__ import annotations

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

MOST_JOINED = 64 * 1024
"""Octets up to which header and data are joined: to copy large data takes more than a system call, and its memory."""


class _Collector:
    """What a task needs of its channel to write; it keeps the data."""

    def __init__(self, channel: HTTPChannel) -> None:
        self.server, self.adj = channel.server, channel.adj
        self.written: list[bytes] = []

    def write_soon(self, data: bytes) -> int:
        """Keep the data."""
        self.written.append(data)
        return len(data)


class JoinedTask(WSGITask):
    """The response to a request, which sends its header with the first data of the body."""

    def write(self, data: bytes) -> None:
        """Write data, after the header if that was not written yet."""
        if self.wrote_header:
            super().write(data)
            return
        channel, collector = self.channel, _Collector(self.channel)
        self.channel = collector  # type: ignore[assignment] # all that is needed of it
        try:
            super().write(data)
        finally:
            self.channel = channel
        written = collector.written
        for part in [b"".join(written)] if sum(map(len, written)) <= MOST_JOINED else written:
            channel.write_soon(part)
