"""The warnings of a whole stored zone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from dns.name import Name

from appliance.editing.zone_names import organisation_of
from appliance.store.records import ZoneView
from appliance.store.warned_owners import possible_owners
from appliance.zones.cached_view import CachedView
from appliance.zones.mail_warnings import Organisations, lacks_dmarc
from appliance.zones.model import Zone
from appliance.zones.names import canonical_key
from appliance.zones.warnings import warnings_at
from appliance.zones.zone_warning import ZoneWarning

MAX_WARNINGS = 1000
"""Warnings of a zone that are listed."""
BATCH = 500
"""Owners that are read together."""


def warnings_of(zone: Zone, servers: tuple[Name, ...]) -> list[ZoneWarning]:
    """Return the first 1000 warnings of the zone, in canonical order of their names.

    Only records that can have warnings are read, and what they name. Call it in one reading of the store.
    """
    return list(islice(_warnings(zone, servers), MAX_WARNINGS))


def _warnings(zone: Zone, servers: tuple[Name, ...]) -> Iterator[ZoneWarning]:
    view = ZoneView(zone, servers)

    def lacks() -> bool:
        return lacks_dmarc(CachedView(view), Organisations(zone.name, organisation_of))

    owners = sorted(possible_owners(zone, lacks), key=canonical_key)
    for start in range(0, len(owners), BATCH):
        yield from warnings_at(view, owners[start : start + BATCH], organisation_of)
