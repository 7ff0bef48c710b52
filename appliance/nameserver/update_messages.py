"""DNS UPDATE messages (RFC 2136) that lead a zone from one stored version to another, and the responses to them.

A message applies only to the serial that it starts from: its prerequisite is the SOA with that serial. The zone then
has the serial of a stored version, so that no other content is ever served. Messages are encoded by hand, which takes
a hundredth of the time that a DNS library takes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dns.exception import FormError
from dns.name import Name
from dns.opcode import Opcode
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from appliance import wire
from appliance.tsig import ResponseVerifier, SignatureError, read_signature
from appliance.zones.delta import MAX_OCTETS, Delta, VersionDelta, WireRecord, WireSoa, changes_letter_case, net
from appliance.zones.serial import is_later

_IN, _NONE = 1, 254
_FIXED = struct.Struct("!HHIH")
_POINTER_TO_ZONE = bytes((0xC0, wire.HEADER_OCTETS))


@dataclass(frozen=True, slots=True)
class UpdateMessage:
    """An UPDATE without message id and signature, which leads from one serial to another."""

    zone: Name
    before: int
    serial: int
    body: bytes

    def to_wire(self, number: int) -> bytes:
        """Return the message with that id."""
        return number.to_bytes(2, "big") + self.body


@dataclass(frozen=True, slots=True)
class UpdateResponse:
    """The response to an UPDATE: its code, None if there was none; `error` is that of the signature (RFC 8945)."""

    message: UpdateMessage
    rcode: int | None
    error: int = 0


def update_messages(zone: Name, soa: WireSoa, serial: int, versions: Iterable[VersionDelta]) -> list[UpdateMessage]:
    """Return the messages that lead the zone from `serial` to the last of these versions, in their order.

    Each has as many versions as fit and ends with a stored one. Raise ValueError for a version that is not later than
    the one before, or does not fit: `store.deltas` returns neither.
    """
    messages = []
    for last, delta in _grouped(serial, versions):
        messages.append(_message(zone, soa, serial, last, delta))
        serial = last
    return messages


def read_response(
    message: bytes, request: UpdateMessage, verifier: ResponseVerifier, now: int
) -> UpdateResponse | None:
    """Return what a datagram with the id of the request says, None if it is late or forged.

    Without a valid signature only two responses count: FORMERR, since BIND does not sign that, and NOTAUTH with the
    reason why it did not accept the signature of the request.
    """
    try:
        header = wire.read_header(message)
        if not header.is_response or header.opcode != Opcode.UPDATE:
            return None
        signature = verifier.verify(message, now)
    except SignatureError:
        return _read_unsigned(message, request)
    except FormError:
        return None
    return UpdateResponse(request, header.rcode, signature.error if signature else 0)


def _read_unsigned(message: bytes, request: UpdateMessage) -> UpdateResponse | None:
    header = wire.read_header(message)
    try:
        signature = read_signature(message)
    except FormError:
        return None
    if signature is None:
        return UpdateResponse(request, header.rcode) if header.rcode == Rcode.FORMERR else None
    is_refusal = header.rcode == Rcode.NOTAUTH and not signature.mac and signature.error in (Rcode.BADSIG, Rcode.BADKEY)
    return UpdateResponse(request, header.rcode, signature.error) if is_refusal else None


def _grouped(serial: int, versions: Iterable[VersionDelta]) -> Iterator[tuple[int, Delta]]:
    """Yield the last serial and the difference of each message."""
    last, delta = serial, Delta()
    for version in versions:
        if not is_later(version.serial, last):
            raise ValueError(f"serial {version.serial} is not later than {last}")
        if version.delta.octets > MAX_OCTETS:
            raise ValueError(f"version {version.serial} does not fit into a message")
        both = net((delta, version.delta))
        if both.octets > MAX_OCTETS or changes_letter_case(both):
            yield last, delta
            both = version.delta
        last, delta = version.serial, both
    if last != serial:
        yield last, delta


def _message(zone: Name, soa: WireSoa, before: int, serial: int, delta: Delta) -> UpdateMessage:
    """Return a message with all removals first: BIND ignores a CNAME that is added before its name is cleared."""
    origin = zone.to_digestable()
    prerequisite = _record(_POINTER_TO_ZONE, RdataType.SOA, _IN, 0, soa.rdata(before))
    removed = [_change(record, origin, _NONE, 0) for record in sorted(delta.removed)]
    added = [_change(record, origin, _IN, record.ttl) for record in sorted(delta.added)]
    new_soa = _record(_POINTER_TO_ZONE, RdataType.SOA, _IN, soa.ttl, soa.rdata(serial))
    header = struct.pack("!5H", Opcode.UPDATE << 11, 1, 1, len(removed) + len(added) + 1, 0)
    question = origin + struct.pack("!HH", RdataType.SOA, _IN)
    return UpdateMessage(zone, before, serial, b"".join((header, question, prerequisite, *removed, *added, new_soa)))


def _change(record: WireRecord, origin: bytes, rdclass: int, ttl: int) -> bytes:
    owner = record.owner[: -len(origin)] + _POINTER_TO_ZONE
    return _record(owner, record.rdtype, rdclass, ttl, record.rdata)


def _record(owner: bytes, rdtype: int, rdclass: int, ttl: int, rdata: bytes) -> bytes:
    return owner + _FIXED.pack(rdtype, rdclass, ttl, len(rdata)) + rdata
