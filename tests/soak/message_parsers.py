"""The readers of what nameservers answer, as functions of one string with an octet in each character."""

from __future__ import annotations

import struct

import dns.name
from dns.opcode import Opcode
from dns.rdatatype import RdataType

from appliance.errors import CommandFailed
from appliance.keys import new_key
from appliance.nameserver.update_messages import UpdateResponse, read_response, update_messages
from appliance.queries.difference import Difference, DifferenceReader
from appliance.queries.wire_records import read_answers
from appliance.tsig import ResponseVerifier, sign
from appliance.zones.delta import Delta, VersionDelta
from tests.signed_responses import NOW, SigningServer
from tests.workspace import APEX

ZONE = dns.name.from_text("example.com.")
SERIAL = 7
_LIMIT = 100_000
_KEY = new_key("update")
(_MESSAGE,) = update_messages(ZONE, APEX.soa, SERIAL, [VersionDelta(SERIAL + 1, Delta())])
_REQUEST = sign(_MESSAGE.to_wire(1), _KEY, NOW)


def read_difference(text: str) -> Difference:
    """Read an answer to an IXFR; raise CommandFailed if it is none."""
    reader = DifferenceReader(SERIAL, _LIMIT)
    try:
        reader.read(read_answers(_octets(text)))
        return reader.difference()
    except ValueError as malformed:
        raise CommandFailed(("transfer",), str(malformed)) from malformed


def read_update_response(text: str) -> UpdateResponse | None:
    """Read a response to an UPDATE."""
    return read_response(_octets(text), _MESSAGE, ResponseVerifier(_KEY, _REQUEST.mac), NOW)


def _octets(text: str) -> bytes:
    return text.encode("latin-1", "replace")


def _record(rdtype: int, data: bytes) -> bytes:
    return b"\xc0\x0c" + struct.pack("!HHIH", rdtype, 1, 300, len(data)) + data


def _answer(*records: bytes) -> str:
    header = struct.pack("!6H", 1, 0x8400, 1, len(records), 0, 0)
    question = ZONE.to_digestable() + struct.pack("!HH", RdataType.IXFR, 1)
    return (header + question + b"".join(records)).decode("latin-1")


def _soa(serial: int) -> bytes:
    return _record(RdataType.SOA, b"\xc0\x0c\3ns1\xc0\x0c" + struct.pack("!5I", serial, 1, 2, 3, 4))


_MX = _record(RdataType.MX, b"\0\1\4mail\xc0\x0c")
_A = _record(RdataType.A, b"\1\2\3\4")
DIFFERENCES = (
    _answer(_soa(7)),
    _answer(_soa(8), _MX, _A, _soa(8)),
    _answer(_soa(9), _soa(7), _A, _soa(8), _MX, _soa(8), _MX, _soa(9), _A, _soa(9)),
)
_UNSIGNED = struct.pack("!6H", 1, 0x8000 | Opcode.UPDATE << 11 | 1, 0, 0, 0, 0)
UPDATE_RESPONSES = (
    _UNSIGNED.decode("latin-1"),
    SigningServer(_KEY, _REQUEST.wire).sign(_UNSIGNED).decode("latin-1"),
)
