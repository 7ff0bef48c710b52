"""A zone as a write will leave it, of which only the change is known beside what is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from dns.name import Name

from appliance.zones.changes import Change, Create, Update, sides
from appliance.zones.model import Node, Record
from appliance.zones.published_zone import Labels, ZoneContents
from appliance.zones.rdata import target_of
from appliance.zones.view import View
from appliance.zones.zone_cuts import TARGET_TYPES


@dataclass(slots=True)
class ChangedZone:
    """The zone that `resulting` shows, after `changes` of the `stored` one."""

    stored: ZoneContents
    resulting: View
    changes: Sequence[Change]
    _filled: set[Labels] = field(init=False)
    _emptied: set[Labels] = field(init=False)

    def __post_init__(self) -> None:
        owners = {record.owner.labels: record.owner for change in self.changes for record in sides(change)}
        with_data = {owner.labels for owner in self.resulting.nodes(owners.values())}
        self._filled = {name for owner in with_data for name in self._above(owner)}
        self._emptied = {name for owner in owners.keys() - with_data for name in self._above(owner)}

    @property
    def origin(self) -> Name:
        """The zone's name."""
        return self.resulting.origin

    @property
    def servers(self) -> tuple[Name, ...]:
        """The appliance's own nameservers."""
        return self.resulting.servers

    def nodes(self, owners: Iterable[Name]) -> Mapping[Name, Node]:
        """Return the rrsets that these owners will have."""
        return self.resulting.nodes(owners)

    def below(self, owner: Name) -> Iterator[tuple[Name, Node]]:
        """Yield the rrsets that each owner below this one will have."""
        return self.resulting.below(owner)

    def child_zones(self, names: Iterable[Name]) -> Collection[Name]:
        """Return those of these names that will be zones of the same account."""
        return self.resulting.child_zones(names)

    def owners_of_ns(self, servers: Iterable[Name]) -> Collection[Name]:
        """Return the owners of the NS records that will name one of these nameservers."""
        return self.resulting.owners_of_ns(servers)

    def non_terminals(self, names: Collection[Name]) -> Collection[Name]:
        """Return those of these names that will have records or zones of the same account below them."""
        stored = {name.labels for name in self.stored.non_terminals(names)}
        return [name for name in names if name.labels in self._filled or (name.labels in stored and self._keeps(name))]

    def child_zones_below(self, name: Name) -> Collection[Name]:
        """Return the zones of the same account below this name."""
        return self.stored.child_zones_below(name)

    def targets(self, names: Collection[Name] | None) -> Collection[Record]:
        """Return the MX, NS and SRV records that will have one of these names as target."""
        changed: set[UUID] = set()
        written: list[Record] = []
        for change in self.changes:
            changed.add(sides(change)[0].uuid)
            if isinstance(change, Create | Update):
                written.append(sides(change)[-1])
        kept = [record for record in self.stored.targets(names) if record.uuid not in changed]
        return kept + [record for record in written if _is_targeting(record, names)]

    def _keeps(self, name: Name) -> bool:
        """Return whether something is left below a name that had something below it."""
        is_untouched = name.labels not in self._emptied
        return is_untouched or next(self.below(name), None) is not None or bool(self.child_zones_below(name))

    def _above(self, owner: Labels) -> list[Labels]:
        return [owner[start:] for start in range(1, len(owner) - len(self.origin.labels) + 1)]


def _is_targeting(record: Record, names: Collection[Name] | None) -> bool:
    return record.rdtype in TARGET_TYPES and (names is None or target_of(record.rdata) in names)
