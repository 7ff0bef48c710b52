"""Read the records of DNS messages as octets: about five times faster than with dnspython.

Names are decompressed in data too, so that a record is the same octets in every message (RFC 3597 section 4).
"""

from __future__ import annotations

from collections.abc import Mapping

from dns.exception import FormError
from dns.rdatatype import RdataType

from appliance import wire
from appliance.errors import CommandFailed
from appliance.zones.delta import WireRecord

_NAMES: Mapping[int, tuple[int, int]] = {
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
        header = wire.read_header(message)
        if header.rcode:
            raise CommandFailed(("transfer",), f"response code {header.rcode}")
        places = wire.record_places(message, wire.skip_questions(message, header.questions), header.answers)
        return [_read_record(message, place) for place in places]
    except FormError as malformed:
        raise CommandFailed(("transfer",), f"malformed message: {malformed}") from malformed


def _read_record(message: bytes, place: wire.RecordPlace) -> WireRecord:
    owner, _ = wire.read_name(message, place.start)
    before, names = _NAMES.get(place.rdtype, _NO_NAMES)
    at = place.data + before
    data = message[place.data : at]
    for _ in range(names):
        name, at = wire.read_name(message, at)
        data += name
    return WireRecord(owner.lower(), place.rdtype, place.ttl, data + message[at : place.end])
