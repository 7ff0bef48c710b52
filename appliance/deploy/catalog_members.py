"""The catalog's members as the deployer knows them, and the changes that wait to be sent.

At most one update is under way. What was asked for meanwhile goes into the next one, however many zones it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from dns.name import Name

from appliance.zones.catalog import member_label


@dataclass(frozen=True, slots=True)
class CatalogUpdate:
    """What the catalog is told; `serial`: the one it gets, which a secondary is not ahead of.

    `again` are joins under a name that another member has had: they come when no secondary serves that one any more,
    which would else answer with the new content, be taken for the new member, and then go away.
    """

    remove: Mapping[str, Name]
    add: Mapping[str, Name]
    serial: int | None
    again: Mapping[str, Name] = field(default_factory=dict)

    @property
    def joins(self) -> Mapping[str, Name]:
        """All that join, at once or a little later."""
        return {**self.add, **self.again}


class CatalogMembers:
    """Who is in the catalog, by label."""

    def __init__(self) -> None:
        self._label_of: dict[Name, str] = {}
        self._remove: dict[str, Name] = {}
        self._add: dict[Name, str] = {}
        self._serial: int | None = None
        self._under_way: CatalogUpdate | None = None
        self._is_known = False
        self._moved = False

    def begin_reading(self) -> None:
        """The catalog is about to be read; `learn` tells what was found."""
        self._moved = self._under_way is not None

    def learn(self, members: Mapping[str, Name]) -> None:
        """The catalog was read. When an update was sent meanwhile the reading may be older and is passed over."""
        self._is_known = True
        if not self._moved:
            self._label_of = {name: label for label, name in members.items()}

    def join(self, uuid: UUID, name: Name) -> None:
        """The zone is to be a member; another zone of that name is not."""
        label = member_label(uuid)
        self._add[name] = label
        self._remove.pop(label, None)

    def leave(self, uuid: UUID, name: Name) -> None:
        """The zone is to be no member."""
        label = member_label(uuid)
        if self._add.get(name) == label:
            del self._add[name]
        self._remove[label] = name

    def remove(self, members: Mapping[str, Name]) -> None:
        """These members, by label, are left over from zones whose deletion is recorded."""
        self._remove |= members

    def adopt(self, members: Mapping[str, Name], serial: int) -> None:
        """A secondary is ahead of the catalog: its members stay, and the serial goes over its own."""
        for label, name in members.items():
            self._add.setdefault(name, label)
        self._serial = serial

    def has(self, uuid: UUID, name: Name) -> bool:
        """True when the catalog is known to list the zone."""
        return self._label_of.get(name) == member_label(uuid)

    def take_listed(self) -> list[Name]:
        """The names that were to join and are in the catalog already; they are asked for no more."""
        if self._under_way is not None or not self._is_known:
            return []
        listed = [name for name, label in self._add.items() if self._label_of.get(name) == label]
        for name in listed:
            del self._add[name]
        return listed

    @property
    def is_changing(self) -> bool:
        """True while something is to be sent or under way."""
        return bool(self._add or self._remove or self._serial or self._under_way)

    def next_update(self) -> CatalogUpdate | None:
        """What is to be sent now; the caller tells how it ended by `confirm` or `fail`.

        Nothing before the catalog was read once: a former member of a name must leave before the new one joins. A name
        that has had two labels is dropped by secondaries with either of them (measured).
        """
        if self._under_way is not None or not self._is_known:
            return None
        joins = {name: label for name, label in self._add.items() if self._label_of.get(name) != label}
        former = {self._label_of[name]: name for name in joins if name in self._label_of}
        remove = self._remove | former
        left = set(remove.values())
        add = {label: name for name, label in joins.items() if name not in left}
        again = {label: name for name, label in joins.items() if name in left}
        if remove or joins or self._serial:
            self._under_way, self._moved = CatalogUpdate(remove, add, self._serial, again), True
        self._remove, self._add, self._serial = {}, {}, None
        return self._under_way

    def confirm(self) -> None:
        """The update that was under way is in the catalog."""
        sent, self._under_way = self._under_way, None
        for label, name in sent.remove.items() if sent else ():
            self._forget(label, name)
        for label, name in sent.joins.items() if sent else ():
            self._label_of[name] = label

    def fail(self) -> None:
        """The update was not taken; the next full turn compares and asks again."""
        self._under_way = None

    def _forget(self, label: str, name: Name) -> None:
        if self._label_of.get(name) == label:
            del self._label_of[name]
