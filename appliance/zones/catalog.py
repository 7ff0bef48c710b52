"""The catalog zone that tells the secondaries which zones there are (RFC 9432).

Each member stands under a label of its own, the zone's uuid: a zone that was deleted and made again gets a
new label, and the secondaries then take its new content whatever their old serial was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from dns.name import Name

ZONES_LABEL = b"zones"
FILE_UUID = UUID(int=0)
"""The catalog's own file is named like every zone's, by a uuid: the nil one."""
FIRST_SERIAL = 1
"""The serial of a catalog that begins: behind any that a secondary may still have, which then keeps its members."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What to take out of a catalog and what to put in, by label."""

    remove: Mapping[str, Name]
    add: Mapping[str, Name]

    def __bool__(self) -> bool:
        return bool(self.remove or self.add)


def member_label(uuid: UUID) -> str:
    """The label under which the zone of that uuid stands."""
    return uuid.hex


def member_owner(label: str, catalog: Name) -> Name:
    """The owner of the member's PTR record (RFC 9432 section 4.1)."""
    return Name((label.encode(), ZONES_LABEL, *catalog.labels))


def difference(wanted: Mapping[str, Name], listed: Mapping[str, Name]) -> Difference:
    """What turns the members `listed` into those `wanted`."""
    return Difference(
        remove={label: name for label, name in listed.items() if wanted.get(label) != name},
        add={label: name for label, name in wanted.items() if listed.get(label) != name},
    )
