"""What a principal may read and write of zones and records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from dns.name import Name

from appliance.errors import NotFound, NotPermitted
from appliance.principal import EVERYTHING, Principal, Scope
from appliance.store import enclosing_zones, records, zones
from appliance.zones.changes import Change, Create, Delete, Update, sides
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_domain, print_owner


def find_zone(uuid: UUID, scope: Scope) -> Zone:
    """Return the zone with that uuid; raise NotFound if there is none in the scope."""
    zone = zones.get(uuid, scope)
    if zone is None:
        raise NotFound("there is no such zone")
    return zone


def find_zone_of(name: Name, scope: Scope) -> Zone:
    """Return the zone that holds the name: the longest match among the zones of all accounts.

    Raise NotFound if there is none, or if it is not in the scope: a zone above it is not meant.
    """
    nearest = zones.find_zone_of(name, EVERYTHING)
    if nearest is None:
        raise NotFound("there is no such zone")
    return find_zone(nearest.uuid, scope)


def find_zones_of(names: Collection[Name], scope: Scope) -> Mapping[Name, Zone]:
    """Return the zone of each name as `find_zone_of` does, in few statements; those it would refuse are missing."""
    nearest = enclosing_zones.nearest(names)
    visible = {zone for zone in set(nearest.values()) if zones.get(zone.uuid, scope)}
    return {name: zone for name, zone in nearest.items() if zone in visible}


def find_record(uuid: UUID, scope: Scope) -> tuple[Zone, Record]:
    """Return the record with that uuid and its zone; raise NotFound if there is none in the scope."""
    found = records.get(uuid, scope)
    if found is None:
        raise NotFound("there is no such record")
    return found


def check_creation(principal: Principal, name: Name, uuid: UUID | None = None) -> None:
    """Raise NotPermitted if the principal's token may not create a zone of that name, or restore the one of `uuid`."""
    limits, domain = principal.limits, print_domain(name)
    if limits.create_zones is False:
        raise NotPermitted("this token cannot create zones: its create_zones is false")
    if not limits.allow_whole_zone(uuid, domain):
        raise NotPermitted(
            f"the limits of this token do not let it create the zone {domain}; those for a zone end with its deletion"
        )


def check_deletion(principal: Principal, zone: Zone) -> None:
    """Raise NotPermitted if the principal's token may not delete the zone."""
    if principal.limits.delete_zones is False:
        raise NotPermitted("this token cannot delete zones: its delete_zones is false")
    check_whole_zone(principal, zone, "delete a whole zone")


def check_whole_zone(principal: Principal, zone: Zone, action: str) -> None:
    """Raise NotPermitted if the principal's token may not write every record of the zone: `action` is one on it all."""
    if not principal.limits.allow_whole_zone(zone.uuid, print_domain(zone.name)):
        raise NotPermitted(f"this token is limited to some records or to reading, and cannot {action}")


def check_permissions(principal: Principal, changes: Iterable[Change]) -> None:
    """Raise MissingPermission unless the principal may make such changes.

    Additions need `dns:create`, deletions `dns:delete`, and updates both; `dns:update` alone permits all three.
    """
    if principal.may("dns:update"):
        return
    kinds = {type(change) for change in changes}
    if kinds & {Create, Update}:
        principal.require("dns:create", "dns:update")
    if kinds & {Delete, Update}:
        principal.require("dns:delete", "dns:update")


def check_grants(principal: Principal, zone: Zone, changes: Iterable[Change]) -> None:
    """Raise NotPermitted if the principal's token may not write a record of a change, as it was or as it will be."""
    domain = print_domain(zone.name)
    if principal.limits.allow_whole_zone(zone.uuid, domain):
        return
    for record in (record for change in changes for record in sides(change)):
        name = print_owner(record.owner, zone.name)
        if not principal.limits.allow_record(zone.uuid, domain, record.rdtype.name, name):
            raise NotPermitted(f"this token may not write {record.rdtype.name} records at {name}")
