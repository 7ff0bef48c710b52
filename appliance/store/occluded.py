"""Stored records that the zones below hide, so that they are not in the zone file."""

from __future__ import annotations

from dns.name import Name

from appliance.store import delegations, records
from appliance.zones.model import Record, Zone
from appliance.zones.zone_cuts import additional_ns, cut_at, occluded_by


def at_child_zones(zone: Zone, servers: tuple[Name, ...]) -> tuple[list[Record], list[Record]]:
    """Return the records that child zones hide, and the NS records beside those of the appliance."""
    view, hidden, beside = records.ZoneView(zone, servers), list[Record](), list[Record]()
    for name in delegations.with_data(zone):
        cut = cut_at(view, name)
        if cut and cut.is_child:
            hidden += occluded_by(view, cut)
            beside += additional_ns(view, cut)
    return hidden, beside
