"""What tests of updates share: what is stored at names of a zone."""

from __future__ import annotations

from appliance.store.records import ZoneView
from appliance.updates.zone_records import ZoneRecords
from appliance.zones.model import Zone
from appliance.zones.names import parse_owner
from tests.workspace import APEX, Workspace


def records_of(workspace: Workspace, zone: Zone, *names: str) -> ZoneRecords:
    """Return what is stored at these names of the zone."""
    owners = [parse_owner(name, zone.name) for name in names]
    return ZoneRecords(zone, APEX, ZoneView(zone, APEX.servers).nodes(owners))
