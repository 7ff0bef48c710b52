"""A zone as it is published: its records and what the appliance derives, and the answers that it gives.

Only what the requested names need is read, and once: their nodes, those above them, and whether anything is below them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

import dns.rdata
from dns.name import Name
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from appliance.zones.model import Record, RRset
from appliance.zones.own_records import OwnAddress
from appliance.zones.rdata import parse_wire, target_of
from appliance.zones.view import View
from appliance.zones.zone_answers import NODATA, NXDOMAIN, Answer, Answers, Data, Kind
from appliance.zones.zone_cuts import ADDRESSES

Node = Mapping[RdataType, Data]
Labels = tuple[bytes, ...]
"""The labels of a name, the first one first."""


class OwnData(Protocol):
    """What the appliance derives in each zone; `ttl` and `minimum` in seconds."""

    @property
    def ttl(self) -> int:
        """Return the TTL of all derived records."""

    @property
    def minimum(self) -> int:
        """Return the minimum in the SOA."""

    @property
    def addresses(self) -> tuple[OwnAddress, ...]:
        """Return the addresses of the appliance's nameservers."""


class ZoneContents(View, Protocol):
    """A zone, as far as its answers depend on more than single names."""

    def non_terminals(self, names: Collection[Name]) -> Collection[Name]:
        """Return those of these names that have records or zones of the same account below them."""

    def child_zones_below(self, name: Name) -> Collection[Name]:
        """Return the zones of the same account below this name that have none between it and them."""

    def targets(self, names: Collection[Name] | None) -> Collection[Record]:
        """Return the MX, NS and SRV records with one of these names as target; None: with any."""


class PublishedZone:
    """The answers of a zone.

    Names are keyed by their labels, which are all in lower case: a `Name` computes its hash again each time.
    """

    def __init__(self, view: ZoneContents, own: OwnData) -> None:
        self.view = view
        self.own = own
        self._origin = view.origin.labels
        self._addresses: dict[Labels, dict[RdataType, list[bytes]]] = {}
        self._nodes: dict[Labels, Node] = {}
        self._children: set[Labels] = set()
        self._non_terminals: set[Labels] = set()
        self._cuts: dict[Labels, Labels | None] = {self._origin: None}
        for one in own.addresses:
            if one.name.is_subdomain(view.origin):
                wire = dns.rdata.from_text(IN, one.rdtype, one.address).to_wire() or b""
                self._addresses.setdefault(one.name.labels, {}).setdefault(one.rdtype, []).append(wire)
                self._non_terminals.update(self.path(one.name.labels)[:-1])

    def load(self, names: Iterable[Labels]) -> None:
        """Read what the answers at these names depend on, in a few statements."""
        missing = {
            one for name in names if name not in self._nodes for one in self.path(name) if one not in self._nodes
        }
        if not missing:
            return
        named = {labels: Name(labels) for labels in missing}
        children = self.view.child_zones(name for labels, name in named.items() if labels != self._origin)
        self._children.update(name.labels for name in children)
        self._non_terminals.update(name.labels for name in self.view.non_terminals(named.values()))
        stored = {name.labels: node for name, node in self.view.nodes(named.values()).items()}
        self._nodes.update((labels, self._published(name, stored.get(labels, {}))) for labels, name in named.items())

    def exists(self, name: Labels) -> bool:
        """Return whether the name has records, or names below it."""
        return bool(self._node(name)) or self.is_non_terminal(name)

    def is_non_terminal(self, name: Labels) -> bool:
        """Return whether there are records or delegations below the name."""
        self.load([name])
        return name in self._non_terminals

    def cut(self, name: Labels) -> Labels | None:
        """Return the topmost zone cut at or above the name."""
        if name not in self._cuts:
            is_cut = RdataType.NS in self._node(name)
            self._cuts[name] = self.cut(name[1:]) or (name if is_cut else None)
        return self._cuts[name]

    def answers(self, name: Labels) -> Answers:
        """Return the answers for this name."""
        cut = self.cut(name)
        if cut is not None:
            return self._delegated(name, cut)
        if self.exists(name):
            return self._from(name)
        return self.answers_below(name[1:])

    def answers_below(self, name: Labels) -> Answers:
        """Return the answers for names below this one that do not exist."""
        cut = self.cut(name)
        if cut is not None:
            return Answers(self._referral(cut), cut=cut)
        wildcard = self.source_of_synthesis(name)
        if wildcard is None or not self.exists(wildcard):
            return Answers(NXDOMAIN)
        return self._from(wildcard, Name(wildcard))

    def source_of_synthesis(self, name: Labels) -> Labels | None:
        """Return the wildcard that would answer for names below this one that do not exist (RFC 4592 section 3.3.1).

        Return None if it does not exist because nothing is below its parent; otherwise it may exist.
        """
        while not self.exists(name):
            name = name[1:]
        return (b"*", *name) if self.is_non_terminal(name) else None

    def path(self, name: Labels) -> list[Labels]:
        """Return the origin, the names between it and this one, and this one."""
        return [name[start:] for start in range(len(name) - len(self._origin), -1, -1)]

    @property
    def negative_ttl(self) -> int:
        """Return for how many seconds a negative answer may be cached (RFC 2308 section 5)."""
        return min(self.own.ttl, self.own.minimum)

    def _node(self, name: Labels) -> Node:
        """Return the RRsets at this very name, those below a zone cut too."""
        if name not in self._nodes:
            self.load([name])
        return self._nodes[name]

    def _from(self, owner: Labels, wildcard: Name | None = None) -> Answers:
        found = {rdtype: Answer(Kind.DATA, (data,), wildcard) for rdtype, data in self._node(owner).items()}
        if RdataType.CNAME in found:
            return Answers(found[RdataType.CNAME])
        return Answers(Answer(Kind.NODATA, wildcard=wildcard), found)

    def _delegated(self, name: Labels, cut: Labels) -> Answers:
        """Return the answers at or below the cut; DS at the cut is in this zone (RFC 4035 section 3.1.4.1)."""
        if name != cut:
            return Answers(self._referral(cut), cut=cut)
        ds = None if cut in self._children else self._node(cut).get(RdataType.DS)
        answer = NODATA if ds is None else Answer(Kind.DATA, (ds,))
        return Answers(self._referral(cut), {RdataType.DS: answer}, cut)

    def _referral(self, cut: Labels) -> Answer:
        ns = self._node(cut)[RdataType.NS]
        servers = [target_of(parse_wire(RdataType.NS, wire)) for wire in ns.wires]
        inside = [server.labels for server in servers if server and server.is_subdomain(self.view.origin)]
        self.load(inside)
        glue = [
            data
            for server in inside
            if self.cut(server)
            for rdtype, data in sorted(self._node(server).items())
            if rdtype in ADDRESSES
        ]
        return Answer(Kind.REFERRAL, (ns, *glue))

    def _published(self, name: Name, stored: Mapping[RdataType, RRset]) -> Node:
        """Return the RRsets at a name: those stored, and what the appliance adds."""
        node = {
            rdtype: Data(name, rdtype, rrset.records[0].ttl, _sorted(one.wire for one in rrset.records))
            for rdtype, rrset in stored.items()
        }
        derived: dict[RdataType, list[bytes]] = dict(self._addresses.get(name.labels, {}))
        if name.labels == self._origin or name.labels in self._children:
            derived[RdataType.NS] = [server.to_wire() or b"" for server in self.view.servers]
        for rdtype, wires in derived.items():
            beside = node[rdtype].wires if rdtype in node else ()
            node[rdtype] = Data(name, rdtype, self.own.ttl, _sorted({*wires, *beside}))
        return node


def _sorted(wires: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(sorted(wires))
