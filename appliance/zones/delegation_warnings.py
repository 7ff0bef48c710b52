"""Warnings about nameservers and delegations."""

from __future__ import annotations

from collections.abc import Iterator

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.cached_view import CachedView
from appliance.zones.model import Node
from appliance.zones.names import print_domain
from appliance.zones.targets import answer_for, targets_in
from appliance.zones.zone_cuts import ADDRESSES, Cut, is_glue
from appliance.zones.zone_warning import (
    FOREIGN_NS,
    NS_TTL_LOW,
    NS_WITHOUT_ADDRESS,
    OCCLUDED,
    SINGLE_ADDRESS_NS,
    TARGET_IS_ALIAS,
    ZoneWarning,
)

MIN_NS_TTL = 60
"""Seconds: with a lower TTL of its NS records, resolvers query the delegation for nearly every answer."""


def foreign_ns(view: CachedView, owner: Name, node: Node) -> Iterator[ZoneWarning]:
    """Yield a warning for each nameserver at the apex that is not one of the appliance."""
    if owner == view.origin:
        for _, server in targets_in(node, RdataType.NS):
            name, zone = print_domain(server), print_domain(owner)
            detail = f"{name} is a nameserver of {zone} and none of the appliance: it answers with what it has itself"
            yield ZoneWarning(
                FOREIGN_NS, owner, detail, f"check that {name} always has the current zone, or delete the NS record"
            )


def occluded(view: CachedView, owner: Name, node: Node, cut: Cut) -> Iterator[ZoneWarning]:
    """Yield a warning for records that are not served, because a zone of its own answers for their name."""
    types = node.keys() - ({RdataType.NS} if owner == cut.name else set())
    if cut.is_child and types and not is_glue(view, owner, {rdtype: node[rdtype] for rdtype in types}):
        zone, listed = print_domain(cut.name), ", ".join(sorted(rdtype.name for rdtype in types))
        detail = f"{listed} at {print_domain(owner)} is not served: the zone {zone} answers for this name"
        yield ZoneWarning(OCCLUDED, owner, detail, f"delete the records here, and add them to the zone {zone}")


def delegation(view: CachedView, owner: Name, node: Node, cut: Cut) -> Iterator[ZoneWarning]:
    """Yield the warnings about the NS records of a delegation; what is not in this zone is not judged."""
    if owner != cut.name or RdataType.NS not in node:
        return
    yield from _unreachable_servers(view, owner, node)
    if not cut.is_child:
        yield from _single_address(view, owner, node)
        ttl = node[RdataType.NS].records[0].ttl
        if ttl < MIN_NS_TTL:
            detail = f"the NS records of {print_domain(owner)} have a TTL of {ttl} seconds: resolvers query it often"
            remedy = f"set a TTL of at least {MIN_NS_TTL} seconds, such as 3600, on the NS records"
            yield ZoneWarning(NS_TTL_LOW, owner, detail, remedy)


def _unreachable_servers(view: CachedView, owner: Name, node: Node) -> Iterator[ZoneWarning]:
    """Yield a warning for each nameserver whose name is in this zone and has no address there, or is an alias."""
    for _, server in targets_in(node, RdataType.NS):
        found, name = answer_for(view, server, with_glue=True), print_domain(server)
        what = f"{name} is a nameserver of {print_domain(owner)}"
        if found is not None and RdataType.CNAME in found:
            remedy = f"replace the CNAME at {name} by A or AAAA records, or use another nameserver"
            yield ZoneWarning(TARGET_IS_ALIAS, owner, f"{what} and an alias: resolvers may not find it", remedy)
        elif found is not None and not ADDRESSES & found.keys():
            detail = f"{what} and has no address: it cannot be reached"
            yield ZoneWarning(NS_WITHOUT_ADDRESS, owner, detail, f"add an A or AAAA record at {name}")


def _single_address(view: CachedView, owner: Name, node: Node) -> Iterator[ZoneWarning]:
    """Yield a warning if several nameservers have one address together."""
    found = [answer_for(view, server, with_glue=True) for _, server in targets_in(node, RdataType.NS)]
    known = [one for one in found if one is not None and ADDRESSES & one.keys()]
    rrsets = [rrset for one in known for rdtype, rrset in one.items() if rdtype in ADDRESSES]
    addresses = {record.value for rrset in rrsets for record in rrset.records}
    if len(found) == len(known) > 1 == len(addresses):
        detail = f"all nameservers of {print_domain(owner)} have the one address {addresses.pop()}: they fail together"
        yield ZoneWarning(SINGLE_ADDRESS_NS, owner, detail, "add a nameserver on another host, with its own address")
