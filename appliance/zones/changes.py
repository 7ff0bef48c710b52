"""Changes of a zone's records as values: apply, diff, invert.

A change is computed and looked at before anything is done with it; the journal keeps it as it stands here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from dns.name import Name

from appliance.zones.model import Record


@dataclass(frozen=True, slots=True)
class Create:
    """A record that was not there before."""

    record: Record


@dataclass(frozen=True, slots=True)
class Update:
    """A record that became another under the same uuid."""

    before: Record
    after: Record


@dataclass(frozen=True, slots=True)
class Delete:
    """A record that is there no more."""

    record: Record


Change = Create | Update | Delete


def apply(records: Iterable[Record], changes: Iterable[Change]) -> frozenset[Record]:
    """The records after the changes; the changes are taken in order."""
    held = {record.uuid: record for record in records}
    for change in changes:
        match change:
            case Create(record):
                held[record.uuid] = record
            case Update(_, after):
                held[after.uuid] = after
            case Delete(record):
                del held[record.uuid]
    return frozenset(held.values())


def diff(before: Iterable[Record], after: Iterable[Record]) -> tuple[Change, ...]:
    """The changes that turn `before` into `after`, deletions first: `apply(a, diff(a, b)) == b`."""
    old, new = _by_uuid(before), _by_uuid(after)
    deletes = [Delete(old[uuid]) for uuid in old.keys() - new.keys()]
    updates = [Update(old[uuid], new[uuid]) for uuid in old.keys() & new.keys() if old[uuid] != new[uuid]]
    creates = [Create(new[uuid]) for uuid in new.keys() - old.keys()]
    return (*deletes, *updates, *creates)


def invert(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes that take these back, in the opposite order."""
    return tuple(_inverse(change) for change in reversed(tuple(changes)))


def touched_owners(changes: Iterable[Change]) -> frozenset[Name]:
    """The owners whose data is another after the changes."""
    return frozenset(record.owner for change in changes for record in _sides(change))


def changes_serial(change: Change) -> bool:
    """True when an answer of the nameservers differs after it: a new comment alone is stored and not published."""
    match change:
        case Update(before, after):
            return (before.key, before.ttl) != (after.key, after.ttl)
        case _:
            return True


def _sides(change: Change) -> tuple[Record, ...]:
    match change:
        case Update(before, after):
            return before, after
        case Create(record) | Delete(record):
            return (record,)


def _inverse(change: Change) -> Change:
    match change:
        case Create(record):
            return Delete(record)
        case Delete(record):
            return Create(record)
        case Update(before, after):
            return Update(after, before)


def _by_uuid(records: Iterable[Record]) -> dict[UUID, Record]:
    return {record.uuid: record for record in records}
