"""Warnings about the targets of CNAME, MX and SRV records. What is not in the zone is not judged."""

from __future__ import annotations

from collections.abc import Iterator

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.cached_view import CachedView
from appliance.zones.model import Node
from appliance.zones.names import print_domain
from appliance.zones.rdata import target_of
from appliance.zones.targets import answer_for, targets_in
from appliance.zones.zone_cuts import ADDRESSES
from appliance.zones.zone_warning import CNAME_CHAIN, TARGET_IS_ALIAS, TARGET_WITHOUT_ADDRESS, ZoneWarning

MAX_CHAIN = 16
"""Aliases of a chain that are followed; resolvers stop there too."""


def unreachable_target(view: CachedView, owner: Name, node: Node) -> Iterator[ZoneWarning]:
    """Yield a warning for each target of an MX or SRV record that has no address, or is an alias.

    An alias is not allowed there (RFC 2181 section 10.3, RFC 2782). A target of "." is no host.
    """
    for record, target in targets_in(node, RdataType.MX, RdataType.SRV):
        found, name, rdtype = answer_for(view, target), print_domain(target), record.rdtype.name
        what = f"{name} is a target of the {rdtype} records of {print_domain(owner)}"
        if found is not None and RdataType.CNAME in found:
            remedy = f"replace the CNAME at {name} by A or AAAA records, or name another target in the {rdtype} record"
            yield ZoneWarning(TARGET_IS_ALIAS, owner, f"{what} and an alias, which some clients refuse", remedy)
        elif found is not None and not ADDRESSES & found.keys():
            detail = f"{what} and has no address: it cannot be reached"
            remedy = f"add an A or AAAA record at {name}, or name another target in the {rdtype} record"
            yield ZoneWarning(TARGET_WITHOUT_ADDRESS, owner, detail, remedy)


def cname_chain(view: CachedView, owner: Name, node: Node) -> Iterator[ZoneWarning]:
    """Yield a warning for an alias of an alias (RFC 1034 section 3.6.2), which may lead back to itself."""
    path, target = [owner], _alias(node)
    while target and target not in path and len(path) <= MAX_CHAIN:
        path.append(target)
        target = _alias(answer_for(view, target) or {})
    names = list(map(print_domain, path))
    if target and target in path:
        detail = f"the alias {names[0]} leads back to {print_domain(target)}: resolvers give up, and it has no address"
        remedy = f"let the CNAME at {names[0]} name a host with A or AAAA records"
        yield ZoneWarning(CNAME_CHAIN, owner, detail, remedy)
    elif len(path) > 2:
        aliases = ", which is an alias of ".join(names[1:])
        detail = f"{names[0]} is an alias of {aliases}: every step delays the answer, and can break it"
        yield ZoneWarning(CNAME_CHAIN, owner, detail, f"let the CNAME at {names[0]} name {names[-1]}")


def _alias(node: Node) -> Name | None:
    return target_of(node[RdataType.CNAME].records[0].rdata) if RdataType.CNAME in node else None
