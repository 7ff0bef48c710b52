"""Random zones of few names before and after a change, so that wildcards, delegations and non-terminals meet."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from uuid import UUID, uuid4

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.compiler import lines_of
from appliance.render.zone_file import Apex, record_line, zone_file
from appliance.zones import rules
from appliance.zones.changes import Change, diff
from appliance.zones.model import Record
from appliance.zones.names import print_domain
from appliance.zones.own_records import OwnAddress, check_own_records
from appliance.zones.rdata import has_priority, parse_rdata, parse_type
from appliance.zones.zone_cuts import ChildZone, cut_at, occluded_by
from tests.zones.records import NOW, InMemoryZone

LABELS = ("a", "b")
FRESH = "zz"
"""A label of no owner."""
PATHS = [".".join(path) for depth in (1, 2, 3) for path in itertools.product(LABELS, repeat=depth)]
"""The names of a zone, relative to it."""
WILDCARDS = ["*", *(f"*.{path}" for path in PATHS if path.count(".") < 2)]
TYPES = ("A", "TXT", "MX", "SRV", "NS", "CNAME", "DS")
_DS = f"1 8 2 {'ab' * 32}"


@dataclass(frozen=True, slots=True)
class RandomChange:
    """A zone before and after a change, and what the appliance derives in it."""

    before: InMemoryZone
    after: InMemoryZone
    apex: Apex

    @property
    def origin(self) -> Name:
        """The zone's name."""
        return self.before.origin

    @property
    def changes(self) -> Sequence[Change]:
        """The changes of the records."""
        return diff(self.before.records, self.after.records)

    def names(self) -> list[Name]:
        """Return the names in question: those that owners may have, and below each one that no owner has."""
        owners = [self.origin, *(dns.name.from_text(path, self.origin) for path in PATHS)]
        return [*owners, *(dns.name.from_text(FRESH, owner) for owner in owners)]

    def file(self, zone: InMemoryZone, serial: int) -> bytes:
        """Return the zone file that the appliance would publish."""
        cuts = [cut for name in zone.child_zones_below(self.origin) if (cut := cut_at(zone, name))]
        children = [ChildZone(cut.name, UUID(int=0)) for cut in cuts]
        hidden = {one.uuid for cut in cuts for one in occluded_by(zone, cut)}
        lines = [f"{record_line(one)}\n" for one in zone.records if one.uuid not in hidden]
        return zone_file(self.origin, serial, self.apex, "".join(lines), len(lines), lines_of(children, self.apex))


def random_change(random: Random, origin: Name, apex: Apex) -> RandomChange:
    """Return a random change of a random zone of that name; both zones can be served."""
    if random.random() < 0.3:
        server = dns.name.from_text(random.choice(PATHS), origin)
        apex = replace(apex, servers=(server,), addresses=(OwnAddress(server, RdataType.A, "192.0.2.53"),))
    children = [dns.name.from_text(random.choice(PATHS), origin) for _ in range(random.choice((0, 0, 1, 2)))]
    empty = InMemoryZone([], origin, apex.servers, children)
    before = _extended(random, empty, random.randint(0, 12), apex)
    kept = replace(empty, records=[one for one in before.records if random.random() < 0.7])
    is_served = not rules.check(kept, kept.by_owner, kept.by_owner)
    after = _extended(random, kept if is_served else before, random.randint(0, 4), apex)
    return RandomChange(before, after, apex)


def _extended(random: Random, zone: InMemoryZone, count: int, apex: Apex) -> InMemoryZone:
    """Return the zone with up to that many further records, as the rules allow.

    Records that a delegation hides are allowed: a child zone that was deleted may leave some.
    """
    for _ in range(count):
        records = _with_one_ttl([*zone.records, _record(random, zone)], zone, apex)
        added = replace(zone, records=records)
        is_new = len({one.key for one in records}) == len(records)
        reduced = added.by_owner if random.random() < 0.1 else ()
        refused = [
            *rules.check(added, added.by_owner, reduced),
            *check_own_records(added, added.by_owner, apex.addresses, None),
        ]
        if is_new and not refused:
            zone = added
    return zone


def _record(random: Random, zone: InMemoryZone) -> Record:
    """Return a random record of the zone."""
    rdtype = parse_type(random.choice(TYPES))
    owner = random.choice(["@", *PATHS, *PATHS, *WILDCARDS])
    target = print_domain(dns.name.from_text(random.choice(PATHS), zone.origin))
    values = {"A": f"192.0.2.{random.randint(1, 2)}", "TXT": random.choice("xy"), "SRV": f"1 2 {target}", "DS": _DS}
    priority = 0 if has_priority(rdtype) else None
    parsed = parse_rdata(rdtype.name, values.get(rdtype.name, target), priority, zone.origin)
    owner_name, ttl = dns.name.from_text(owner, zone.origin), random.choice((60, 300))
    return Record.from_parsed(
        parsed, uuid=uuid4(), owner=owner_name, ttl=ttl, comment="", created_at=NOW, updated_at=NOW
    )


def _with_one_ttl(records: Sequence[Record], zone: InMemoryZone, apex: Apex) -> list[Record]:
    """Return the records with the TTL of the last one in each RRset, as writes leave them."""
    ttls = {(one.owner, one.rdtype): one.ttl for one in records}
    for owner in (zone.origin, *zone.children):
        ttls[owner, RdataType.NS] = apex.ttl
    return [
        one if one.ttl == ttls[one.owner, one.rdtype] else replace(one, ttl=ttls[one.owner, one.rdtype])
        for one in records
    ]
