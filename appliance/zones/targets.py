"""The names to which records point, and what answers for them, as far as the zone itself knows."""

from __future__ import annotations

from collections.abc import Iterator

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.cached_view import CachedView
from appliance.zones.model import Node, Record
from appliance.zones.names import is_within
from appliance.zones.rdata import target_of
from appliance.zones.rules import answering_node

WITH_TARGET = (RdataType.CNAME, RdataType.MX, RdataType.NS, RdataType.SRV)
"""Types whose target is a name that needs addresses."""


def targets_in(node: Node, *rdtypes: RdataType) -> Iterator[tuple[Record, Name]]:
    """Yield each record of these types with its target."""
    for rdtype in rdtypes:
        for record in node[rdtype].records if rdtype in node else ():
            target = target_of(record.rdata)
            if target:
                yield record, target


def answer_for(view: CachedView, name: Name, *, with_glue: bool = False) -> Node | None:
    """Return the rrsets that answer for the name: its own, those of a wildcard, or none.

    None: the zone does not know them. The name is in another zone, a nameserver of the appliance, or delegated; with
    `with_glue` the addresses below a delegation that a user created are known.
    """
    if not is_within(name, view.origin) or view.is_own_server(name):
        return None
    cut, own = view.cut_of(name), view.node(name)
    if cut:
        return own if with_glue and not cut.is_child else None
    return own or (answering_node(view, name) if view.wildcards_over(name) else {})
