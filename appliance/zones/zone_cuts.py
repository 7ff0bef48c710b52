"""Zone cuts: the delegations of a zone, by NS records that users created or to a zone of the same account.

The appliance publishes the delegation of a child zone by itself. A child zone below a delegation that a user created is
delegated there, and not by this zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.hashed_name import HashedName
from appliance.zones.model import Node, Record
from appliance.zones.rdata import target_of
from appliance.zones.view import View

ADDRESSES = frozenset({RdataType.A, RdataType.AAAA})
TARGET_TYPES = frozenset({RdataType.MX, RdataType.NS, RdataType.SRV})
"""Types whose target must have an address."""


@dataclass(frozen=True, slots=True)
class ChildZone:
    """A zone of the same account that this one delegates; `ds` are the DS records in the delegation, as text."""

    name: Name
    uuid: UUID
    ds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParentZone:
    """The zone of the same account that delegates a zone; `signed`: it is published signed."""

    name: Name
    uuid: UUID
    signed: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """A zone cut, with the rrsets that are stored there. `is_child`: the appliance delegates a child zone."""

    name: Name
    node: Node
    is_child: bool


def cut_at(view: View, owner: Name) -> Cut | None:
    """Return the cut at this very name; None if there is none, or one above it."""
    cut = _topmost(view, [*names_above(owner, view.origin), owner]) if owner != view.origin else None
    return cut if cut and cut.name == owner else None


def is_glue(view: View, owner: Name, node: Node) -> bool:
    """Return whether all data at `owner`, at or below a cut, is addresses of nameservers.

    They may be nameservers of that delegation or, as sibling glue, of another one (RFC 9471 section 2.3).
    """
    return node.keys() <= ADDRESSES and bool(view.owners_of_ns([owner]))


def hidden_by(view: View, cut: Cut) -> Iterator[tuple[Name, Node]]:
    """Yield what the cut hides: data at its name besides the delegation, and data below that is not glue."""
    shown = {RdataType.NS} if cut.is_child else {RdataType.NS, RdataType.DS}
    beside: Node = {rdtype: rrset for rdtype, rrset in cut.node.items() if rdtype not in shown}
    if beside and not is_glue(view, cut.name, beside):
        yield cut.name, beside
    for owner, node in view.below(cut.name):
        if not is_glue(view, owner, node):
            yield owner, node


def occluded_by(view: View, cut: Cut) -> Iterator[Record]:
    """Yield the records that a child zone hides, and NS records that the appliance publishes there by itself."""
    for _, node in hidden_by(view, cut):
        for rrset in node.values():
            yield from rrset.records
    yield from (record for record in _ns_of(cut) if target_of(record.rdata) in view.servers)


def additional_ns(view: View, cut: Cut) -> Iterator[Record]:
    """Yield the NS records at a child zone that are published beside those of the appliance."""
    yield from (record for record in _ns_of(cut) if target_of(record.rdata) not in view.servers)


def names_above(owner: Name, origin: Name) -> list[Name]:
    """Return the names above `owner` and below `origin`, the topmost first."""
    above: list[Name] = []
    while len(owner.labels) > len(origin.labels) + 1:
        owner = HashedName(owner.labels[1:])
        above.insert(0, owner)
    return above


def _ns_of(cut: Cut) -> Iterable[Record]:
    return cut.node[RdataType.NS].records if RdataType.NS in cut.node else ()


def _topmost(view: View, names: list[Name]) -> Cut | None:
    if not names:
        return None
    nodes, children = view.nodes(names), view.child_zones(names)
    for name in names:
        node = nodes.get(name, {})
        if name in children or RdataType.NS in node:
            return Cut(name, node, name in children)
    return None
