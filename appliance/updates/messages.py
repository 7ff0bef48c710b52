"""DNS messages as clients send them, read without interpretation; what a response copies of them.

The reader of dnspython is not used: it drops the TTL of a record without data, which RFC 2136 requires to be zero, and
reads the clock to verify a signature.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import dns.rdata
from dns.exception import DNSException, FormError
from dns.name import Name
from dns.rcode import Rcode
from dns.rdata import Rdata
from dns.rdataclass import ANY, IN
from dns.rdatatype import OPT, TSIG
from dns.rdtypes.ANY.TSIG import TSIG as TsigData  # noqa: N811 - a class, beside the type of that name
from dns.wire import Parser

HEADER_OCTETS = 12
PAYLOAD = 1232
"""Octets of a UDP message that every network carries, as responses announce them."""
_RESPONSE, _OPCODE, _RECURSION_DESIRED = 0x8000, 0x7800, 0x0100
_OPT_RECORD = struct.pack("!BHHIH", 0, OPT, PAYLOAD, 0, 0)


class ErrorResponse(Exception):
    """The request is answered with that response code; `reason` is for the log."""

    def __init__(self, rcode: Rcode, reason: str) -> None:
        super().__init__(reason)
        self.rcode = rcode


@dataclass(frozen=True, slots=True)
class Question:
    """A question, or the zone of an update."""

    name: Name
    rdtype: int
    rdclass: int


@dataclass(frozen=True, slots=True)
class SentRecord:
    """A record of a request, with its name in lower case; `rdata` is None if it has no octets of data."""

    name: Name
    rdtype: int
    rdclass: int
    ttl: int
    rdata: Rdata | None


@dataclass(frozen=True, slots=True)
class Signature:
    """The TSIG record of a request, whose name is that of the key; `start` is its first octet in the message."""

    key_name: Name
    data: TsigData
    start: int


@dataclass(frozen=True, slots=True)
class Request:
    """A message: its zone or question, and its sections, without OPT and TSIG."""

    wire: bytes
    questions: tuple[Question, ...]
    questions_end: int
    prerequisites: tuple[SentRecord, ...]
    updates: tuple[SentRecord, ...]
    payload: int | None
    signature: Signature | None

    @property
    def number(self) -> int:
        """Return the message id."""
        return int.from_bytes(self.wire[:2], "big")

    @property
    def opcode(self) -> int:
        """Return the opcode."""
        return (self.wire[2] >> 3) & 0xF

    @property
    def unsigned(self) -> bytes:
        """Return the message without its signature."""
        if self.signature is None:
            return self.wire
        count = int.from_bytes(self.wire[10:HEADER_OCTETS], "big") - 1
        return self.wire[:10] + count.to_bytes(2, "big") + self.wire[HEADER_OCTETS : self.signature.start]

    def response(self, rcode: int, flags: int = 0, answer: bytes = b"", count: int = 0) -> bytes:
        """Return a response with these flags, and `count` records as `answer`; it repeats question and OPT."""
        copied = int.from_bytes(self.wire[2:4], "big") & (_OPCODE | _RECURSION_DESIRED)
        fields = copied | _RESPONSE | flags | rcode, len(self.questions), count, 0, int(self.payload is not None)
        header = self.wire[:2] + struct.pack("!5H", *fields)
        option = b"" if self.payload is None else _OPT_RECORD
        return header + self.wire[HEADER_OCTETS : self.questions_end] + answer + option


def read_request(wire: bytes) -> Request:
    """Return the request; raise FormError if it is not a well-formed message."""
    parser = Parser(wire)
    try:
        _, _, *counts = parser.get_struct("!6H")
        questions = tuple(_question(parser) for _ in range(counts[0]))
        questions_end = parser.current
        first, second = (tuple(record for record, _ in _records(parser, count)) for count in counts[1:3])
        additional = list(_records(parser, counts[3]))
        if parser.remaining():
            raise FormError("octets after the last record")
        signature = _signature([*first, *second], additional)
    except (DNSException, struct.error, ValueError) as error:
        raise FormError(str(error) or type(error).__name__) from None
    options = [record.rdclass for record, _ in additional if record.rdtype == OPT]
    if len(options) > 1:
        raise FormError("more than one OPT record")
    return Request(wire, questions, questions_end, first, second, options[0] if options else None, signature)


def malformed_response(wire: bytes) -> bytes | None:
    """Return the response to what is no well-formed request; None if it has no header, or is itself a response."""
    if len(wire) < HEADER_OCTETS or wire[2] & 0x80:
        return None
    flags = int.from_bytes(wire[2:4], "big") & (_OPCODE | _RECURSION_DESIRED) | _RESPONSE | Rcode.FORMERR
    return wire[:2] + struct.pack("!5H", flags, 0, 0, 0, 0)


def _question(parser: Parser) -> Question:
    name = parser.get_name(decompress=True).canonicalize()
    rdtype, rdclass = parser.get_struct("!HH")
    return Question(name, rdtype, rdclass)


def _records(parser: Parser, count: int) -> Iterator[tuple[SentRecord, int]]:
    """Yield each record of a section, with its first octet in the message."""
    for _ in range(count):
        start = parser.current
        name = parser.get_name(decompress=True).canonicalize()
        rdtype, rdclass, ttl, length = parser.get_struct("!HHIH")
        with parser.restrict_to(length):
            is_read = length and rdtype != OPT
            rdata = dns.rdata.from_wire_parser(ANY if rdtype == TSIG else IN, rdtype, parser) if is_read else None
            parser.get_remaining()
        yield SentRecord(name, rdtype, rdclass, ttl, rdata), start


def _signature(others: list[SentRecord], additional: list[tuple[SentRecord, int]]) -> Signature | None:
    """Return the signature, which must be the last record (RFC 8945 section 5.1)."""
    if any(record.rdtype == TSIG for record in [*others, *(record for record, _ in additional[:-1])]):
        raise FormError("a TSIG record is not the last record")
    if not additional or additional[-1][0].rdtype != TSIG:
        return None
    record, start = additional[-1]
    if record.rdclass != ANY or record.ttl or not isinstance(record.rdata, TsigData):
        raise FormError("a TSIG record must have the class ANY, the TTL 0, and data")
    return Signature(record.name, record.rdata, start)
