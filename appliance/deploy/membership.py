"""The catalog's members as the deployer knows them, and the changes that wait to be sent.

At most one update is under way. What was asked for meanwhile goes into the next one, however many zones it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from dns.name import Name

from appliance.zones.catalog import member_label


@dataclass(frozen=True, slots=True)
class Update:
    """What the catalog is told; `serial`: the one it gets, which a secondary is not ahead of."""

    remove: Mapping[str, Name]
    add: Mapping[str, Name]
    serial: int | None


class Membership:
    """Who is in the catalog, by label."""

    def __init__(self) -> None:
        self._label_of: dict[Name, str] = {}
        self._remove: dict[str, Name] = {}
        self._add: dict[str, Name] = {}
        self._serial: int | None = None
        self._under_way: Update | None = None

    def learn(self, members: Mapping[str, Name]) -> None:
        """The catalog was read. While an update is under way the reading is older than it and is passed over."""
        if self._under_way is None:
            self._label_of = {name: label for label, name in members.items()}

    def join(self, uuid: UUID, name: Name) -> None:
        """The zone is to be a member; another zone of that name is not."""
        label, former = member_label(uuid), self._label_of.get(name)
        if former == label:
            return
        self._add[label] = name
        self._remove.pop(label, None)
        if former is not None:
            self._remove[former] = name

    def leave(self, uuid: UUID, name: Name) -> None:
        """The zone is to be no member."""
        label = member_label(uuid)
        self._add.pop(label, None)
        self._remove[label] = name

    def remove(self, members: Mapping[str, Name]) -> None:
        """These members, by label, are left over from zones whose deletion is recorded."""
        self._remove |= members

    def adopt(self, members: Mapping[str, Name], serial: int) -> None:
        """A secondary is ahead of the catalog: its members stay, and the serial goes over its own."""
        self._add = {**members, **self._add}
        self._serial = serial

    @property
    def is_changing(self) -> bool:
        """True while something is to be sent or under way."""
        return bool(self._add or self._remove or self._serial or self._under_way)

    def next_update(self) -> Update | None:
        """What is to be sent now; the caller tells how it ended by `confirm` or `fail`."""
        if self._under_way is not None or not (self._add or self._remove or self._serial):
            return None
        self._under_way = Update(self._remove, self._add, self._serial)
        self._remove, self._add, self._serial = {}, {}, None
        return self._under_way

    def confirm(self) -> None:
        """The update that was under way is in the catalog."""
        sent, self._under_way = self._under_way, None
        for label, name in sent.remove.items() if sent else ():
            self._forget(label, name)
        for label, name in sent.add.items() if sent else ():
            self._label_of[name] = label

    def fail(self) -> None:
        """The update was not taken; the next full turn compares and asks again."""
        self._under_way = None

    def _forget(self, label: str, name: Name) -> None:
        if self._label_of.get(name) == label:
            del self._label_of[name]
