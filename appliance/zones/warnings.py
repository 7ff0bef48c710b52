"""What is valid in a zone and probably not intended. One function for each code.

warnings_at(view, owners) -> warnings at these owners, and at delegations to nameservers of these names
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.model import Node
from appliance.zones.names import canonical_key, print_domain
from appliance.zones.rdata import target_of
from appliance.zones.rules import answering_node
from appliance.zones.view import View
from appliance.zones.zone_cuts import ADDRESSES, Cut, cut_at, cut_over, is_glue

OCCLUDED = "occluded"
NS_WITHOUT_ADDRESS = "ns-without-address"


@dataclass(frozen=True, slots=True)
class ZoneWarning:
    """One warning: its code, the owner that it concerns, what is wrong, and what to do."""

    code: str
    name: Name
    detail: str
    remedy: str


def warnings_at(view: View, owners: Iterable[Name]) -> list[ZoneWarning]:
    """Return the warnings, in canonical order of the owners."""
    owners = set(owners)
    concerned = owners.union(view.owners_of_ns(owners))
    found: list[ZoneWarning] = []
    for owner in sorted(concerned, key=canonical_key):
        node = view.nodes([owner]).get(owner, {})
        if node:
            found += (*occluded(view, owner, node), *ns_without_address(view, owner, node))
    return found


def occluded(view: View, owner: Name, node: Node) -> Iterator[ZoneWarning]:
    """Yield a warning for records that are not served, because a zone of its own answers for their name."""
    cut = _cut(view, owner)
    if cut is None or not cut.is_child:
        return
    types = node.keys() - ({RdataType.NS} if owner == cut.name else set())
    if types and not is_glue(view, owner, {rdtype: node[rdtype] for rdtype in types}):
        zone, listed = print_domain(cut.name), ", ".join(sorted(rdtype.name for rdtype in types))
        detail = f"{listed} at {print_domain(owner)} is not served: the zone {zone} answers for this name"
        yield ZoneWarning(OCCLUDED, owner, detail, f"delete the records here, and add them to the zone {zone}")


def ns_without_address(view: View, owner: Name, node: Node) -> Iterator[ZoneWarning]:
    """Yield a warning for each nameserver of a delegation whose name is in this zone and has no address there."""
    if owner == view.origin or RdataType.NS not in node:
        return
    for record in node[RdataType.NS].records:
        server = target_of(record.rdata)
        if server and server.is_subdomain(view.origin) and not _has_address(view, server):
            name = print_domain(server)
            detail = f"{name} is a nameserver of {print_domain(owner)} and has no address: it cannot be reached"
            yield ZoneWarning(NS_WITHOUT_ADDRESS, owner, detail, f"add an A or AAAA record at {name}")


def _has_address(view: View, server: Name) -> bool:
    """Return whether the name has an address here, or may have one in a zone that answers for it."""
    cut = _cut(view, server)
    if server in view.servers or (cut and cut.is_child):
        return True
    if cut:
        node = view.nodes([server]).get(server, {})
    else:
        node = answering_node(view, server, lambda name: next(view.below(name), None) is not None)
    return bool((ADDRESSES | {RdataType.CNAME}) & node.keys())


def _cut(view: View, owner: Name) -> Cut | None:
    return cut_at(view, owner) or cut_over(view, owner)
