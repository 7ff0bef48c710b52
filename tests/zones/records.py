"""Records for tests, and a zone in memory that implements `appliance.zones.rules.View`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType
from hypothesis import strategies as st

from appliance.zones.model import MAX_TTL, Node, Record, group_rrsets
from appliance.zones.names import parse_owner
from appliance.zones.rdata import has_priority, parse_rdata, parse_type, target_of
from appliance.zones.zone_cuts import TARGET_TYPES

ORIGIN = dns.name.from_text("example.com.")
NOW = datetime(2031, 5, 4, 12, tzinfo=UTC)
SERVERS = (dns.name.from_text("ns1.appliance.test."), dns.name.from_text("ns2.appliance.test."))

VALUES = [
    *[("A", "192.0.2.1"), ("A", "192.0.2.2"), ("AAAA", "2001:db8::1"), ("TXT", 'a; "b" \\é'), ("TXT", '"\\000" ""')],
    *[
        ("MX", "mail.example.com"),
        ("MX", "."),
        ("SRV", "1 2 sip.example.com"),
        ("CAA", '0 issue "a;b"'),
        ("PTR", "a.example.org"),
    ],
    *[
        ("TLSA", f"3 1 2 {'ab' * 64}"),
        ("TLSA", f"3 0 0 {'ab' * 99}"),
        ("URI", '1 2 "a\\"b\\255"'),
        ("OPENPGPKEY", "AAAA" * 40),
        ("DHCID", "AAEC" * 40),
    ],
    *[
        ("NAPTR", '1 2 "u" "x" "!^(.*)$!\\\\1!" .'),
        ("LOC", "1 N 1 E 8465.71m"),
        ("HTTPS", "1 . alpn=h2 ohttp"),
        ("SVCB", "0 a.b"),
    ],
    *[
        ("SSHFP", f"4 2 {'ab' * 32}"),
        ("SMIMEA", f"3 1 1 {'ab' * 32}"),
        ("DS", f"1 8 2 {'ab' * 32}"),
        ("CNAME", "_x.example.org"),
    ],
    ("NS", "ns.example.org"),
]


def record(
    record_type: str, name: str, value: str, *, uuid: UUID | None = None, ttl: int = 300, comment: str = ""
) -> Record:
    """Return a record of example.com."""
    priority = 0 if has_priority(parse_type(record_type)) else None
    parsed = parse_rdata(record_type, value, priority, ORIGIN)
    wire = parsed.rdata.to_wire() or b""
    owner = parse_owner(name, ORIGIN)
    return Record(uuid or uuid4(), owner, parsed.rdata.rdtype, ttl, wire, parsed.value, priority, comment, NOW, NOW)


any_record = st.builds(
    lambda parsed, name, uuid, ttl, comment: record(parsed[0], name, parsed[1], uuid=uuid, ttl=ttl, comment=comment),
    st.sampled_from(VALUES),
    st.sampled_from(["@", "www", "*", "*.dev", "_sip._tcp", "xn--bcher-kva", "a.b.c"]),
    st.uuids(version=4),
    st.sampled_from([0, 300, MAX_TTL]),
    st.sampled_from(["", "a note"]),
)
any_records = st.lists(any_record, max_size=12, unique_by=lambda one: one.uuid)


@dataclass
class InMemoryZone:
    """A zone in memory, as the rules and the impact of changes read it."""

    records: Iterable[Record]
    origin: Name = ORIGIN
    servers: tuple[Name, ...] = SERVERS
    children: Collection[Name] = ()
    by_owner: Mapping[Name, Node] = field(init=False)

    def __post_init__(self) -> None:
        self.by_owner = group_rrsets(self.records)

    def nodes(self, owners: Iterable[Name]) -> Mapping[Name, Node]:
        """Return the rrsets at each of these owners."""
        return {owner: self.by_owner[owner] for owner in owners if owner in self.by_owner}

    def below(self, owner: Name) -> Iterator[tuple[Name, Node]]:
        """Yield the rrsets at each owner below this one."""
        return (
            (name, node) for name, node in sorted(self.by_owner.items()) if name != owner and name.is_subdomain(owner)
        )

    def child_zones(self, names: Iterable[Name]) -> Collection[Name]:
        """Return those of these names that are among `children`."""
        return {name for name in names if name in self.children}

    def non_terminals(self, names: Collection[Name]) -> Collection[Name]:
        """Return those of these names that have records or child zones below them."""
        taken = [*self.by_owner, *self.children]
        return {name for name in names if any(one != name and one.is_subdomain(name) for one in taken)}

    def child_zones_below(self, name: Name) -> Collection[Name]:
        """Return the topmost ones of `children` below this name."""
        below = [one for one in self.children if one != name and one.is_subdomain(name)]
        return [one for one in below if not any(one != other and one.is_subdomain(other) for other in below)]

    def targets(self, names: Collection[Name] | None) -> Collection[Record]:
        """Return the MX, NS and SRV records with one of these names as target; None: with any."""
        found = [one for node in self.by_owner.values() for rrset in node.values() for one in rrset.records]
        return [one for one in found if one.rdtype in TARGET_TYPES and (names is None or target_of(one.rdata) in names)]

    def owners_of_ns(self, servers: Iterable[Name]) -> Collection[Name]:
        """Return the owners of the NS records that name one of these nameservers."""
        named = set(servers)
        return {
            owner
            for owner, node in self.by_owner.items()
            if RdataType.NS in node and any(target_of(one.rdata) in named for one in node[RdataType.NS].records)
        }
