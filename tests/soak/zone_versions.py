"""Versions of a zone as sets of records, read from its lines, a file that named wrote, or a transfer.

Of a signed zone they have the content number in place of the SOA, and nothing that named adds.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import dns.name
import dns.rdata
import dns.zone
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.delta import WireRecord
from appliance.zones.signed_content import content_number, content_of

Version = frozenset[WireRecord]


def version_of(records: Iterable[WireRecord]) -> Version:
    """Return the version of these records."""
    found = frozenset(records)
    is_signed = any(content_number(one) is not None for one in found)
    return frozenset(content_of(found)) if is_signed else found


def version_in_file(content: bytes, name: Name) -> Version:
    """Return the version of a file that named has written."""
    read = dns.zone.from_text(content.decode(), name, relativize=False)
    return version_of(
        WireRecord(owner.to_digestable(), int(rdata.rdtype), ttl, rdata.to_digestable())
        for owner, ttl, rdata in read.iterate_rdatas()
    )


@functools.cache
def record_of(line: str) -> WireRecord:
    """Return the record of a line of a file that the appliance writes."""
    owner, ttl, _, rdtype, data = line.split(None, 4)
    rdata = dns.rdata.from_text("IN", rdtype, data)
    return WireRecord(dns.name.from_text(owner).to_digestable(), int(rdata.rdtype), int(ttl), rdata.to_digestable())


def serial_of(version: Version) -> int:
    """Return the content number, or the serial: the first of the five integers at the end of the data of the SOA."""
    for number in map(content_number, version):
        if number is not None:
            return number
    soa = next(record for record in version if record.rdtype == RdataType.SOA)
    return int.from_bytes(soa.rdata[-20:-16], "big")
