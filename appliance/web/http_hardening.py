"""The HTTP server: malformed requests that it refuses, bodies that it does not keep, connections that it closes.

It knows waitress, and nothing of Flask. A request whose end is ambiguous is refused and its connection closed, so that
a proxy in front and the appliance never see different requests (RFC 9112 section 6.3).

waitress reads a whole request, a large body into a temporary file, before the application sees it. So what the body may
be is decided here, when the header is complete. The application answers a body over the limit, since it knows which
form its errors have: it is given the header alone, with the length of the body.
"""

from __future__ import annotations

import functools
import re
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from socket import socket
from typing import Any, Protocol

from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import FixedStreamReceiver

from appliance.errors import SettingsError
from appliance.web.joined_task import JoinedTask

MIN_CONNECTIONS = 16
"""Open connections that the limit of open files must allow."""
MAX_CONNECTIONS = 5_000
"""Open connections at most: an idle one needs no thread, but a file descriptor."""
MAX_DISCARDED = 64 * 1024 * 1024
"""Octets of a body over its limit that are read and discarded, so that its client gets to read the answer."""
UNLIMITED = 2**40
"""The limit of waitress itself, octets: with it the parser below decides."""
MIN_RATE = 16 * 1024
"""Octets of a body or of a response that prolong the time for it by a second."""
OUTPUT_BUFFER = 2**30
"""Octets of responses that a connection buffers, in a file from 1 MiB on, so that no thread waits for its client."""
_OTHER_FILES = 124
"""File descriptors for everything else: the store, the log, large bodies in temporary files."""
_ENCODING = re.compile(rb"^transfer-encoding:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_FOLDED = re.compile(rb"\n[ \t]")


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What the application says about bodies.

    `of_call` returns the octets that method and path may have. More than `small` is only read if `admits` returns True
    for the Authorization header or the X-API-Key.
    """

    small: int
    of_call: Callable[[str, str], int]
    admits: Callable[[str], bool]


class CountedConnections(Protocol):
    """Counts the open connections of each address."""

    def open(self, address: str) -> bool:
        """Count a connection; return False if it must be closed, and is not counted."""

    def close(self, address: str) -> None:
        """Uncount a connection that was counted."""


class HardenedParser(HTTPRequestParser):
    """The parser of waitress, strict about where a request ends, and about the size of its body.

    `on_cut` is called if a request is complete although its body is not: what follows is no request.
    """

    def __init__(self, limits: BodyLimits, on_cut: Callable[[], None], adj: Adjustments) -> None:
        super().__init__(adj)
        self._limits, self._on_cut = limits, on_cut
        self._most = limits.small
        self.path = ""

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the header; raise ParsingError unless the body has a known length or is `chunked`, exactly once."""
        if _FOLDED.search(header_plus):
            raise ParsingError("A header line is folded: it must not begin with a space or tab")
        super().parse_header(header_plus)
        encodings = _ENCODING.findall(header_plus)
        if encodings and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length and Transfer-Encoding contradict each other")
        if encodings and (self.version != "1.1" or [one.lower() for one in encodings] != [b"chunked"]):
            raise ParsingError("Transfer-Encoding must be chunked, once; HTTP 1.0 has none")
        self._limit_body()

    def received(self, data: bytes) -> int:
        """Process received data; return how much of it was part of this request."""
        if self.completed:
            return 0
        consumed = int(super().received(data))
        self.expect_continue = self.expect_continue and not self.completed  # or waitress waits for the body again
        length = self._chunked_length() if self.chunked else self.content_length
        is_over = self.headers_finished and self.error is None and length > self._most
        if is_over and (self.chunked or self.expect_continue or length > MAX_DISCARDED):
            self._cut(length)
            return len(data)
        return consumed

    def _chunked_length(self) -> int:
        """Return the octets of the body so far, or an eighth of those with the framing of chunks if that is more."""
        return max(len(self.body_rcv or ()), self.body_bytes_received // 8)

    def _limit_body(self) -> None:
        most = self._limits.of_call(str(self.command), self.path)
        is_large = self.chunked or self.content_length > self._limits.small
        credentials = filter(None, map(self.headers.get, ("AUTHORIZATION", "X_API_KEY")))
        if is_large and (most <= self._limits.small or any(map(self._limits.admits, credentials))):
            self._most = most
        if not self.chunked and self.content_length > self._most:
            self.body_rcv = FixedStreamReceiver(self.content_length, _Discarded(0))

    def _cut(self, length: int) -> None:
        """Complete the request with an empty body of that length, and close the connection after its answer."""
        self.close()
        self.headers = {**self.headers, "CONTENT_LENGTH": str(length), "CONNECTION": "close"}
        self.body_rcv, self.expect_continue, self.connection_close = None, False, True
        self.completed = True
        self._on_cut()


class _Discarded(OverflowableBuffer):
    """A buffer that keeps nothing."""

    def append(self, data: bytes) -> None:
        """Drop the data."""


class HardenedChannel(HTTPChannel):
    """A connection. While a request arrives it counts as idle since its first octet, later by what its body allows.

    waitress closes a connection that has been idle for too long, which limits the time that one request may take. While
    a response waits for its client the same applies.
    """

    task_class = JoinedTask
    _started = 0.0
    _has_ended = False
    _sending: tuple[float, int] | None = None

    def __init__(self, limits: BodyLimits, counts: CountedConnections, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - waitress's own
        super().__init__(*args, **kwargs)
        self.parser_class = functools.partial(  # type: ignore[assignment] # waitress only calls it
            HardenedParser, limits, self._end_requests
        )
        self._counts = counts
        self._is_counted = counts.open(self.addr[0])
        if not self._is_counted:
            self.handle_close()

    def received(self, data: bytes) -> bool:
        """Process received data; discard it after a request that was cut."""
        if self._has_ended:
            return False
        if self.request is None:
            self._started = time.time()
        result = bool(super().received(data))
        if self.request is not None:
            self.last_activity = min(time.time(), self._started + self.request.body_bytes_received / MIN_RATE)
        return result

    def handle_write(self) -> None:
        """Send what is buffered; count as idle by what the client has received since it began to be slow."""
        before = self.total_outbufs_len
        super().handle_write()
        if not self.total_outbufs_len:
            self._sending = None
            return
        began, sent = self._sending or (time.time(), 0)
        self._sending = (began, sent + max(0, before - self.total_outbufs_len))
        self.last_activity = min(time.time(), began + self._sending[1] / MIN_RATE)

    def del_channel(self, map: Mapping[int, socket] | None = None) -> None:  # noqa: A002 - waitress's own
        """Forget the connection when it is closed."""
        super().del_channel(map)
        if self._is_counted:
            self._is_counted = False
            self._counts.close(self.addr[0])

    def _end_requests(self) -> None:
        self._has_ended = True


def raise_open_file_limit() -> int:
    """Raise this process's limit of open files as far as allowed; return how many connections fit below it.

    Raise SettingsError if these are too few: the server would accept none, and not say why.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = MAX_CONNECTIONS + _OTHER_FILES
    limit = target if hard == resource.RLIM_INFINITY else min(target, hard)
    if limit < MIN_CONNECTIONS + _OTHER_FILES:
        raise SettingsError(
            f"the hard limit of open files is {hard}, and the API needs {MIN_CONNECTIONS + _OTHER_FILES} or more: "
            "raise it with ulimit -Hn, or LimitNOFILE= of its unit"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return limit - _OTHER_FILES
