"""The catalog zone, which lists the zones that the secondaries are to serve (RFC 9432).

The label of each member is the uuid of its zone: a zone that was deleted and created again has a new label, so that
the secondaries transfer its new content whatever serial they had.
"""

from __future__ import annotations

import re
from uuid import UUID

from dns.name import Name

_LABEL = re.compile("[0-9a-f]{32}")
ZONES_LABEL = b"zones"
FILE_UUID = UUID(int=0)
"""The uuid that names the catalog's own zone file: the nil uuid."""
FIRST_SERIAL = 1
"""The serial of a new catalog: earlier than any that a secondary may still have, which therefore keeps its members."""


def member_label(uuid: UUID) -> str:
    """Return the member label of the zone with that uuid."""
    return uuid.hex


def uuid_of(label: str) -> UUID | None:
    """Return the uuid of the zone with that member label; None if the appliance did not create the label."""
    return UUID(label) if _LABEL.fullmatch(label) else None


def member_owner(label: str, catalog: Name) -> Name:
    """Return the owner of the member's PTR record (RFC 9432 section 4.1)."""
    return Name((label.encode(), ZONES_LABEL, *catalog.labels))
