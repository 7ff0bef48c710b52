"""Which serial does each nameserver serve for each zone: many SOA questions at once, over plain UDP.

Questions are built and answers read by hand: through a DNS library the same would take ten times as long. This module
must not know which serial is wanted.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import select
import socket
import struct
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import lru_cache

from dns.name import Name

from appliance.addresses import Endpoint, Nameserver

log = logging.getLogger(__name__)

NOERROR = 0

_HEADER = struct.Struct(">6H")
_FIXED = struct.Struct(">HHIH")  # type, class, ttl, length of the rdata
_QUESTION_END = b"\x00\x06\x00\x01"  # SOA IN
_OPT = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"  # EDNS, 1232 octets: a SOA may outgrow 512
_IS_ANSWER, _OPCODE, _AUTHORITATIVE, _RCODE = 0x8000, 0x7800, 0x0400, 0x000F
_SAME_AS_QUESTION = b"\xc0\x0c"
_RECEIVE_BUFFER = 1 << 20
MAX_OUTSTANDING = 1 << 14
"""Questions that may wait for the answers of a nameserver: a quarter of the message ids, so one is found soon."""


SoaQuery = tuple[Nameserver, Name]


@dataclass(frozen=True, slots=True)
class SoaResponse:
    """What one nameserver said about one zone.

    `serial` is None unless the answer is NOERROR, authoritative and holds the SOA of this very zone: below a served
    parent a missing zone is answered with the parent's.
    """

    server: Nameserver
    zone: Name
    serial: int | None
    rcode: int
    owner_matches: bool


class SoaClient:
    """Asks without waiting and gathers the answers, for a loop that watches `fileno()`.

    A lost question is simply never answered. Answers that match no open question in address, port, message id and name
    are dropped: late ones and forged ones.
    """

    def __init__(self) -> None:
        self._sockets: dict[socket.AddressFamily, socket.socket] = {}
        self._epoll = select.epoll()
        self._ids: dict[SoaQuery, int] = {}
        self._open: dict[Endpoint, dict[int, tuple[SoaQuery, bytes]]] = {}

    def query(self, server: Nameserver, zone: Name) -> bool:
        """Send one question; asked again before its answer came, it keeps its message id.

        Return False, and send nothing, when `MAX_OUTSTANDING` others already wait for that nameserver's answer.
        """
        question = (server, zone)
        family, endpoint = _destination(server.endpoint)
        wire = zone.to_digestable() + _QUESTION_END
        number = self._ids.get(question)
        if number is None:
            waiting = self._open.setdefault(endpoint, {})
            if len(waiting) >= MAX_OUTSTANDING:
                return False
            number = self._ids[question] = _free_id(waiting)
            waiting[number] = (question, wire)
        message = _HEADER.pack(number, 0, 1, 0, 0, 1) + wire + _OPT
        try:
            self._socket(family).sendto(message, (endpoint.host, endpoint.port))
        except OSError as error:  # as good as lost on the way
            log.debug("event=query-not-sent server=%s zone=%s reason=%r", server.name, zone, error.strerror)
        return True

    def cancel(self, server: Nameserver, zone: Name) -> None:
        """Wait no longer for this answer."""
        number = self._ids.pop((server, zone), None)
        if number is not None:
            del self._open[_destination(server.endpoint)[1]][number]

    def fileno(self) -> int:
        """Readable when answers wait."""
        return self._epoll.fileno()

    def wait(self, timeout: float) -> None:
        """Return when answers wait, or after `timeout` seconds."""
        self._epoll.poll(max(timeout, 0))

    def responses(self) -> list[SoaResponse]:
        """All answers that have arrived, without waiting."""
        found = []
        for opened in self._sockets.values():
            for message, sender in _waiting(opened):
                answer = self._match(message, sender)
                if answer is not None:
                    found.append(answer)
        return found

    def close(self) -> None:
        """Give the sockets back."""
        self._epoll.close()
        for opened in self._sockets.values():
            opened.close()

    def _match(self, message: bytes, sender: Endpoint) -> SoaResponse | None:
        if len(message) < _HEADER.size:
            return None
        number, flags, questions = struct.unpack_from(">3H", message)
        question, wire = self._open.get(sender, {}).get(number, (None, b""))
        start = _HEADER.size + len(wire)
        if question is None or questions != 1 or message[_HEADER.size : start].lower() != wire:
            return None
        if flags & (_IS_ANSWER | _OPCODE) != _IS_ANSWER:
            return None
        self.cancel(*question)
        rcode = flags & _RCODE
        serial = parse_serial(message, start, wire[: -len(_QUESTION_END)])
        good = rcode == NOERROR and flags & _AUTHORITATIVE
        return SoaResponse(*question, serial if good else None, rcode, serial is not None)

    def _socket(self, family: socket.AddressFamily) -> socket.socket:
        if family not in self._sockets:
            opened = self._sockets[family] = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            self._epoll.register(opened, select.EPOLLIN)
        return self._sockets[family]


def _free_id(taken: Container[int]) -> int:
    while True:
        number = int.from_bytes(os.urandom(2), "big")
        if number not in taken:
            return number


def parse_serial(message: bytes, start: int, owner: bytes) -> int | None:
    """The serial of the first answer record, if it is the SOA of `owner` (lower-case wire form); None otherwise.

    `start` is where the answer section begins. RFC 1035 section 3.3.13: the serial stands twenty octets before the end.
    """
    (answers,) = struct.unpack_from(">H", message, 6)
    if not answers:
        return None
    if message.startswith(_SAME_AS_QUESTION, start):
        start += len(_SAME_AS_QUESTION)
    elif message[start : start + len(owner)].lower() == owner:
        start += len(owner)
    else:
        return None
    if start + _FIXED.size > len(message):
        return None
    rdtype, rdclass, _, size = _FIXED.unpack_from(message, start)
    end = start + _FIXED.size + size
    if (rdtype, rdclass) != (6, 1) or size < 22 or end > len(message):
        return None
    return int.from_bytes(message[end - 20 : end - 16], "big")


@lru_cache
def _destination(endpoint: Endpoint) -> tuple[socket.AddressFamily, Endpoint]:
    """Return the address family, and the endpoint with its address in the form in which the socket reports senders."""
    address = ipaddress.ip_address(endpoint.host)
    return socket.AF_INET if address.version == 4 else socket.AF_INET6, Endpoint(str(address), endpoint.port)


def _waiting(opened: socket.socket) -> Iterator[tuple[bytes, Endpoint]]:
    while True:
        try:
            message, sender = opened.recvfrom(4096)
        except BlockingIOError:
            return
        except OSError:  # an ICMP error about an earlier question
            continue
        yield message, Endpoint(*sender[:2])
