"""Random valid zones: every record passes the parsers and the rules, as in an edit."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from uuid import UUID

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.errors import InputError
from appliance.render.zone_file import Apex, record_line, zone_file
from appliance.zones import rules
from appliance.zones.delta import WireRecord, wire_record
from appliance.zones.model import MAX_TTL, Node, Record, RRset
from appliance.zones.names import parse_domain, parse_owner, print_domain
from appliance.zones.rdata import ParsedRdata, has_priority, parse_rdata, parse_type
from appliance.zones.signing import CONTENT_TYPE
from tests.soak.mutate import random_text
from tests.soak.values import OWNERS, VALUES
from tests.zones.records import NOW

TYPES = tuple(VALUES)
_TTLS = (0, 1, 60, 300, 3600, 86400, MAX_TTL)
_LABELS = ("www", "a", "x" * 63, "_dmarc", "0", "xn--bcher-kva", "a-b", "_", "3d", "ns", "mail", "_dns", "_853", "_tcp")


@dataclass(slots=True)
class RandomZone:
    """A zone in memory, with the view that the rules need."""

    name: Name
    own_servers: tuple[Name, ...]
    nodes_by_owner: dict[Name, dict[RdataType, list[Record]]] = field(default_factory=lambda: defaultdict(dict))
    is_signed: bool = False

    @property
    def origin(self) -> Name:
        """The zone's name."""
        return self.name

    @property
    def servers(self) -> tuple[Name, ...]:
        """The appliance's own nameservers."""
        return self.own_servers

    @property
    def records(self) -> list[Record]:
        """All records."""
        return [record for node in self.nodes_by_owner.values() for members in node.values() for record in members]

    def nodes(self, owners: Iterable[Name]) -> Mapping[Name, Node]:
        """Return the records of each of these owners."""
        return {owner: self._node(owner) for owner in owners if self.nodes_by_owner.get(owner)}

    def below(self, owner: Name) -> Iterator[tuple[Name, Node]]:
        """Yield the records of each owner below this one."""
        return (
            (name, self._node(name))
            for name in sorted(self.nodes_by_owner)
            if name != owner and name.is_subdomain(owner)
        )

    def child_zones(self, names: Iterable[Name]) -> Collection[Name]:
        """Return no name: random zones have no zones below."""
        return ()

    def owners_of_ns(self, servers: Iterable[Name]) -> Collection[Name]:
        """Return the owners of the NS records that name one of these nameservers."""
        wires, sets = {server.to_wire() for server in servers}, self.nodes_by_owner.items()
        return {owner for owner, node in sets if any(one.wire in wires for one in node.get(RdataType.NS, ()))}

    def add(self, record: Record) -> bool:
        """Add the record and return True if the rules allow it; its TTL is that of its RRset."""
        members = self.nodes_by_owner[record.owner].setdefault(record.rdtype, [])
        exists = any(one.wire == record.wire for one in members)
        if not exists:
            members.append(record)
            if not rules.check(self, [record.owner]):
                return True
            members.pop()
        if not members:
            del self.nodes_by_owner[record.owner][record.rdtype]
        if not self.nodes_by_owner[record.owner]:
            del self.nodes_by_owner[record.owner]
        return False

    def file(self, serial: int, apex: Apex) -> bytes:
        """Return the zone file as the deployer writes it."""
        lines = [f"{record_line(record)}\n" for record in self.records]
        return zone_file(self.name, serial, apex, "".join(lines), len(lines), signed=self.is_signed)

    def content(self, serial: int, apex: Apex) -> frozenset[WireRecord]:
        """Return all rows that a zone transfer must have; of a signed zone it has others, too."""
        origin = self.name.to_digestable()
        own = [WireRecord(origin, int(RdataType.NS), apex.ttl, server.to_digestable()) for server in apex.servers]
        times = struct.pack("!5I", serial, apex.refresh, apex.retry, apex.expire, apex.minimum)
        soa = apex.servers[0].to_digestable() + apex.rname.to_digestable() + times
        rows = map(wire_record, self.records)
        number = [WireRecord(origin, CONTENT_TYPE, 0, serial.to_bytes(4, "big"))] if self.is_signed else []
        return frozenset([WireRecord(origin, int(RdataType.SOA), apex.ttl, soa), *own, *number, *rows])

    def has_answers_at(self, owner: Name) -> bool:
        """Return True if the zone answers for this name itself: it is not at or below a zone cut."""
        cuts = (one for one, node in self.nodes_by_owner.items() if RdataType.NS in node and one != self.name)
        return not any(owner.is_subdomain(cut) for cut in cuts)

    def add_value(self, name: str, record_type: str, value: str, ttl: int = 60) -> bool:
        """Add a record at the name, relative to the zone; return True if the rules allow it."""
        priority = 0 if has_priority(parse_type(record_type)) else None
        parsed = parse_rdata(record_type, value, priority, self.name)
        return self.add(_as_record(parsed, parse_owner(name, self.name), ttl))

    def _node(self, owner: Name) -> Node:
        return {rdtype: RRset(owner, rdtype, tuple(members)) for rdtype, members in self.nodes_by_owner[owner].items()}


def random_zone(random: Random, number: int, apex: Apex) -> RandomZone:
    """Return a random zone; the number makes its name unique."""
    zone = RandomZone(_zone_name(random, number), apex.servers)
    count = int(random.expovariate(0.12)) if random.random() > 0.01 else random.randint(100, 400)
    for _ in range(count):
        record = _record(random, zone, random.choice(TYPES), apex)
        if record is not None:
            zone.add(record)
    if random.random() < 0.01:
        _fill_rrset(random, zone, apex)
    return zone


def next_version(random: Random, zone: RandomZone, apex: Apex) -> RandomZone:
    """Return a valid zone of that name with other records: some kept, some RRsets with another TTL, some new ones."""
    new, share = RandomZone(zone.name, zone.own_servers), random.choice((0, 0.5, 0.9, 0.98, 1))
    ttls = {key: random.choice(_TTLS) for key in {(one.owner, one.rdtype) for one in zone.records}}
    changed = {key for key in ttls if random.random() < 0.05 and key != (zone.name, RdataType.NS)}
    kept = [one for one in zone.records if _is_apex_ns(one, zone) or random.random() < share]
    left = [
        replace(one, ttl=ttls[one.owner, one.rdtype]) if (one.owner, one.rdtype) in changed else one for one in kept
    ]
    while left != (left := [record for record in left if not new.add(record)]):  # some rules need others first
        continue
    for _ in range(int(random.expovariate(0.3))):
        record = _record(random, new, random.choice(TYPES), apex)
        if record is not None and not _is_apex_ns(record, zone):
            new.add(record)
    return new


def _is_apex_ns(record: Record, zone: RandomZone) -> bool:
    return record.rdtype == RdataType.NS and record.owner == zone.name


def zone_of_every_value(number: int, apex: Apex) -> RandomZone:
    """Return a zone that has every value of `VALUES`, each at an ordinary name, below `_dns`, and at a wildcard."""
    zone = RandomZone(parse_domain(f"every-value.z{number}.example"), apex.servers)
    for rdtype, value in ((parse_type(name), value) for name, values in VALUES.items() for value in values):
        for prefix in ("", "_dns.", "*._853._dns."):
            zone.add_value(f"{prefix}h{len(zone.records)}", rdtype.name, value)
    return zone


def _fill_rrset(random: Random, zone: RandomZone, apex: Apex) -> None:
    """Fill one RRset up to the limit of the rules."""
    for first in filter(None, [_record(random, zone, "A", apex)]):
        for number in range(110):
            zone.add(replace(first, wire=bytes((10, 1, 1, number))))


def _zone_name(random: Random, number: int) -> Name:
    kind = random.random()
    if kind < 0.1:
        return parse_domain(f"{random.randint(0, 255)}/{random.randint(8, 31)}.{number}.in-addr.arpa")
    if kind < 0.2:
        return parse_domain(f"{number}.{'.'.join(['l' * 63] * random.randint(1, 3))}.example"[-253:])
    return parse_domain(
        f"{random.choice(_LABELS)}.z{number}.{random.choice(('example', 'example.org', 'test', 'xn--bcher-kva'))}"
    )


def _record(random: Random, zone: RandomZone, record_type: str, apex: Apex) -> Record | None:
    """Return a random record, None if the parsers refuse it."""
    rdtype = parse_type(record_type)
    try:
        owner = parse_owner(_owner(random, zone), zone.name)
        priority = random.choice((0, 10, 65535)) if has_priority(rdtype) else None
        content = parse_rdata(record_type, _value(random, record_type, zone), priority, zone.name)
    except InputError:
        return None
    members = zone.nodes_by_owner.get(owner, {}).get(rdtype)
    ttl = members[0].ttl if members else random.choice(_TTLS)
    if rdtype == RdataType.NS and owner == zone.name:
        ttl = apex.ttl
    return _as_record(content, owner, ttl)


def _as_record(content: ParsedRdata, owner: Name, ttl: int) -> Record:
    return Record.from_parsed(
        content, uuid=UUID(int=0), owner=owner, ttl=ttl, comment="", created_at=NOW, updated_at=NOW
    )


def _owner(random: Random, zone: RandomZone) -> str:
    kind = random.random()
    cuts = [owner for owner, node in zone.nodes_by_owner.items() if RdataType.NS in node and owner != zone.name]
    if cuts and kind < 0.2:
        return random.choice(cuts).to_text()
    if kind < 0.4 and zone.nodes_by_owner:
        return random.choice(list(zone.nodes_by_owner)).to_text()
    if kind < 0.6:
        return ".".join([*random.choice(((), (), ("*",))), *random.choices(_LABELS, k=random.randint(1, 4))])
    if kind < 0.7:
        return f"{random.choice(_LABELS)}.{print_domain(zone.name)}.{print_domain(zone.name)}"
    return random.choice(OWNERS) if kind < 0.9 else random_text(random, OWNERS)


def _value(random: Random, record_type: str, zone: RandomZone) -> str:
    kind = random.random()
    if kind < 0.1 and zone.nodes_by_owner and record_type in ("CNAME", "MX", "NS", "PTR"):
        return random.choice(list(zone.nodes_by_owner)).to_text()
    if kind < 0.2 and record_type == "TXT":
        return "".join(f"\\{random.randrange(256):03}" for _ in range(random.randint(0, 255))).join('""')
    if kind < 0.3 and record_type in ("A", "AAAA"):
        return (
            f"10.{random.randrange(256)}.{random.randrange(256)}.1"
            if record_type == "A"
            else f"fd00::{random.randrange(65536):x}"
        )
    return random_text(random, VALUES[record_type]) if kind < 0.7 else random.choice(VALUES[record_type])
