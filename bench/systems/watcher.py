"""Query a nameserver over and over until it serves a change."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import dns.flags
import dns.message

from appliance.addresses import Endpoint

PAUSE = 0.0002
"""Seconds between two queries of one nameserver: queries take time from what they wait for."""
REPEAT = 1.0
"""Seconds after which an unanswered query is repeated."""
_HEADER = 12


class NotServed(Exception):
    """The nameserver did not serve the change in time."""


def query(name: str, rdtype: str) -> bytes:
    """Return a query."""
    return dns.message.make_query(name, rdtype, flags=dns.flags.Flag(0)).to_wire()


def has_address(address: str) -> Callable[[bytes], bool]:
    """Return a condition on an answer: it has this IPv4 address."""
    octets = socket.inet_aton(address)
    return lambda reply: octets in reply[_HEADER:]


def is_answered(reply: bytes) -> bool:
    """Return whether it is a NOERROR with an answer."""
    return reply[3] & 0x0F == 0 and reply[6:8] != b"\0\0"


class Watcher:
    """A kept socket to one nameserver."""

    def __init__(self, server: Endpoint) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(REPEAT)
        self._socket.connect((server.host, server.port))

    def ask(self, message: bytes) -> bytes | None:
        """Return the reply, None without one."""
        try:
            self._socket.send(message)
            reply = self._socket.recv(4096)
            while reply[:2] != message[:2]:
                reply = self._socket.recv(4096)
        except OSError:  # no reply, or nobody listens
            return None
        return reply

    def wait_until(self, message: bytes, is_seen: Callable[[bytes], bool], seconds: float = 120.0) -> float:
        """Return the moment (`time.perf_counter`) at which a reply was as expected; raise NotServed after that time."""
        end = time.perf_counter() + seconds
        while True:
            reply, now = self.ask(message), time.perf_counter()
            if reply is not None and is_seen(reply):
                return now
            if now > end:
                raise NotServed(f"not served within {seconds:g} s")
            time.sleep(PAUSE if reply else PAUSE * 50)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
