"""DNS messages read as octets: names, and where each record is (RFC 1035 section 4.1).

For whole zones and messages on the path of every change, a DNS library takes ten times as long. What a record means is
left to the caller. All functions raise FormError for octets that are not a message.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from dns.exception import FormError

HEADER_OCTETS = 12
MAX_NAME = 255
"""Octets of a name."""
MAX_LABEL = 63
_POINTER = 0xC0
_FIXED = struct.Struct("!HHIH")
_QUESTION_OCTETS = 4


class Header(NamedTuple):
    """The header of a message; for an UPDATE the counts are those of zone, prerequisites, updates and the rest."""

    number: int
    flags: int
    questions: int
    answers: int
    authorities: int
    additional: int

    @property
    def rcode(self) -> int:
        """Return the response code."""
        return self.flags & 0xF

    @property
    def opcode(self) -> int:
        """Return the opcode."""
        return self.flags >> 11 & 0xF

    @property
    def is_response(self) -> bool:
        """Return whether it is a response."""
        return bool(self.flags & 0x8000)


class RecordPlace(NamedTuple):
    """A record in a message: its first octet, its fields, and where its data begins and ends."""

    start: int
    rdtype: int
    rdclass: int
    ttl: int
    data: int
    end: int


def read_header(message: bytes) -> Header:
    """Return the header."""
    if len(message) < HEADER_OCTETS:
        raise FormError("shorter than a header")
    return Header._make(struct.unpack_from("!6H", message))


def read_name(message: bytes, at: int) -> tuple[bytes, int]:
    """Return the name at this offset without compression, its letter case unchanged, and the offset after it."""
    labels, after, last = b"", 0, at
    try:
        while length := message[at]:
            if length >= _POINTER:
                after = after or at + 2
                at = (length & ~_POINTER) << 8 | message[at + 1]
                if at >= last:
                    raise FormError("a pointer leads forwards")
                last = at
                continue
            label = message[at : at + 1 + length]
            if length > MAX_LABEL or len(labels) + length + 2 > MAX_NAME or len(label) <= length:
                raise FormError("a label or name is too long")
            labels += label
            at += 1 + length
    except IndexError:
        raise FormError("a name is not complete") from None
    return labels + b"\0", after or at + 1


def skip_questions(message: bytes, count: int) -> int:
    """Return the offset after the questions, or the zone of an update."""
    at = HEADER_OCTETS
    for _ in range(count):
        at = _skip_name(message, at) + _QUESTION_OCTETS
    return at


def record_places(message: bytes, at: int, count: int) -> Iterator[RecordPlace]:
    """Yield the place of each of the records that begin there."""
    for _ in range(count):
        start, at = at, _skip_name(message, at)
        try:
            rdtype, rdclass, ttl, length = _FIXED.unpack_from(message, at)
        except struct.error:
            raise FormError("a record is not complete") from None
        data = at + _FIXED.size
        at = data + length
        if at > len(message):
            raise FormError("the data of a record is not complete")
        yield RecordPlace(start, rdtype, rdclass, ttl, data, at)


def _skip_name(message: bytes, at: int) -> int:
    try:
        while 0 < (label := message[at]) <= MAX_LABEL:
            at += 1 + label
    except IndexError:
        raise FormError("a name is not complete") from None
    if MAX_LABEL < label < _POINTER:
        raise FormError("a label is too long")
    return at + (2 if label else 1)
