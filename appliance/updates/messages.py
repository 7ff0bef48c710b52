"""DNS messages as clients send them, read without interpretation; what a response copies of them.

The reader of dnspython is not used: it drops the TTL of a record without data, which RFC 2136 requires to be zero, and
reads the clock to verify a signature. It also reads every name and data at once: 64 KiB of compressed names take it a
second, for whoever sends them. Here only the place of each record is found before the sender is known.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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

from appliance.wire import HEADER_OCTETS, RecordPlace, record_places

MOST_QUESTIONS = 10
"""Questions of a message that is read; one alone is valid, but who signed a few gets a signed response."""
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
    """A message: its zone or question, where its records are, and what OPT and TSIG say."""

    wire: bytes
    questions: tuple[Question, ...]
    questions_end: int
    sections: tuple[tuple[RecordPlace, ...], tuple[RecordPlace, ...]]
    payload: int | None
    signature: Signature | None

    @property
    def prerequisites(self) -> tuple[SentRecord, ...]:
        """Read the first section of records; raise FormError if one is malformed."""
        return _read(self.wire, self.sections[0])

    @property
    def updates(self) -> tuple[SentRecord, ...]:
        """Read the second section of records; raise FormError if one is malformed."""
        return _read(self.wire, self.sections[1])

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
    """Return the request, whose records are read when they are needed.

    Raise FormError if it is not a message, or has more than ten questions.
    """
    parser = Parser(wire)
    with _form_errors():
        _, _, *counts = parser.get_struct("!6H")
        if counts[0] > MOST_QUESTIONS:
            raise FormError(f"more than {MOST_QUESTIONS} questions")
        questions = tuple(_question(parser) for _ in range(counts[0]))
        places = _places(wire, parser.current, sum(counts[1:]))
    others, additional = places[: counts[1] + counts[2]], places[counts[1] + counts[2] :]
    signature = _signature(wire, others, additional)
    options = [place.rdclass for place in additional if place.rdtype == OPT]
    if len(options) > 1:
        raise FormError("more than one OPT record")
    sections = tuple(others[: counts[1]]), tuple(others[counts[1] :])
    return Request(wire, questions, parser.current, sections, options[0] if options else None, signature)


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


@contextmanager
def _form_errors() -> Iterator[None]:
    """Turn what reading a malformed message raises into FormError."""
    try:
        yield
    except (DNSException, struct.error, ValueError, IndexError) as error:
        raise FormError(str(error) or type(error).__name__) from None


def _places(wire: bytes, at: int, count: int) -> list[RecordPlace]:
    """Return the places of the records that begin there; raise FormError unless the last ends the message."""
    places = list(record_places(wire, at, count))
    if (places[-1].end if places else at) != len(wire):
        raise FormError("octets after the last record")
    return places


def _read(wire: bytes, places: Iterable[RecordPlace]) -> tuple[SentRecord, ...]:
    with _form_errors():
        return tuple(_record(wire, place) for place in places)


def _record(wire: bytes, place: RecordPlace) -> SentRecord:
    parser = Parser(wire, place.start)
    name = parser.get_name(decompress=True).canonicalize()
    rdtype, rdclass, ttl, length = parser.get_struct("!HHIH")
    with parser.restrict_to(length):
        is_read = length and rdtype != OPT
        rdata = dns.rdata.from_wire_parser(ANY if rdtype == TSIG else IN, rdtype, parser) if is_read else None
        parser.get_remaining()
    return SentRecord(name, rdtype, rdclass, ttl, rdata)


def _signature(wire: bytes, others: list[RecordPlace], additional: list[RecordPlace]) -> Signature | None:
    """Return the signature, which must be the last record (RFC 8945 section 5.1)."""
    if any(place.rdtype == TSIG for place in [*others, *additional[:-1]]):
        raise FormError("a TSIG record is not the last record")
    if not additional or additional[-1].rdtype != TSIG:
        return None
    (record,) = _read(wire, additional[-1:])
    if record.rdclass != ANY or record.ttl or not isinstance(record.rdata, TsigData):
        raise FormError("a TSIG record must have the class ANY, the TTL 0, and data")
    return Signature(record.name, record.rdata, additional[-1].start)
