"""NOTIFY messages (RFC 1996) to the secondaries, sent without waiting for a response.

named could notify them of each change itself, but by timers: for each of these one of its threads keeps a processor
busy for milliseconds, until a coarse clock has caught up (`docs/adr/0060-the-deployer-notifies-secondaries.md`).
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime

from dns.flags import AA
from dns.name import Name
from dns.opcode import Opcode
from dns.rdataclass import IN
from dns.rdatatype import SOA

from appliance.addresses import Endpoint, Nameserver
from appliance.keys import Key, KeyFile, present_key
from appliance.tsig import sign

_HEADER = struct.pack("!5H", Opcode.NOTIFY << 11 | AA, 1, 0, 0, 0)
_QUESTION = struct.pack("!HH", SOA, IN)


class NotifySender:
    """Notifies `secondaries`, from any thread; messages are signed with the key, at the time of `clock`.

    Whether one arrives remains unknown. The deployer queries the secondaries for each change, and notifies those that
    lag again.
    """

    def __init__(self, secondaries: Collection[Nameserver], key: Key | KeyFile, clock: Callable[[], datetime]) -> None:
        self._secondaries, self._key, self._clock = secondaries, key, clock
        self._sockets: dict[socket.AddressFamily, socket.socket] = {}
        self._lock = threading.Lock()

    def send(self, zone: Name, servers: Collection[Nameserver] | None = None) -> None:
        """Notify these secondaries of the zone, None for all; a message that cannot be sent counts as a lost one."""
        key, now = present_key(self._key), int(self._clock().timestamp())
        body = _HEADER + zone.to_digestable() + _QUESTION
        for server in self._secondaries if servers is None else servers:
            with suppress(OSError):
                self._send(sign(os.urandom(2) + body, key, now).wire, server.endpoint)

    def close(self) -> None:
        """Close the sockets."""
        for one in self._sockets.values():
            one.close()

    def _send(self, message: bytes, to: Endpoint) -> None:
        """Send the message from a socket of which nothing is read: what has no room in it is dropped by the kernel.

        It is not connected: then an ICMP error about a former message, or an address that this host has lost, would
        keep others from being sent.
        """
        family = socket.AF_INET6 if ":" in to.host else socket.AF_INET
        with self._lock:
            if family not in self._sockets:
                self._sockets[family] = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._sockets[family].sendto(message, (to.host, to.port))
