"""What a principal may read and write of zones and records."""

from __future__ import annotations

from uuid import UUID

from appliance.errors import NotFound, NotPermitted
from appliance.principal import Principal, Scope
from appliance.store import records, zones
from appliance.zones.changes import Change, Update
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_owner


def find_zone(uuid: UUID, scope: Scope) -> Zone:
    """Return the zone with that uuid; raise NotFound if there is none in the scope."""
    zone = zones.get(uuid, scope)
    if zone is None:
        raise NotFound("there is no such zone")
    return zone


def find_record(uuid: UUID, scope: Scope) -> tuple[Zone, Record]:
    """Return the record with that uuid and its zone; raise NotFound if there is none in the scope."""
    found = records.get(uuid, scope)
    if found is None:
        raise NotFound("there is no such record")
    return found


def refuse_limited_to_records(principal: Principal, action: str) -> None:
    """Raise NotPermitted if the principal's token is limited to some records: `action` is one on a whole zone."""
    if principal.is_limited_to_records:
        raise NotPermitted(f"this token is limited by record_types or record_names and cannot {action}")


def check_grant(principal: Principal, zone: Zone, change: Change) -> None:
    """Raise NotPermitted if the principal's token may not write a record of the change."""
    for record in (change.before, change.after) if isinstance(change, Update) else (change.record,):
        name = print_owner(record.owner, zone.name)
        if not principal.may_write(record.rdtype.name, name):
            raise NotPermitted(f"this token may not write {record.rdtype.name} records at {name}")
