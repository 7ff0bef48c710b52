"""The catalog's members as the deployer knows them, and the changes that are still to be sent.

At most one update is in progress. What is requested meanwhile goes into the next one, however many zones it names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from dns.name import Name

from appliance.zones.catalog import member_label

MOST_WAITS = 15
"""Updates after which a zone joins though a secondary still serves the former member of its name."""


@dataclass(frozen=True, slots=True)
class CatalogUpdate:
    """One change of the catalog's members, by label; `serial` is the one it gets in place of the next.

    `rejoin` are additions under a name that another member had. They are sent once no secondary serves that member:
    else it would answer with the new content, be mistaken for the new member, and then disappear. `overdue` are names
    of `rejoin` that have waited long enough.
    """

    remove: Mapping[str, Name]
    add: Mapping[str, Name]
    serial: int | None
    rejoin: Mapping[str, Name] = field(default_factory=dict)
    overdue: frozenset[Name] = frozenset()


class CatalogMembers:
    """The members of the catalog, by label."""

    def __init__(self) -> None:
        self._label_of: dict[Name, str] = {}
        self._remove: dict[str, Name] = {}
        self._add: dict[Name, str] = {}
        self._serial: int | None = None
        self._in_progress: CatalogUpdate | None = None
        self._is_known = False
        self._has_changed = False
        self._left: set[Name] = set()
        """Names whose member was removed, and which a secondary may still serve."""
        self._waits: Counter[Name] = Counter()
        self._rejoined: set[Name] = set()
        """Names that got another member since `begin_reading`."""

    def begin_reading(self) -> None:
        """Note that the catalog is about to be read; `learn` gets the result."""
        self._has_changed = self._in_progress is not None
        self._rejoined.clear()

    def learn(self, label_of: dict[Name, str]) -> None:
        """Accept the members that were read, the label of each name; the dictionary is kept.

        They are ignored if an update was sent meanwhile: they may be outdated. What is listed has not left, as after an
        update that failed and was not carried out.
        """
        self._is_known = True
        if not self._has_changed:
            self._label_of = label_of
            self._left = {name for name in self._left if name not in label_of}

    def join(self, uuid: UUID, name: Name) -> None:
        """Request that the zone becomes the member of that name."""
        label = member_label(uuid)
        self._add[name] = label
        self._remove.pop(label, None)

    def leave(self, uuid: UUID, name: Name) -> None:
        """Request that the zone's member is removed."""
        label = member_label(uuid)
        if self._add.get(name) == label:
            del self._add[name]
        self._remove[label] = name

    def remove(self, members: Mapping[str, Name]) -> None:
        """Request the removal of members, by label, whose zones are recorded as deleted or may be removed."""
        self._remove |= members

    def adopt(self, members: Mapping[str, Name], serial: int) -> None:
        """Request that the members of a secondary that is ahead are kept, and that the catalog gets this serial."""
        for label, name in members.items():
            self._add.setdefault(name, label)
        self._serial = serial

    def forget_left(self, name: Name) -> None:
        """Note that no nameserver serves a zone of that name."""
        self._left.discard(name)

    @property
    def is_known(self) -> bool:
        """Return True once the catalog was read: until then any member may be a former one."""
        return self._is_known

    def has(self, uuid: UUID, name: Name) -> bool:
        """Return True if the catalog is known to list the zone."""
        return self._label_of.get(name) == member_label(uuid)

    def may_be_former(self, uuid: UUID, name: Name) -> bool:
        """Return True if a secondary may have answered for this name from another member since `begin_reading`."""
        label = member_label(uuid)
        return name in self._left or name in self._rejoined or self._label_of.get(name, label) != label

    def take_listed(self) -> dict[str, Name]:
        """Return the members that were to join and are listed already, by label, and forget these requests."""
        if self._in_progress is not None or not self._is_known:
            return {}
        listed = {label: name for name, label in self._add.items() if self._label_of.get(name) == label}
        for name in listed.values():
            del self._add[name]
        return listed

    @property
    def is_changing(self) -> bool:
        """Return True while an update is in progress or to be sent."""
        return bool(self._add or self._remove or self._serial or self._in_progress)

    def next_update(self) -> CatalogUpdate | None:
        """Return the update to send now, None if there is none; the caller then calls `confirm` or `fail`.

        Before the catalog was read once there is none: a former member must leave before another joins under its name.
        Secondaries drop a name that has two labels as soon as one of them is removed (measured).
        """
        is_requested = bool(self._add or self._remove or self._serial)
        if self._in_progress is not None or not self._is_known or not is_requested:
            return None
        joins = {name: label for name, label in self._add.items() if self._label_of.get(name) != label}
        former = {self._label_of[name]: name for name in joins if name in self._label_of}
        remove = self._remove | former
        leaving = set(remove.values())
        rejoin = {label: name for name, label in joins.items() if name in leaving or name in self._left}
        add = {label: name for name, label in joins.items() if label not in rejoin}
        if remove or joins or self._serial:
            overdue = frozenset(name for name in rejoin.values() if self._waits[name] >= MOST_WAITS)
            self._in_progress = CatalogUpdate(remove, add, self._serial, rejoin, overdue)
            self._has_changed = True
        self._remove, self._add, self._serial = {}, {}, None
        return self._in_progress

    def confirm(self, waiting: Collection[Name] = ()) -> dict[str, Name]:
        """Note that the update is in the catalog, except for the names of `rejoin` that are `waiting`.

        Return the members that joined, by label. Those that wait are part of the next update.
        """
        sent, self._in_progress = self._in_progress, None
        if sent is None:
            return {}
        for label, name in sent.remove.items():
            if self._label_of.get(name) == label:
                del self._label_of[name]
                self._left.add(name)
        joined = {**sent.add} | {label: name for label, name in sent.rejoin.items() if name not in waiting}
        for label, name in joined.items():
            self._label_of[name] = label
        for label, name in sent.rejoin.items():
            self._rejoined.add(name)
            if label in joined:
                self._left.discard(name)
                self._waits.pop(name, None)
            else:
                self._left.add(name)
                self._waits[name] += 1
                if label not in self._remove:
                    self._add.setdefault(name, label)
        return joined

    def fail(self) -> None:
        """Note that the update failed; the next reconciliation requests it again.

        Its removals may have been carried out all the same.
        """
        sent, self._in_progress = self._in_progress, None
        if sent is not None:
            self._left |= {*sent.remove.values(), *sent.rejoin.values()}
