"""Queries for many zones at once, over UDP: which serial does the content have that each nameserver serves?

The SOA says so, but not of a signed zone: named counts its serial on whenever it signs. There the content number says
so (`appliance.zones.signing`). Queries are encoded and responses decoded by hand: with a DNS library that takes ten
times as long. This module must not know which serial is desired.
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
from appliance.zones.signing import CONTENT_TYPE

log = logging.getLogger(__name__)

NOERROR = 0
_SOA = 6

_HEADER = struct.Struct(">6H")
_FIXED = struct.Struct(">HHIH")  # type, class, ttl, length of the rdata
_QUESTION_END = b"\x00\x06\x00\x01"  # SOA IN
_CONTENT_END = CONTENT_TYPE.to_bytes(2, "big") + b"\x00\x01"
_OPT = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"  # EDNS, 1232 octets: a SOA may outgrow 512
_IS_RESPONSE, _OPCODE, _AUTHORITATIVE, _RCODE = 0x8000, 0x7800, 0x0400, 0x000F
_POINTER_TO_QNAME = b"\xc0\x0c"
_RECEIVE_BUFFER = 1 << 20
MAX_OUTSTANDING = 1 << 14
"""Outstanding queries to one nameserver: a quarter of the message ids, so that a free one is found quickly."""

SoaQuery = tuple[Nameserver, Name]
"""The nameserver to query, and the zone."""


@dataclass(frozen=True, slots=True)
class SoaResponse:
    """The response of one nameserver to the query for one zone: the serial of the content that it serves.

    `serial` is None unless the response is NOERROR, authoritative and holds the SOA of this zone, or its content
    number: a nameserver that serves only a zone above it responds with the SOA of that one. `owner_matches` is True if
    the record is of this zone.
    """

    server: Nameserver
    zone: Name
    serial: int | None
    rcode: int
    owner_matches: bool


class SoaClient:
    """A client that sends queries without blocking and collects the responses, for a loop that polls `fileno()`.

    A lost query gets no response and is not repeated. A response that matches no outstanding query in address, port,
    message id and name is dropped: it is late or forged.
    """

    def __init__(self) -> None:
        self._sockets: dict[socket.AddressFamily, socket.socket] = {}
        self._epoll = select.epoll()
        self._ids: dict[SoaQuery, int] = {}
        self._outstanding: dict[Endpoint, dict[int, tuple[SoaQuery, bytes]]] = {}

    def query(self, server: Nameserver, zone: Name, *, signed: bool = False) -> bool:
        """Send one query, of a signed zone for its content number; an outstanding one keeps its message id.

        Return False, and send nothing, if `MAX_OUTSTANDING` other queries to that nameserver are outstanding.
        """
        query = (server, zone)
        family, endpoint = _destination(server.endpoint)
        wire = zone.to_digestable() + (_CONTENT_END if signed else _QUESTION_END)
        number = self._ids.get(query)
        if number is None:
            outstanding = self._outstanding.setdefault(endpoint, {})
            if len(outstanding) >= MAX_OUTSTANDING:
                return False
            number = self._ids[query] = _free_id(outstanding)
        self._outstanding[endpoint][number] = (query, wire)
        message = _HEADER.pack(number, 0, 1, 0, 0, 1) + wire + _OPT
        try:
            self._socket(family).sendto(message, (endpoint.host, endpoint.port))
        except OSError as error:  # equivalent to a lost packet
            log.debug("event=query-not-sent server=%s zone=%s reason=%r", server.name, zone, error.strerror)
        return True

    def cancel(self, server: Nameserver, zone: Name) -> None:
        """Drop the outstanding query, if any; a late response is ignored."""
        number = self._ids.pop((server, zone), None)
        if number is not None:
            del self._outstanding[_destination(server.endpoint)[1]][number]

    def fileno(self) -> int:
        """Return the file descriptor that is readable when responses have arrived."""
        return self._epoll.fileno()

    def wait(self, timeout: float) -> None:
        """Return when responses have arrived, or after `timeout` seconds."""
        self._epoll.poll(max(timeout, 0))

    def responses(self) -> list[SoaResponse]:
        """Return the responses that have arrived, without blocking."""
        found = []
        for opened in self._sockets.values():
            for message, sender in _datagrams(opened):
                response = self._match(message, sender)
                if response is not None:
                    found.append(response)
                if not self._ids:  # what else there is was not queried, and is dropped by the next call
                    break
        return found

    def close(self) -> None:
        """Close the sockets."""
        self._epoll.close()
        for opened in self._sockets.values():
            opened.close()

    def _match(self, message: bytes, sender: Endpoint) -> SoaResponse | None:
        if len(message) < _HEADER.size:
            return None
        number, flags, questions = struct.unpack_from(">3H", message)
        query, wire = self._outstanding.get(sender, {}).get(number, (None, b""))
        start = _HEADER.size + len(wire)
        if query is None or questions != 1 or message[_HEADER.size : start].lower() != wire:
            return None
        if flags & (_IS_RESPONSE | _OPCODE) != _IS_RESPONSE:
            return None
        self.cancel(*query)
        rcode = flags & _RCODE
        owner, is_content = wire[: -len(_QUESTION_END)], wire.endswith(_CONTENT_END)
        serial = (parse_content_number if is_content else parse_serial)(message, start, owner)
        is_usable = rcode == NOERROR and flags & _AUTHORITATIVE
        return SoaResponse(*query, serial if is_usable else None, rcode, serial is not None)

    def _socket(self, family: socket.AddressFamily) -> socket.socket:
        if family not in self._sockets:
            opened = self._sockets[family] = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            self._epoll.register(opened, select.EPOLLIN)
        return self._sockets[family]


def _free_id(used: Container[int]) -> int:
    while True:
        number = int.from_bytes(os.urandom(2), "big")
        if number not in used:
            return number


def parse_serial(message: bytes, start: int, owner: bytes) -> int | None:
    """Return the serial of the first answer record if it is the SOA of `owner` (lower-case wire form), else None.

    `start` is where the answer section begins. The serial begins twenty octets before the end of the rdata (RFC 1035
    section 3.3.13).
    """
    rdata = _first_answer(message, start, owner, _SOA)
    return None if rdata is None or len(rdata) < 22 else int.from_bytes(rdata[-20:-16], "big")


def parse_content_number(message: bytes, start: int, owner: bytes) -> int | None:
    """Return the content number in the first answer record if it is that of `owner`, else None, as `parse_serial`."""
    rdata = _first_answer(message, start, owner, CONTENT_TYPE)
    return None if rdata is None or len(rdata) != 4 else int.from_bytes(rdata, "big")


def _first_answer(message: bytes, start: int, owner: bytes, expected: int) -> bytes | None:
    """Return the rdata of the first answer record if it has that owner and type."""
    (answers,) = struct.unpack_from(">H", message, 6)
    if not answers:
        return None
    if message.startswith(_POINTER_TO_QNAME, start):
        start += len(_POINTER_TO_QNAME)
    elif message[start : start + len(owner)].lower() == owner:
        start += len(owner)
    else:
        return None
    if start + _FIXED.size > len(message):
        return None
    rdtype, rdclass, _, size = _FIXED.unpack_from(message, start)
    end = start + _FIXED.size + size
    if (rdtype, rdclass) != (expected, 1) or end > len(message):
        return None
    return message[end - size : end]


@lru_cache
def _destination(endpoint: Endpoint) -> tuple[socket.AddressFamily, Endpoint]:
    """Return the address family, and the endpoint with its address in the form in which the socket reports senders."""
    address = ipaddress.ip_address(endpoint.host)
    return socket.AF_INET if address.version == 4 else socket.AF_INET6, Endpoint(str(address), endpoint.port)


def _datagrams(opened: socket.socket) -> Iterator[tuple[bytes, Endpoint]]:
    while True:
        try:
            message, sender = opened.recvfrom(4096)
        except BlockingIOError:
            return
        except OSError:  # an ICMP error about an earlier query
            continue
        yield message, Endpoint(*sender[:2])
