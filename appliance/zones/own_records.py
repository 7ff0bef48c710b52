"""Records that the appliance itself keeps in zones with the names of its nameservers, and names that it keeps empty.

The addresses of the nameservers come from the settings. They are published in every zone that contains the name, as
authoritative data or as glue, and no user record may replace or hide them. At and below its catalog zone nothing else
would be served.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.errors import Finding
from appliance.zones.model import Node
from appliance.zones.names import canonical_key, print_domain
from appliance.zones.view import View
from appliance.zones.zone_cuts import ADDRESSES


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """An address of a nameserver of the appliance, as text."""

    name: Name
    rdtype: RdataType
    address: str


def check_own_records(
    view: View, touched: Iterable[Name], addresses: Iterable[OwnAddress], catalog: Name | None
) -> Iterator[Finding]:
    """Yield a finding for each touched owner whose records would replace or hide what the appliance serves itself."""
    servers = sorted({one.name for one in addresses if one.name.is_subdomain(view.origin)})
    is_concerned = servers or (catalog and catalog.is_subdomain(view.origin))
    for owner in sorted(touched, key=canonical_key) if is_concerned else ():
        node = view.nodes([owner]).get(owner, {})
        if node and catalog and owner.is_subdomain(catalog):
            detail = f"{print_domain(owner)} is not served from this zone: it is in the appliance's catalog zone"
            yield Finding("name", detail, owner)
        elif owner in servers and ADDRESSES & node.keys():
            detail = f"{print_domain(owner)} is a nameserver of the appliance: its addresses come from the settings"
            yield Finding("value", detail, owner)
        else:
            yield from _hidden(view, owner, node, servers)


def _hidden(view: View, owner: Name, node: Node, servers: Iterable[Name]) -> Iterator[Finding]:
    """Yield a finding for an alias at the name of a nameserver, and for a delegation at or above it."""
    for server in servers:
        if RdataType.CNAME in node and server == owner:
            detail = f"{print_domain(owner)} cannot hold a CNAME: it is a nameserver of the appliance, with addresses"
            yield Finding("name", detail, owner)
        elif RdataType.NS in node and server.is_subdomain(owner) and not _is_own_cut(view, owner):
            detail = f"the delegation of {print_domain(owner)} would hide the nameserver {print_domain(server)}"
            yield Finding("name", detail, owner)


def _is_own_cut(view: View, owner: Name) -> bool:
    """Return whether the NS records stand beside those of the appliance, to which its addresses belong as glue."""
    return owner == view.origin or owner in view.child_zones([owner])
