"""A view that reads each name once, and many names together. Names are in lower case and compared by their labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.hashed_name import HashedName, Labels
from appliance.zones.model import Node
from appliance.zones.view import View
from appliance.zones.zone_cuts import Cut


class CachedView:
    """The same zone as `view`, which does not change meanwhile."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._nodes: dict[Labels, Node] = {}
        self._children: set[Labels] = set()
        self._has_below: dict[Labels, bool] = {}
        self._servers = {server.labels for server in view.servers}
        self._depth = len(view.origin.labels)

    @property
    def origin(self) -> Name:
        """Return the name of the zone."""
        return self._view.origin

    @property
    def servers(self) -> tuple[Name, ...]:
        """Return the appliance's own nameservers."""
        return self._view.servers

    @classmethod
    def of(cls, view: View) -> CachedView:
        """Return a cached view of the zone; the view itself if it is one."""
        return view if isinstance(view, CachedView) else cls(view)

    def is_own_server(self, name: Name) -> bool:
        """Return whether this is one of the appliance's own nameservers."""
        return name.labels in self._servers

    def load(self, names: Iterable[Name]) -> None:
        """Read these names of the zone, those above them, and the wildcards that could answer for them."""
        wanted: dict[Labels, Name] = {}
        for name in names:
            if name.labels not in self._nodes:
                wanted[name.labels] = name
                for labels in self._above(name.labels):
                    if labels not in wanted and labels not in self._nodes:
                        wanted[labels] = HashedName(labels)
        if wanted:
            found = {name.labels: node for name, node in self._view.nodes(wanted.values()).items()}
            self._nodes.update((labels, found.get(labels, {})) for labels in wanted)
            below = [name for labels, name in wanted.items() if len(labels) > self._depth and labels[0] != b"*"]
            self._children.update(name.labels for name in (self._view.child_zones(below) if below else ()))

    def node(self, name: Name) -> Node:
        """Return the rrsets at the name."""
        node = self._nodes.get(name.labels)
        if node is None:
            self.load([name])
            return self._nodes[name.labels]
        return node

    def nodes(self, owners: Iterable[Name]) -> Mapping[Name, Node]:
        """Return the rrsets at each of these owners."""
        owners = list(owners)
        self.load(owners)
        return {owner: node for owner in owners if (node := self._nodes[owner.labels])}

    def cut_of(self, name: Name) -> Cut | None:
        """Return the topmost zone cut at or above the name, None if it is in the authoritative data of the zone."""
        if name.labels not in self._nodes:
            self.load([name])
        for depth in range(self._depth + 1, len(name.labels) + 1):
            labels = name.labels[-depth:]
            node = self._nodes[labels]
            if labels in self._children or RdataType.NS in node:
                return Cut(Name(labels), node, labels in self._children)
        return None

    def wildcards_over(self, name: Name) -> list[Name]:
        """Return the wildcards with records that could answer for the name, the nearest first."""
        self.load([name])
        above = (name.labels[at:] for at in range(1, len(name.labels) - self._depth + 1))
        return [Name((b"*", *labels)) for labels in above if self._nodes[(b"*", *labels)]]

    def below(self, owner: Name) -> Iterator[tuple[Name, Node]]:
        """Yield the rrsets at each owner below `owner`, which are not cached."""
        return self._view.below(owner)

    def has_below(self, owner: Name) -> bool:
        """Return whether there are records below the name."""
        if owner.labels not in self._has_below:
            self._has_below[owner.labels] = next(self._view.below(owner), None) is not None
        return self._has_below[owner.labels]

    def child_zones(self, names: Iterable[Name]) -> Collection[Name]:
        """Return those of these names that are zones of the same account."""
        names = list(names)
        self.load(names)
        return {name for name in names if name.labels in self._children}

    def owners_of_ns(self, servers: Iterable[Name]) -> Collection[Name]:
        """Return the owners of the NS records that name one of these nameservers, which are not cached."""
        return self._view.owners_of_ns(servers)

    def _above(self, labels: Labels) -> Iterator[Labels]:
        for at in range(1, len(labels) - self._depth + 1):
            yield labels[at:]
            yield (b"*", *labels[at:])
