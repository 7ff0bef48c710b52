"""Filters of lists of records: a value or a name is read as a write of it would be, and so finds what it would have
stored, however it is spelled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.errors import InputError
from appliance.store.record_lists import DataMatch, Filters, OwnerMatch
from appliance.zones.model import Zone
from appliance.zones.names import parse_owner, print_domain, print_owner
from appliance.zones.rdata import TYPES, has_priority, parse_rdata, parse_type


def record_filters(query: Mapping[str, Any], zone: Zone | None) -> Filters:
    """Return the filters of a query, in that zone or in all; raise InputError if no record can match."""
    rdtype = parse_type(query["record_type"].upper()) if "record_type" in query else None
    origin = zone.name if zone else dns.name.root
    return Filters(
        zone=zone.uuid if zone else None,
        rdtype=rdtype,
        places=tuple(_places(query["name"], zone)) if "name" in query else None,
        data=tuple(_data(query["value"], rdtype, origin)) if "value" in query else None,
        search=query.get("search"),
    )


def _places(text: str, zone: Zone | None) -> Iterator[OwnerMatch]:
    """Yield where records of that name may be: a relative name in any zone, or a full name in a zone above it."""
    if zone:
        yield OwnerMatch(print_owner(parse_owner(text.lower(), zone.name), zone.name))
        return
    full = parse_owner(text.lower().removesuffix("."), dns.name.root)
    if not text.endswith("."):
        yield OwnerMatch(print_owner(full, dns.name.root))
    for above in range(len(full.labels) - 1):
        origin = Name(full.labels[above:])
        yield OwnerMatch(print_owner(full, origin), print_domain(origin))


def _data(value: str, rdtype: RdataType | None, origin: Name) -> Iterator[DataMatch]:
    """Yield the data that the value is, of that type or of each for which it is valid."""
    for one in TYPES if rdtype is None else (rdtype,):
        priority = 0 if has_priority(one) else None
        try:
            parsed = parse_rdata(one.name, value, priority, origin)
        except InputError:
            continue
        yield DataMatch(one, parsed.value, None if has_priority(one) else parsed.wire)
