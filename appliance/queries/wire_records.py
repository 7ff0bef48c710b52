"""Read the records of DNS messages as octets: about five times faster than with dnspython.

Names are decompressed in data too, so that a record is the same octets in every message (RFC 3597 section 4).
"""

from __future__ import annotations

import struct

from dns.rdatatype import RdataType

from appliance.errors import CommandFailed
from appliance.zones.delta import WireRecord

_POINTER = 0xC0
_MOST_NAME_OCTETS = 255
_NAMES = {
    RdataType.NS: (0, 1),
    RdataType.CNAME: (0, 1),
    RdataType.PTR: (0, 1),
    RdataType.SOA: (0, 2),
    RdataType.MX: (2, 1),
}
"""Types whose names may be compressed (RFC 3597 section 4): octets before the first name, number of names."""
_NO_NAMES = (0, 0)


def read_answers(message: bytes) -> list[WireRecord]:
    """Return the records of the answer section; raise CommandFailed for another code than NOERROR, and if malformed."""
    try:
        _, flags, questions, answers = struct.unpack_from("!HHHH", message)
        if flags & 0xF:
            raise CommandFailed(("transfer",), f"response code {flags & 0xF}")
        at = 12
        for _ in range(questions):
            at = _read_name(message, at)[1] + 4
        records = []
        for _ in range(answers):
            record, at = _read_record(message, at)
            records.append(record)
    except (struct.error, IndexError, ValueError) as malformed:
        raise CommandFailed(("transfer",), f"malformed message: {malformed}") from malformed
    return records


def _read_record(message: bytes, at: int) -> tuple[WireRecord, int]:
    owner, at = _read_name(message, at)
    rdtype, _, ttl, length = struct.unpack_from("!HHIH", message, at)
    at += 10
    end = at + length
    if end > len(message):
        raise ValueError("a record is cut off")
    before, names = _NAMES.get(rdtype, _NO_NAMES)
    data = message[at : at + before]
    at += before
    for _ in range(names):
        name, at = _read_name(message, at)
        data += name
    return WireRecord(owner.lower(), rdtype, ttl, data + message[at:end]), end


def _read_name(message: bytes, at: int) -> tuple[bytes, int]:
    """Return the decompressed name at this offset, and the offset after it; pointers lead backwards only."""
    parts, size, after = [], 0, 0
    while length := message[at]:
        if length >= _POINTER:
            target = (length & ~_POINTER) << 8 | message[at + 1]
            if target >= at:
                raise ValueError("a compressed name leads forwards")
            after = after or at + 2
            at = target
        else:
            parts.append(message[at : at + 1 + length])
            size += 1 + length
            if size > _MOST_NAME_OCTETS:
                raise ValueError("a name is too long")
            at += 1 + length
    return b"".join(parts) + b"\0", after or at + 1
