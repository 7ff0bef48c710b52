"""What a change set needs of the zone that it changes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Protocol
from uuid import UUID

from dns.name import Name

from appliance.zones.hashed_name import Labels
from appliance.zones.model import Node, Record
from appliance.zones.published_zone import ZoneContents


class StoredZone(ZoneContents, Protocol):
    """A stored zone."""

    def below(self, owner: Name, skip: Container[Labels] = ()) -> Iterator[tuple[Name, Node]]:
        """Yield each owner below this one, except those to skip, with its node, in the order of `store.name_keys`."""

    def records(self, uuids: Iterable[UUID]) -> Mapping[UUID, Record]:
        """Return the records of the zone with these uuids."""

    def revisions(self, uuids: Iterable[UUID]) -> Mapping[UUID, int]:
        """Return the revision of each of these records."""
