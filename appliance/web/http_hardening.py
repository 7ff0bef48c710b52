"""The front door: what is refused before there is a request, and who may stand in the doorway for how long.

waitress, and nothing of Flask. A request whose end could be read in two ways is refused and its connection closed, so
that no proxy before us and we see two different requests (RFC 9112 section 6.3).
"""

from __future__ import annotations

import re
import resource
import time

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError

MAX_CONNECTIONS = 5_000
"""Open connections at most: an idle one costs no thread, but a place among the open files."""
_OTHER_FILES = 124
"""Open files that are no connections: the store, the log, bodies that overflow into files."""
_ENCODING = re.compile(rb"^transfer-encoding:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_FOLDED = re.compile(rb"\n[ \t]")


class HardenedParser(HTTPRequestParser):
    """waitress' parser, without the doubts that it leaves about where a request ends."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read the header; ParsingError when it tells of any body but one of known length, or one `chunked` once."""
        if _FOLDED.search(header_plus):
            raise ParsingError("A header line is folded")
        super().parse_header(header_plus)
        encodings = _ENCODING.findall(header_plus)
        if encodings and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length and Transfer-Encoding contradict each other")
        if encodings and (self.version != "1.1" or [one.lower() for one in encodings] != [b"chunked"]):
            raise ParsingError("Transfer-Encoding must be chunked, once, and not of an old client")


class HardenedChannel(HTTPChannel):
    """A connection. One whose header is not whole yet grows older, however slowly more of it comes."""

    parser_class = HardenedParser
    _header_began = 0.0

    def received(self, data: bytes) -> bool:
        """Take what came; waitress ends the connection when it has been idle for too long."""
        if self.request is None:
            self._header_began = time.time()
        taken = bool(super().received(data))
        if self.request is not None and not self.request.headers_finished:
            self.last_activity = self._header_began
        return taken


def open_files_for_connections() -> int:
    """Raise this process's limit of open files as far as it may be; the connections that it then has room for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _OTHER_FILES
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return limit - _OTHER_FILES
