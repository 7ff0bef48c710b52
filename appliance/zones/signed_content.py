"""The content of a signed zone, without what named adds to it: keys, signatures, proofs of absence, serials of its own.

What is left is what the zone file has but for the SOA, the content number included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dns.rdatatype import RdataType

from appliance.zones.delta import WireRecord
from appliance.zones.signing import CONTENT_TYPE

_SIGNING_STATE = 65534
"""The type in which BIND stores how far it has signed the zone."""
NAMED_ADDS = frozenset(
    {
        RdataType.SOA,
        RdataType.RRSIG,
        RdataType.NSEC,
        RdataType.NSEC3,
        RdataType.NSEC3PARAM,
        RdataType.DNSKEY,
        RdataType.CDS,
        RdataType.CDNSKEY,
        _SIGNING_STATE,
    }
)
"""Types of which a signed zone has other records than its file."""


def content_of(records: Iterable[WireRecord]) -> Iterator[WireRecord]:
    """Yield the records of a zone that are those of its file, signed or not."""
    return (record for record in records if record.rdtype not in NAMED_ADDS)


def content_number(record: WireRecord) -> int | None:
    """Return the content number if the record is one."""
    is_number = record.rdtype == CONTENT_TYPE and len(record.rdata) == 4
    return int.from_bytes(record.rdata, "big") if is_number else None
