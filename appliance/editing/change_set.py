"""A sheet: the sets of one zone that a write touches, as they were and as they are to be.

What is asked for is read and put down here, in order, before anything is stored; each set is read from the store once.
The sheet must not know who asks, nor when a zone is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid4

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.editing.requests import RecordInput, check_comment, check_ttl
from appliance.errors import Finding, InputError
from appliance.render.zone_file import Apex, record_line
from appliance.store import records
from appliance.zones.changes import Change, Create, Delete, Update
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_owner
from appliance.zones.rdata import parse_content, parse_type

Members = dict[UUID, Record]
Refused = TypeVar("Refused", bound=InputError)


@dataclass(slots=True)
class ChangeSet:
    """What becomes of the records of `zone` by a write of the moment `now`.

    `step` numbers what is asked for, from 0; None for a write that asks for one thing alone.
    """

    zone: Zone
    apex: Apex
    now: datetime
    step: int | None = None
    _sets: dict[tuple[Name, RdataType], Members] = field(default_factory=dict)
    _sides: dict[UUID, tuple[Record | None, Record | None]] = field(default_factory=dict)
    _steps: dict[UUID | Name | None, int | None] = field(default_factory=dict)

    def add(self, wanted: RecordInput) -> Record:
        """Put down a new record."""
        return self._put(None, self._parse(wanted, uuid4(), self.now))

    def alter(self, before: Record, wanted: RecordInput) -> Record:
        """Put down another content for a record; the record as it then is."""
        after = self._parse(wanted, before.uuid, before.created_at)
        return before if _is_same(before, after) else self._put(before, after)

    def remove(self, record: Record) -> None:
        """Strike a record out."""
        self._take_out(record)
        self._note(record, None)

    def find(self, uuid: UUID) -> Record | None:
        """The record of that uuid, as it stands on the sheet."""
        if uuid in self._sides:
            return self._sides[uuid][1]
        return records.get_in(self.zone, uuid)

    def set_at(self, owner: Name, rdtype: RdataType) -> Members:
        """The records of one set, as they stand on the sheet."""
        key = owner, rdtype
        if key not in self._sets:
            self._sets[key] = {record.uuid: record for record in records.set_of(self.zone, owner, rdtype)}
        return self._sets[key]

    def changes(self) -> list[Change]:
        """What differs from what is stored, in the order in which it was asked for."""
        return [change for sides in self._sides.values() for change in _change(*sides)]

    def refuse_equals(self) -> None:
        """Raise InvalidValue where two records of a set are equal on the wire."""
        for members in self._sets.values():
            first: dict[bytes, Record] = {}
            for record in members.values():
                other = first.setdefault(record.wire, record)
                if other is not record:
                    later = record if record.uuid in self._sides else other
                    raise placed(records.equal(record), self._steps.get(later.uuid, self.step))

    def placed(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings, each with the step in its field that brought it about, as far as its owner tells."""
        steps = self._steps
        return [replace(one, field=_path(steps.get(one.owner, self.step), one.field)) for one in findings]

    def _put(self, before: Record | None, after: Record) -> Record:
        """Put the record down, and give the rest of its set the same TTL."""
        if before:
            self._take_out(before)
        members = self.set_at(after.owner, after.rdtype)
        members[after.uuid] = after
        self._note(before, after)
        for other in [one for one in members.values() if one.ttl != after.ttl]:
            members[other.uuid] = replace(other, ttl=after.ttl, updated_at=self.now)
            self._note(other, members[other.uuid])
        return after

    def _take_out(self, record: Record) -> None:
        del self.set_at(record.owner, record.rdtype)[record.uuid]

    def _note(self, before: Record | None, after: Record | None) -> None:
        for record in (before, after):
            if record:
                first, _ = self._sides.get(record.uuid, (before, None))
                self._sides[record.uuid] = (first, after)
                self._steps[record.uuid] = self._steps[record.owner] = self.step

    def _parse(self, wanted: RecordInput, uuid: UUID, created_at: datetime) -> Record:
        rdtype = parse_type(wanted.record_type)
        owner = parse_owner(wanted.name, self.zone.name)
        content = parse_content(wanted.record_type, wanted.value, wanted.priority, self.zone.name)
        check_comment(wanted.comment)
        return Record(
            uuid=uuid,
            owner=owner,
            rdtype=rdtype,
            ttl=self._ttl(wanted, owner, rdtype, uuid),
            wire=content.rdata.to_wire() or b"",
            value=content.value,
            priority=content.priority,
            comment=wanted.comment,
            created_at=created_at,
            updated_at=self.now,
        )

    def _ttl(self, wanted: RecordInput, owner: Name, rdtype: RdataType, uuid: UUID) -> int:
        """The TTL that is named, else that of the rest of the set, else the fallback; the apex NS set has its own."""
        if wanted.ttl is not None:
            check_ttl(wanted.ttl, "ttl")
        if owner == self.zone.name and rdtype == RdataType.NS:
            return self.apex.ttl
        if wanted.ttl is not None:
            return wanted.ttl
        for other in self.set_at(owner, rdtype).values():
            if other.uuid != uuid:
                return other.ttl
        return self.zone.default_ttl if wanted.fallback_ttl is None else wanted.fallback_ttl


def placed(refused: Refused, step: int | None) -> Refused:
    """The error, with that step in its field."""
    refused.field = _path(step, refused.field)
    return refused


def store_changes(zone: Zone, changes: list[Change]) -> None:
    """Store the changes: what leaves comes first, and no content stands in the way of another that takes its place."""
    updates = [change for change in changes if isinstance(change, Update)]
    for change in changes:
        if isinstance(change, Delete):
            records.remove(change.record)
    if len(updates) > 1:
        for update in updates:
            records.put_aside(update.before)
    for change in changes:
        match change:
            case Create(record):
                records.insert(zone, record, record_line(record))
            case Update(_, after):
                records.replace(zone, after, record_line(after))


def _change(before: Record | None, after: Record | None) -> Iterator[Change]:
    if before and after:
        if not _is_same(before, after):
            yield Update(before, after)
    elif after:
        yield Create(after)
    elif before:
        yield Delete(before)


def _path(step: int | None, field: str | None) -> str | None:
    if step is None:
        return field
    return f"changes.{step}" if field is None else f"changes.{step}.{field}"


def _is_same(before: Record, after: Record) -> bool:
    return replace(after, updated_at=before.updated_at) == before
