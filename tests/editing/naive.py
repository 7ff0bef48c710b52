"""A naive implementation of changes: all records in memory, requests applied one by one, rules on the whole zone."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.editing import (
    CreateRecord,
    DeleteRecord,
    RecordInput,
    RecordRequest,
    ReplaceRRset,
    UpdateRecord,
    with_fields,
)
from appliance.editing.requests import check_ttl
from appliance.errors import InputError
from appliance.store import name_keys
from appliance.zones import rules
from appliance.zones.changes import Change, Create, Delete, Update, changes_serial, diff, touched_owners
from appliance.zones.model import Node, Record, Zone
from appliance.zones.names import parse_owner
from appliance.zones.rdata import parse_rdata, parse_type
from appliance.zones.serial import next_serial
from tests.workspace import APEX
from tests.zones.records import InMemoryZone


@dataclass
class Refusal:
    """An error and its field."""

    detail: str
    field: str | None


@dataclass
class Whole(InMemoryZone):
    """A zone in memory, its owners in the order of the store."""

    def below(self, owner: Name) -> Iterator[tuple[Name, Node]]:
        """Yield each owner below this one with its node."""
        keys = sorted((name_keys.owner_key(one, self.origin), one) for one in self.by_owner)
        low, high = name_keys.below(name_keys.owner_key(owner, self.origin))
        texts = [key for key, _ in keys]
        for _, name in keys[bisect_right(texts, low) : bisect_left(texts, high)]:
            yield name, self.by_owner[name]


@dataclass
class NaiveZone:
    """A zone and all of its records."""

    zone: Zone
    now: datetime
    records: dict[UUID, Record] = field(default_factory=dict)

    def change(self, requests: Sequence[RecordRequest]) -> Refusal | Zone:
        """Apply all requests and return the zone after them, or the error."""
        draft = _Draft(self.zone, self.now, dict(self.records))
        step = 0
        try:
            for step, request in enumerate(requests):
                draft.step = step
                draft.apply(request)
        except InputError as refused:
            return Refusal(str(refused), _placed(step, refused.field))
        changes = _changes(self.records, draft.records)
        if not changes:
            return self.zone
        refusal = draft.equals() or draft.broken_rules(changes)
        if refusal:
            return refusal
        self.records = draft.records
        moved = any(map(changes_serial, changes))
        serial = next_serial(self.zone.serial, self.now.date()) if moved else self.zone.serial
        self.zone = replace(self.zone, serial=serial, revision=self.zone.revision + 1, record_count=len(self.records))
        return self.zone


@dataclass
class _Draft:
    zone: Zone
    now: datetime
    records: dict[UUID, Record]
    step: int = 0
    steps: dict[UUID | Name | None, int] = field(default_factory=dict)

    def apply(self, request: RecordRequest) -> None:
        match request:
            case CreateRecord(requested):
                self.put(requested, uuid4(), self.now)
            case UpdateRecord(uuid, fields):
                before = self.find(uuid)
                self.update(before, with_fields(before, self.zone, fields))
            case DeleteRecord(uuid):
                self.delete(self.find(uuid))
            case ReplaceRRset():
                self.replace(request)

    def find(self, uuid: UUID) -> Record:
        if uuid not in self.records:
            raise InputError(f"there is no record {uuid} in this zone", "uuid")
        return self.records[uuid]

    def delete(self, record: Record) -> None:
        del self.records[record.uuid]
        self.steps[record.owner] = self.step

    def update(self, before: Record, requested: RecordInput) -> None:
        after = self.parse(requested, before.uuid, before.created_at)
        if replace(after, updated_at=before.updated_at) != before:
            self.delete(before)
            self.put(requested, before.uuid, before.created_at)

    def put(self, requested: RecordInput, uuid: UUID, created_at: datetime) -> None:
        after = self.parse(requested, uuid, created_at)
        for other in self.set_of(after.owner, after.rdtype):
            if other.ttl != after.ttl:
                self.records[other.uuid] = replace(other, ttl=after.ttl, updated_at=self.now)
        self.records[uuid] = after
        self.steps[uuid] = self.steps[after.owner] = self.step

    def set_of(self, owner: Name, rdtype: RdataType) -> list[Record]:
        return [one for one in self.records.values() if (one.owner, one.rdtype) == (owner, rdtype)]

    def parse(self, requested: RecordInput, uuid: UUID, created_at: datetime) -> Record:
        origin = self.zone.name
        rdtype = parse_type(requested.record_type)
        owner = parse_owner(requested.name, origin)
        content = parse_rdata(requested.record_type, requested.value, requested.priority, origin)
        others = [one.ttl for one in self.set_of(owner, rdtype) if one.uuid != uuid]
        fallback = self.zone.default_ttl if requested.fallback_ttl is None else requested.fallback_ttl
        if requested.ttl is not None:
            check_ttl(requested.ttl, "ttl")
        ttl = requested.ttl if requested.ttl is not None else (others or [fallback])[0]
        if owner == origin and rdtype == RdataType.NS:
            ttl = APEX.ttl
        data = owner, rdtype, ttl, content.rdata.to_wire() or b"", content.value, content.priority
        return Record(uuid, *data, requested.comment, created_at, self.now)

    def replace(self, request: ReplaceRRset) -> None:
        origin = self.zone.name
        rest = self.set_of(parse_owner(request.name, origin), parse_type(request.record_type))
        for place, given in enumerate(request.values):
            value = given if isinstance(given, str) else given.value
            requested = RecordInput(request.record_type, request.name, value, request.ttl, request.priority)
            try:
                wire = parse_rdata(request.record_type, value, request.priority, origin).rdata.to_wire()
            except InputError as refused:
                refused.field = f"values.{place}" if refused.field == "value" else refused.field
                raise
            same = next((one for one in rest if one.wire == wire), None)
            if same:
                rest.remove(same)
                self.update(same, replace(requested, comment=same.comment, fallback_ttl=same.ttl))
            else:
                self.put(requested, uuid4(), self.now)
        for one in rest:
            self.delete(self.records[one.uuid])

    def equals(self) -> Refusal | None:
        """Return the error of the first request that creates an identical record, or None."""
        held: dict[tuple[Name, RdataType, bytes], list[Record]] = {}
        for record in self.records.values():
            held.setdefault(record.key, []).append(record)
        steps = [
            (sorted(self.steps.get(one.uuid, -1) for one in equal)[1], equal[0].rdtype.name)
            for equal in held.values()
            if len(equal) > 1
        ]
        if not steps:
            return None
        step, record_type = min(steps)
        return Refusal(f"an identical {record_type} record already exists", _placed(step, "value"))

    def broken_rules(self, changes: Sequence[Change]) -> Refusal | None:
        """Return the error of the finding nearest to the requests, or None if the rules find nothing in the zone."""
        held = sorted(self.records.values(), key=lambda one: (one.owner, one.rdtype.name, one.wire))
        whole = Whole(held, self.zone.name, APEX.servers)
        if not rules.check(whole, whole.by_owner):
            return None
        first = rules.check(whole, touched_owners(changes))[0]
        field = None if all(isinstance(change, Delete) for change in changes) else first.field
        return Refusal(first.detail, _placed(self.steps.get(first.owner, self.step), field))


def _changes(before: dict[UUID, Record], after: dict[UUID, Record]) -> list[Change]:
    changes: list[Change] = []
    for change in diff(before.values(), after.values()):
        match change:
            case Update(old, new) if replace(new, updated_at=old.updated_at) == old:
                after[new.uuid] = old
            case Create() | Update() | Delete():
                changes.append(change)
    return changes


def _placed(step: int, field: str | None) -> str:
    return f"changes.{step}" if field is None else f"changes.{step}.{field}"
