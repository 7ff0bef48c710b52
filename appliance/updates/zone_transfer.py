"""A whole zone as the messages of a transfer (AXFR, RFC 5936), from what is stored.

SOA, apex NS records and the stored records that are published; derived delegations and addresses are not in it. All
messages are rendered before the first is sent: a slow client must not keep a snapshot of the store open.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import dns.flags
from dns.name import Name
from dns.rcode import Rcode
from dns.rdataclass import IN
from dns.rdatatype import NS, SOA

from appliance.compiler import occluded
from appliance.render.zone_file import Apex
from appliance.store import records
from appliance.updates.messages import Request
from appliance.updates.zone_records import soa_of
from appliance.zones.model import Zone

MESSAGE_OCTETS = 16_000
"""Octets of records in one message; a record may be longer."""


def transfer(request: Request, zone: Zone, apex: Apex) -> list[bytes]:
    """Return the messages of a transfer; to be called in one reading of the store."""
    return [
        request.response(Rcode.NOERROR, dns.flags.AA, b"".join(part), len(part))
        for part in _parts(_zone_records(zone, apex))
    ]


def soa_record(zone: Zone, apex: Apex) -> bytes:
    """Return the SOA record with the stored serial."""
    return _record(zone.name, SOA, apex.ttl, soa_of(zone, apex).to_wire() or b"")


def _zone_records(zone: Zone, apex: Apex) -> Iterator[bytes]:
    hidden = {record.uuid for record in occluded(zone, apex.servers)}
    yield soa_record(zone, apex)
    for server in apex.servers:
        yield _record(zone.name, NS, apex.ttl, server.to_wire() or b"")
    for record in records.iterate(zone):
        if record.uuid not in hidden:
            yield _record(record.owner, record.rdtype, record.ttl, record.wire)
    yield soa_record(zone, apex)


def _parts(rendered: Iterable[bytes]) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for record in rendered:
        if part and size + len(record) > MESSAGE_OCTETS:
            yield part
            part, size = [], 0
        part.append(record)
        size += len(record)
    yield part


def _record(owner: Name, rdtype: int, ttl: int, wire: bytes) -> bytes:
    return (owner.to_wire() or b"") + struct.pack("!HHIH", rdtype, IN, ttl, len(wire)) + wire
