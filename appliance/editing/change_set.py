"""A change set: the changes of one zone's records by a write, as an overlay on the stored zone.

It is a `View` of the zone after the write, for the rules. Requests are applied in order, before anything is stored;
each stored record is read once. The change set must not know who writes, nor which zones are valid.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.editing.members import Members
from appliance.editing.parser import Parser
from appliance.editing.requests import RecordInput, check_comment, check_expiry, check_ttl
from appliance.editing.sorted_owners import SortedOwners
from appliance.editing.steps import Steps
from appliance.editing.stored_zone import StoredZone
from appliance.render.zone_file import Apex
from appliance.store import name_keys
from appliance.store.records import duplicate
from appliance.store.zones import Version
from appliance.zones.changes import Change, Update, change_between, is_same
from appliance.zones.hashed_name import HashedName, Labels
from appliance.zones.model import Node, Record, Zone
from appliance.zones.names import print_owner
from appliance.zones.rdata import parse_type
from appliance.zones.rules import max_records


@dataclass(slots=True)
class ChangeSet:
    """The changes of the records of `zone` by a write at the time `now`.

    `steps`: which request changed what. `read`: the version of every zone that the result depends on. `overfull`: an
    RRset that no later request can bring back to its limit. `new_child`: a child zone that is created in the same
    transaction.
    """

    zone: Zone
    stored: StoredZone
    apex: Apex
    now: datetime
    parser: Parser
    steps: Steps = field(default_factory=Steps)
    overfull: tuple[Name, RdataType] | None = None
    new_child: Name | None = None
    read: dict[Name, Version | None] = field(default_factory=dict)
    _nodes: dict[Labels, Node] = field(default_factory=dict)
    _records: dict[UUID, Record | None] = field(default_factory=dict)
    _sets: dict[Labels, dict[RdataType, Members]] = field(default_factory=dict)
    _before: dict[UUID, Record | None] = field(default_factory=dict)
    _locations: dict[UUID, Members | None] = field(default_factory=dict)
    _overlay: dict[Labels, Node] = field(default_factory=dict)
    _sorted: SortedOwners | None = None
    _children: dict[Labels, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.read[self.zone.name] = Version(self.zone.uuid, self.zone.revision)

    # The zone after the write

    @property
    def origin(self) -> Name:
        """The zone's name."""
        return self.zone.name

    @property
    def servers(self) -> tuple[Name, ...]:
        """The appliance's own nameservers."""
        return self.apex.servers

    def nodes(self, owners: Iterable[Name]) -> Mapping[Name, Node]:
        """Return the nodes that these owners will have."""
        owners = list(owners)
        self.load(owners)
        return {owner: node for owner in owners if (node := self._node(owner.labels))}

    def below(self, owner: Name) -> Iterator[tuple[Name, Node]]:
        """Yield each owner below this one with the node that it will have."""
        if self._sorted is None:
            self._sorted = SortedOwners(self.origin, map(HashedName, filter(self._node, self._sets)))
        touched = ((key, name, self._node(name.labels)) for key, name in self._sorted.below(owner))
        untouched = (
            (name_keys.owner_key(name, self.origin), name, node) for name, node in self.stored.below(owner, self._sets)
        )
        return ((name, node) for _, name, node in heapq.merge(touched, untouched, key=lambda one: one[0]))

    def child_zones(self, names: Iterable[Name]) -> Collection[Name]:
        """Return those of these names that will be zones of the same account."""
        names = list(names)
        self.load(names)
        return {name for name in names if self._children.get(name.labels)}

    def owners_of_ns(self, servers: Iterable[Name]) -> Collection[Name]:
        """Return the owners of the NS records that will name one of these nameservers."""
        servers = list(servers)
        with_ns = {HashedName(labels): sets for labels, sets in self._sets.items() if RdataType.NS in sets}
        touched = {owner: sets[RdataType.NS].all() for owner, sets in with_ns.items()}
        wires = {server.to_wire() for server in servers} if touched else set()
        new = {owner for owner, members in touched.items() if any(one.wire in wires for one in members)}
        return {*self.stored.owners_of_ns(servers)} - touched.keys() | new

    def add_child(self, name: Name) -> None:
        """Treat the name as a child zone, which is created in the same transaction."""
        self.load([name])
        self._children[name.labels], self.new_child = True, name

    # Requests

    def create(self, requested: RecordInput) -> Record:
        """Add a new record and return it."""
        return self.put(None, self._parse(requested, uuid4(), self.now))

    def update(self, before: Record, requested: RecordInput) -> Record:
        """Replace the data of a record and return it."""
        self.load([before.owner])
        after = self._parse(requested, before.uuid, before.created_at, before)
        return before if is_same(before, after) else self.put(before, replace(after, revision=before.revision + 1))

    def delete(self, record: Record) -> None:
        """Delete a record."""
        self._remove(record)
        self._note(record, None)

    def find(self, uuid: UUID) -> Record | None:
        """Return the record with that uuid in its current state, or None."""
        if uuid in self._locations:
            members = self._locations[uuid]
            return members.get(uuid) if members else None
        if uuid not in self._records:
            self.load_records([uuid])
        return self._records[uuid]

    def members(self, owner: Name, rdtype: RdataType) -> Members:
        """Return the members of an RRset in their current state."""
        sets = self._sets.get(owner.labels)
        if sets is None:
            self.load([owner])
            sets = self._sets[owner.labels] = {}
            self._sort(owner)
        if rdtype not in sets:
            stored = self._nodes[owner.labels].get(rdtype)
            sets[rdtype] = Members.of(stored.records if stored else (), self.now)
        return sets[rdtype]

    def excess(self, owner: Name, rdtype: RdataType) -> int:
        """Return by how many records an RRset exceeds its limit, negative if it does not."""
        return len(self.members(owner, rdtype).records) - max_records(self, owner, rdtype)

    # What is read

    def load(self, owners: Iterable[Name]) -> None:
        """Read the stored nodes of these owners, of all names above them with their wildcards, and the apex, once."""
        missing: dict[Labels, Name | None] = {}
        apex = self.origin.labels
        for owner in owners:
            labels = owner.labels
            while labels not in self._nodes and labels not in missing:
                missing[labels] = owner if labels is owner.labels else None
                if labels is not owner.labels or labels == apex:
                    missing[b"*", *labels] = None
                if len(labels) <= len(apex):
                    break
                labels = labels[1:]
        if missing:
            names = [name or HashedName(labels) for labels, name in missing.items()]
            found = {name.labels: node for name, node in self.stored.nodes(names).items()}
            self._nodes.update((labels, found.get(labels, {})) for labels in missing)
            below = [name for name in names if name.labels != apex and not name.is_wild()]
            children = {name.labels for name in self.stored.child_zones(below)}
            self._children.update((labels, labels in children) for labels in missing)

    def load_records(self, uuids: Iterable[UUID]) -> None:
        """Read these records, and the stored nodes of their owners."""
        missing = [uuid for uuid in uuids if uuid not in self._records]
        found = self.stored.records(missing)
        self._records.update((uuid, found.get(uuid)) for uuid in missing)
        self.load(record.owner for record in found.values())

    def load_all(self) -> list[Record]:
        """Read all stored records and return them."""
        owners = [self.origin, *(owner for owner, _ in self.stored.below(self.origin))]
        self.load(owners)
        return [record for owner in owners for rrset in self._nodes[owner.labels].values() for record in rrset.records]

    # Results

    def changes(self) -> list[Change]:
        """Return the changes of the stored zone, in the order of the requests."""
        pairs = ((before, self.find(uuid)) for uuid, before in self._before.items())
        changes = (change for before, after in pairs for change in change_between(before, after))
        return [_with_revision(change) for change in changes]

    def refuse_duplicates(self) -> None:
        """Raise InvalidValue, with its step, for the first record that is identical to another one on the wire."""
        steps = ((self.steps.of(record.uuid), record) for record in self._duplicates())
        first = min(steps, key=lambda one: one[0] or 0, default=None)
        if first:
            refused = duplicate(first[1])
            refused.field = self.steps.path(first[0], refused.field)
            raise refused

    def _node(self, labels: Labels) -> Node:
        if labels not in self._sets:
            return self._nodes[labels]
        if labels not in self._overlay:
            changed = {rdtype: members.rrset() for rdtype, members in self._sets[labels].items()}
            in_order = sorted({**self._nodes[labels], **changed}.items(), key=lambda one: one[0].name)
            self._overlay[labels] = {rdtype: rrset for rdtype, rrset in in_order if rrset}
        return self._overlay[labels]

    def _duplicates(self) -> Iterator[Record]:
        """Yield the records that are identical to one that existed before them."""
        for members in (members for sets in self._sets.values() for members in sets.values()):
            first: dict[bytes, Record] = {}
            for record in members.records.values():
                other = first.setdefault(record.wire, record)
                if other is not record:
                    yield record if record.uuid in self._before else other

    def put(self, before: Record | None, after: Record) -> Record:
        """Add or replace the record, and give the others of its RRset the same TTL."""
        if before:
            self._remove(before)
        members = self.members(after.owner, after.rdtype)
        others = members.put(after)
        self._note(before, after)
        for other in others:
            self._before.setdefault(other.uuid, other)
            self._locations[other.uuid] = members
        return after

    def _remove(self, record: Record) -> None:
        del self.members(record.owner, record.rdtype).records[record.uuid]

    def _note(self, before: Record | None, after: Record | None) -> None:
        for record in (before, after):
            if record:
                self._before.setdefault(record.uuid, before)
                self._locations[record.uuid] = self._sets[after.owner.labels][after.rdtype] if after else None
                self.steps.note(record.uuid, record.owner)
                self._overlay.pop(record.owner.labels, None)
                self._sort(record.owner)

    def _sort(self, owner: Name) -> None:
        if self._sorted:
            self._sorted.note(owner, is_present=bool(self._node(owner.labels)))

    def _parse(self, requested: RecordInput, uuid: UUID, created_at: datetime, before: Record | None = None) -> Record:
        """Return the requested record; what `before` already has was accepted once and is not parsed again."""
        rdtype = parse_type(requested.record_type)
        if before and requested.name == print_owner(before.owner, self.origin):
            owner = before.owner
        else:
            owner = self.parser.owner(requested.name, self.origin)
        data = requested.record_type, requested.value, requested.priority
        if before and data == (before.rdtype.name, before.value, before.priority):
            content = before.data
        else:
            content = self.parser.content(*data, self.origin)
        check_comment(requested.comment)
        if requested.expires_at != (before and before.expires_at):
            check_expiry(requested.expires_at, self.now)
        return Record.from_parsed(
            content,
            uuid=uuid,
            owner=owner,
            ttl=self._ttl(requested, owner, rdtype, uuid),
            comment=requested.comment,
            created_at=created_at,
            updated_at=self.now,
            expires_at=requested.expires_at,
        )

    def _ttl(self, requested: RecordInput, owner: Name, rdtype: RdataType, uuid: UUID) -> int:
        """Return the requested TTL, else that of the RRset, else the fallback.

        NS records beside those of the appliance have the TTL of those.
        """
        if requested.ttl is not None:
            check_ttl(requested.ttl, "ttl")
        if rdtype == RdataType.NS and (owner == self.origin or owner in self.child_zones([owner])):
            return self.apex.ttl
        if requested.ttl is not None:
            return requested.ttl
        of_rrset = self.members(owner, rdtype).ttl_beside([uuid])
        if of_rrset is not None:
            return of_rrset
        return self.zone.default_ttl if requested.fallback_ttl is None else requested.fallback_ttl


def _with_revision(change: Change) -> Change:
    """Return the change with the revision that the store gives the record, however many requests changed it."""
    if isinstance(change, Update) and change.after.revision != change.before.revision + 1:
        return Update(change.before, replace(change.after, revision=change.before.revision + 1))
    return change
