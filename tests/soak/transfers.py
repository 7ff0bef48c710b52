"""Many whole zones over one connection, as octets: some 0.4 ms a zone, a fifth of what objects for each record take.

Signatures are asked for and not looked at; the stories do that, by `questions.transfer`.
"""

from __future__ import annotations

import socket
import struct
from types import TracebackType

import dns.message
import dns.tsig
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.errors import CommandFailed
from appliance.keys import Key

Row = tuple[bytes, int, int, bytes]
"""Owner, type, TTL and data, names in wire form (RFC 1035 section 3.1) and never compressed."""

_POINTER = 0xC0
_NAMES = {
    RdataType.NS: (0, 1),
    RdataType.CNAME: (0, 1),
    RdataType.PTR: (0, 1),
    RdataType.SOA: (0, 2),
    RdataType.MX: (2, 1),
}
"""Types whose data a nameserver may compress (RFC 3597 section 4): octets before the first name, and how many names."""


class Transfers:
    """A connection to one nameserver; the transfers are asked for and read in turn."""

    def __init__(self, server: Nameserver, key: Key, timeout: float = 30.0) -> None:
        self._key = dns.tsig.Key(key.name, key.octets, key.algorithm)
        self._socket = socket.create_connection((server.endpoint.host, server.endpoint.port), timeout)
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> Transfers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._socket.close()

    def ask(self, zone: Name) -> None:
        """Ask for the whole zone; the answer must be read before the next is asked for."""
        query = dns.message.make_query(zone, RdataType.AXFR)
        query.use_tsig(self._key)
        wire = query.to_wire()
        self._socket.sendall(struct.pack("!H", len(wire)) + wire)

    def read(self) -> frozenset[Row]:
        """All rows of the zone that was asked for; CommandFailed when it is refused, OSError when nothing comes."""
        rows: list[Row] = []
        while len(rows) < 2 or rows[-1] != rows[0]:  # the SOA comes first and last (RFC 5936 section 2.2)
            rows += _rows(self._message())
        return frozenset(rows)

    def _message(self) -> bytes:
        (length,) = struct.unpack("!H", self._octets(2))
        return self._octets(length)

    def _octets(self, count: int) -> bytes:
        octets = self._stream.read(count)
        if len(octets) < count:
            raise ConnectionError("the connection was closed")
        return octets


def _rows(message: bytes) -> list[Row]:
    """The rows of the answer section."""
    _, flags, questions, answers = struct.unpack_from("!HHHH", message)
    if flags & 0xF or not answers:
        raise CommandFailed(("transfer",), f"response code {flags & 0xF}, {answers} records")
    at = 12
    for _ in range(questions):
        at = _name(message, at)[1] + 4
    rows = []
    for _ in range(answers):
        owner, at = _name(message, at)
        rdtype, _, ttl, length = struct.unpack_from("!HHIH", message, at)
        at += 10
        rows.append((owner, rdtype, ttl, _content(message, rdtype, at, at + length)))
        at += length
    return rows


def _content(message: bytes, rdtype: int, at: int, end: int) -> bytes:
    """The data between these places, its names written out."""
    before, names = _NAMES.get(RdataType(rdtype), (0, 0))
    whole = message[at : at + before]
    at += before
    for _ in range(names):
        name, at = _name(message, at)
        whole += name
    return whole + message[at:end]


def _name(message: bytes, at: int) -> tuple[bytes, int]:
    """The name at this place, written out, and the place after it."""
    whole, after = b"", 0
    while length := message[at]:
        if length >= _POINTER:
            after = after or at + 2
            at = (length & ~_POINTER) << 8 | message[at + 1]
        else:
            whole += message[at : at + 1 + length]
            at += 1 + length
    return whole + b"\0", after or at + 1
