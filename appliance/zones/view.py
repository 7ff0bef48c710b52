"""A zone as the rules and warnings read it: stored, in memory, or as it would be after a write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Protocol

from dns.name import Name

from appliance.zones.model import Node


class View(Protocol):
    """The zone that is checked; only what is requested is read."""

    @property
    def origin(self) -> Name:
        """Return the name of the zone."""

    @property
    def servers(self) -> tuple[Name, ...]:
        """Return the appliance's own nameservers, which are in the apex NS rrset of every zone."""

    def nodes(self, owners: Iterable[Name]) -> Mapping[Name, Node]:
        """Return the rrsets at each of these owners; the result lacks owners without records."""

    def below(self, owner: Name) -> Iterator[tuple[Name, Node]]:
        """Yield the rrsets at each owner below `owner`; read lazily."""

    def child_zones(self, names: Iterable[Name]) -> Collection[Name]:
        """Return those of these names, all below the origin, that are zones of the same account."""

    def owners_of_ns(self, servers: Iterable[Name]) -> Collection[Name]:
        """Return the owners of the NS records that name one of these nameservers."""
