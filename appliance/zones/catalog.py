"""The catalog zone that tells the secondaries which zones there are (RFC 9432).

Each member stands under a label of its own, the zone's uuid: a zone that was deleted and made again gets a
new label, and the secondaries then take its new content whatever their old serial was.
"""

from __future__ import annotations

import re
from uuid import UUID

from dns.name import Name

_OUR_LABEL = re.compile("[0-9a-f]{32}")
ZONES_LABEL = b"zones"
FILE_UUID = UUID(int=0)
"""The catalog's own file is named like every zone's, by a uuid: the nil one."""
FIRST_SERIAL = 1
"""The serial of a catalog that begins: behind any that a secondary may still have, which then keeps its members."""


def member_label(uuid: UUID) -> str:
    """The label under which the zone of that uuid stands."""
    return uuid.hex


def uuid_of(label: str) -> UUID | None:
    """The uuid that stands behind a label; None for a label of another form, which is none of ours."""
    return UUID(label) if _OUR_LABEL.fullmatch(label) else None


def member_owner(label: str, catalog: Name) -> Name:
    """The owner of the member's PTR record (RFC 9432 section 4.1)."""
    return Name((label.encode(), ZONES_LABEL, *catalog.labels))
