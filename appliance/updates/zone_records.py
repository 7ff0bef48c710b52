"""The records of a zone as an update sees them: those stored, and SOA and NS of the appliance at the apex.

Derived delegations and addresses are no records of the zone. Data is compared in the wire form in which it is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import dns.rdata
from dns.name import Name
from dns.rdata import Rdata
from dns.rdataclass import IN
from dns.rdatatype import NS, SOA, RdataType

from appliance.errors import InputError
from appliance.render.zone_file import Apex, soa_line
from appliance.zones.model import Node, Zone
from appliance.zones.rdata import parse_rdata
from appliance.zones.record_text import RecordText, read_content


@dataclass(frozen=True, slots=True)
class ZoneRecords:
    """A zone, and what is stored at the names of one update."""

    zone: Zone
    apex: Apex
    nodes: Mapping[Name, Node]

    def data(self, owner: Name) -> dict[int, set[bytes]]:
        """Return the data of each type at one of the names, in wire form."""
        stored = self.nodes.get(owner, {})
        found = {int(rdtype): {record.wire for record in rrset.records} for rdtype, rrset in stored.items()}
        if owner == self.zone.name:
            found.setdefault(NS, set()).update(self.own_servers())
            found[SOA] = {soa_of(self.zone, self.apex).to_digestable()}
        return found

    def own_servers(self) -> set[bytes]:
        """Return the data of the appliance's own NS records."""
        return {server.canonicalize().to_wire() or b"" for server in self.apex.servers}


def soa_of(zone: Zone, apex: Apex) -> Rdata:
    """Return the data of the SOA record, with the serial that is stored."""
    return dns.rdata.from_text(IN, SOA, soa_line(zone.name, zone.serial, apex).split(" ", 4)[4])


def read_sent(rdata: Rdata, origin: Name) -> tuple[RecordText, bytes]:
    """Return sent data as a request has it and as it would be stored; raise InputError if it cannot be."""
    record_type = RdataType(rdata.rdtype).name
    text = read_content(record_type, rdata.to_text())
    return text, parse_rdata(record_type, text.value, text.priority, origin).wire


def wire_of(rdata: Rdata, origin: Name) -> bytes:
    """Return sent data in the wire form in which it is stored, or would be if it were valid here."""
    try:
        return read_sent(rdata, origin)[1]
    except InputError:
        return rdata.to_digestable()
