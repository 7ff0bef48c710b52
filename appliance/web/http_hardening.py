"""The HTTP server: malformed requests that it refuses, and connections that it closes.

It knows waitress, and nothing of Flask. A request whose end is ambiguous is refused and its connection closed, so that
a proxy in front and the appliance never see different requests (RFC 9112 section 6.3).
"""

from __future__ import annotations

import re
import resource
import time

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError

MAX_CONNECTIONS = 5_000
"""Open connections at most: an idle one needs no thread, but a file descriptor."""
_OTHER_FILES = 124
"""File descriptors for everything else: the store, the log, large bodies in temporary files."""
_ENCODING = re.compile(rb"^transfer-encoding:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_FOLDED = re.compile(rb"\n[ \t]")


class HardenedParser(HTTPRequestParser):
    """The parser of waitress, strict about where a request ends."""

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


class HardenedChannel(HTTPChannel):
    """A connection. While its header is incomplete it counts as idle, however slowly more of the header arrives."""

    parser_class = HardenedParser
    _header_started = 0.0

    def received(self, data: bytes) -> bool:
        """Process received data; waitress closes a connection that has been idle for too long."""
        if self.request is None:
            self._header_started = time.time()
        result = bool(super().received(data))
        if self.request is not None and not self.request.headers_finished:
            self.last_activity = self._header_started
        return result


def raise_open_file_limit() -> int:
    """Raise this process's limit of open files as far as allowed; return how many connections fit below it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = MAX_CONNECTIONS + _OTHER_FILES
    limit = target if hard == resource.RLIM_INFINITY else min(target, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return limit - _OTHER_FILES
