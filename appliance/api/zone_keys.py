"""Zones in paths, bodies and filters: by uuid, or by domain in any letter case, as A-labels or U-labels.

A slash cannot be part of a path's segment; in a domain (RFC 2317) it is written `=2F`, which no domain contains.
"""

from __future__ import annotations

import re
from uuid import UUID

from dns.name import Name

from appliance.api.auth import principal
from appliance.api.parsing import parse_uuid
from appliance.editing import RESERVATION, find_zone
from appliance.errors import InvalidName, InvalidValue, NotFound
from appliance.store import former_zones, zones
from appliance.store.zones import Page
from appliance.web.context import context, reading
from appliance.zones.model import Zone
from appliance.zones.names import parse_domain

DESCRIPTION = "The uuid of the zone, or its domain; a slash in a domain is written =2F."
PATH = {"name": "uuid", "in": "path", "required": True, "description": DESCRIPTION, "schema": {"type": "string"}}
"""The parameter of a path in the OpenAPI document."""
_SLASH = re.compile("=2f", re.IGNORECASE)


def zone_at(text: str) -> Zone:
    """Return the zone of that uuid or domain; raise NotFound if the principal has none."""
    return find_zone(zone_uuid(text), principal().scope)


def zone_uuid(text: str) -> UUID:
    """Return the uuid of the zone of that uuid or domain; raise NotFound if it is neither."""
    found = parse_uuid(text) or _uuid_of_domain(text)
    if found is None:
        raise NotFound("there is no such zone")
    return found


def deleted_zone_uuid(text: str) -> UUID:
    """Return the uuid of the deleted zone of that uuid, or of that domain: of several the one deleted last.

    Raise NotFound if there is none that can be restored.
    """
    found, name = parse_uuid(text), _domain(text)
    if found is None and name is not None:
        with reading():
            deleted = former_zones.find(principal().scope, context().clock() - RESERVATION, Page(1, 1), name=name)[0]
        found = deleted[0].uuid if deleted else None
    if found is None:
        raise NotFound("there is no such deleted zone")
    return found


def _uuid_of_domain(text: str) -> UUID | None:
    name = _domain(text)
    if name is None:
        return None
    with reading():
        zone = zones.get_by_name(name, principal().scope)
    return zone.uuid if zone else None


def _domain(text: str) -> Name | None:
    try:
        return parse_domain(_SLASH.sub("/", text.lower()))
    except (InvalidName, InvalidValue):
        return None
