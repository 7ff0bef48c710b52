"""Compile stored zones into zone files: their records, and what the appliance derives.

Derived records are SOA and NS of the apex, addresses of nameservers in the zone, and delegations of child zones. Stored
records at or below such a delegation that an older release accepted are left out: BIND would refuse some of them. NS
records beside those of the appliance are published with the TTL of those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import dns.name
import dns.rdata
from dns.name import Name
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType

from appliance.errors import CompileFailed
from appliance.render.zone_file import (
    Apex,
    delegation_lines,
    derived_digest,
    derived_lines,
    managed_lines,
    record_line,
    zone_file,
)
from appliance.store import delegations, records
from appliance.store.occluded import at_child_zones
from appliance.zones.delta import WireRecord, wire_record
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_domain
from appliance.zones.signing import MAX_TTL
from appliance.zones.zone_cuts import ChildZone


@dataclass(frozen=True, slots=True)
class CompiledZone:
    """A zone file, and the digest of what is derived in it."""

    content: bytes
    derived: str


def compile_zone(zone: Zone, apex: Apex) -> CompiledZone:
    """Return the zone file; raise CompileFailed if the database is inconsistent. Call it in one reading of the store.

    `zone` is as it is stored now. Raise CompileFailed also for a TTL with which named refuses the signed zone.
    """
    if zone.signed:
        _require_low_ttls(zone)
    delegated = delegated_lines(zone, apex)
    hidden, beside = at_child_zones(zone, apex.servers) if delegated else ([], [])
    moved = [record for record in beside if record.ttl != apex.ttl]
    lines = records.lines_of(zone, [record.uuid for record in (*hidden, *moved)])
    count = lines.count + len(hidden) + len(moved)
    if count != zone.record_count:
        raise CompileFailed(f"the database has {count} records of this zone, not {zone.record_count}")
    text = lines.text + "".join(f"{record_line(replace(record, ttl=apex.ttl))}\n" for record in moved)
    count, signed = lines.count + len(moved), zone.signed
    content = zone_file(zone.name, zone.serial, apex, text, count, delegated, signed=signed)
    return CompiledZone(content, derived_digest(apex, derived_lines(zone.name, apex, delegated), signed=signed))


def _require_low_ttls(zone: Zone) -> None:
    """Raise CompileFailed for a TTL that a restored record had before the zone was signed."""
    found = records.with_higher_ttl(zone, MAX_TTL)
    if found:
        what = f"{found.rdtype.name} at {print_domain(found.owner)}"
        raise CompileFailed(f"a TTL in a signed zone must be 0 to {MAX_TTL} seconds, not {found.ttl} ({what})")


def derived_now(zone: Zone, apex: Apex) -> str:
    """Return the digest of what is derived in the zone file now, as that of `CompiledZone`."""
    lines = derived_lines(zone.name, apex, delegated_lines(zone, apex))
    return derived_digest(apex, lines, signed=zone.signed)


def compile_export(zone: Zone, apex: Apex) -> bytes:
    """Return the zone file as users get it: that of `compile_zone`, without the content number of a signed zone."""
    return compile_zone(replace(zone, signed=False), apex).content


def wire_records(zone: Zone, apex: Apex) -> Iterator[WireRecord]:
    """Yield the records of the zone file as a nameserver transfers them, in no order. Call it in one reading."""
    delegated = delegated_lines(zone, apex)
    hidden, beside = at_child_zones(zone, apex.servers) if delegated else ([], [])
    moved = [record for record in beside if record.ttl != apex.ttl]
    for line in managed_lines(zone.name, zone.serial, apex, delegated, signed=zone.signed):
        yield _wire_record(line)
    yield from (wire_record(replace(record, ttl=apex.ttl)) for record in moved)
    yield from records.wire_of(zone, [record.uuid for record in (*hidden, *moved)])


def _wire_record(line: str) -> WireRecord:
    """Return the record of a line of a zone file."""
    owner, ttl, _, rdtype, text = line.split(maxsplit=4)
    rdata = dns.rdata.from_text(RdataClass.IN, RdataType.make(rdtype), text)
    return WireRecord(dns.name.from_text(owner).to_digestable(), rdata.rdtype.value, int(ttl), rdata.to_wire() or b"")


def compile_former(zone: Zone, serial: int, former: Sequence[Record], apex: Apex) -> bytes:
    """Return the zone file of a former version with these records, without delegations of child zones."""
    lines = "".join(f"{record_line(record)}\n" for record in former)
    return zone_file(zone.name, serial, apex, lines, len(former))


def delegated_lines(zone: Zone, apex: Apex) -> list[str]:
    """Return the lines of the delegations of child zones."""
    return lines_of(delegations.of_zone(zone), apex)


def lines_of(children: Iterable[ChildZone], apex: Apex) -> list[str]:
    """Return the lines of the delegations of these child zones."""
    return [line for child in children for line in delegation_lines(child.name, apex, child.ds)]


def occluded(zone: Zone, servers: tuple[Name, ...]) -> list[Record]:
    """Return the stored records that child zones hide: they are not in the zone file."""
    return at_child_zones(zone, servers)[0]
