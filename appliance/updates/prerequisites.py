"""The prerequisite section of an update (RFC 2136 sections 2.4 and 3.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dns.name import Name
from dns.rcode import Rcode
from dns.rdataclass import ANY, IN, NONE
from dns.rdatatype import ANY as ANY_TYPE
from dns.rdatatype import OPT, RdataType

from appliance.updates.messages import ErrorResponse, SentRecord
from appliance.updates.zone_records import ZoneRecords, wire_of
from appliance.zones.model import Zone
from appliance.zones.names import is_within

_META_TYPES = range(128, 256)
"""Types of questions and of other records that no zone holds (RFC 6895 section 3.1); also 0 and OPT."""


def check_prerequisites(prerequisites: Collection[SentRecord], records: ZoneRecords) -> None:
    """Raise ErrorResponse for the first prerequisite that is malformed or not met."""
    sets: dict[tuple[Name, int], set[bytes]] = {}
    found: dict[Name, Mapping[int, set[bytes]]] = {}
    for one in prerequisites:
        if one.ttl or one.rdclass not in (ANY, NONE, IN):
            raise ErrorResponse(Rcode.FORMERR, "a prerequisite has a TTL or another class")
        check_within(one, records.zone)
        if one.name not in found:
            found[one.name] = records.data(one.name)
        if one.rdclass != IN:
            _check_existence(one, found[one.name])
        elif one.rdata is None or is_meta(one.rdtype):
            raise ErrorResponse(Rcode.FORMERR, "a prerequisite with a value has no data, or no type of records")
        else:
            sets.setdefault((one.name, one.rdtype), set()).add(wire_of(one.rdata, records.zone.name))
    for (name, rdtype), data in sets.items():
        if found[name].get(rdtype, set()) != data:
            raise ErrorResponse(Rcode.NXRRSET, f"{name} has other {RdataType.make(rdtype).name} records")


def check_within(record: SentRecord, zone: Zone) -> None:
    """Raise ErrorResponse unless the name is in the zone."""
    if not is_within(record.name, zone.name):
        raise ErrorResponse(Rcode.NOTZONE, f"{record.name} is outside of {zone.name}")


def is_meta(rdtype: int) -> bool:
    """Return whether no zone can hold records of the type."""
    return rdtype in _META_TYPES or rdtype in (0, OPT)


def _check_existence(one: SentRecord, found: Mapping[int, object]) -> None:
    """Check that a name or RRset exists (class ANY), or that it does not (NONE)."""
    if one.rdata is not None or (one.rdtype != ANY_TYPE and is_meta(one.rdtype)):
        raise ErrorResponse(Rcode.FORMERR, "a prerequisite of existence has data, or no type of records")
    is_any = one.rdtype == ANY_TYPE
    exists = bool(found) if is_any else one.rdtype in found
    if exists != (one.rdclass == ANY):
        missing, present = (Rcode.NXDOMAIN, Rcode.YXDOMAIN) if is_any else (Rcode.NXRRSET, Rcode.YXRRSET)
        raise ErrorResponse(present if exists else missing, f"the prerequisite of {one.name} is not met")
