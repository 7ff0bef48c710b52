"""Changes of a zone's records as values: apply, diff, invert.

A change is computed and checked before it is stored; the journal of changes holds it in this form.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.model import Record
from appliance.zones.rdata import target_of


@dataclass(frozen=True, slots=True)
class Create:
    """A new record."""

    record: Record


@dataclass(frozen=True, slots=True)
class Update:
    """A record with new data under the same uuid."""

    before: Record
    after: Record


@dataclass(frozen=True, slots=True)
class Delete:
    """A removed record."""

    record: Record


Change = Create | Update | Delete


def apply(records: Iterable[Record], changes: Iterable[Change]) -> frozenset[Record]:
    """Return the records after the changes, which are applied in order."""
    by_uuid = {record.uuid: record for record in records}
    for change in changes:
        match change:
            case Create(record):
                by_uuid[record.uuid] = record
            case Update(_, after):
                by_uuid[after.uuid] = after
            case Delete(record):
                del by_uuid[record.uuid]
    return frozenset(by_uuid.values())


def diff(before: Iterable[Record], after: Iterable[Record]) -> tuple[Change, ...]:
    """Return the changes that turn `before` into `after`, deletions first: `apply(a, diff(a, b)) == b`."""
    old, new = _by_uuid(before), _by_uuid(after)
    deletes = [Delete(old[uuid]) for uuid in old.keys() - new.keys()]
    updates = [Update(old[uuid], new[uuid]) for uuid in old.keys() & new.keys() if old[uuid] != new[uuid]]
    creates = [Create(new[uuid]) for uuid in new.keys() - old.keys()]
    return (*deletes, *updates, *creates)


def invert(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes that undo these, in reverse order."""
    return tuple(_inverse(change) for change in reversed(tuple(changes)))


def change_between(before: Record | None, after: Record | None) -> Iterator[Change]:
    """Yield the change from one state of a record to another, if they differ; None means that it does not exist."""
    if before and after:
        if not is_same(before, after):
            yield Update(before, after)
    elif after:
        yield Create(after)
    elif before:
        yield Delete(before)


def is_same(before: Record, after: Record) -> bool:
    """Return whether two states of a record differ in nothing but the time of the last change."""
    return replace(after, updated_at=before.updated_at) == before


def touched_owners(changes: Iterable[Change]) -> frozenset[Name]:
    """Return the owners whose records the changes create, update or delete, and the nameservers that NS records name.

    Without such an NS record the addresses of its nameserver may no longer be glue.
    """
    touched = [record for change in changes for record in sides(change)]
    return frozenset(record.owner for record in touched).union(_nameservers(touched))


def reduced_owners(changes: Collection[Change]) -> frozenset[Name]:
    """Return the owners from which the changes only delete, without the nameservers that NS records name."""
    deleted = [change.record for change in changes if isinstance(change, Delete)]
    if not deleted:
        return frozenset()
    others = [record for change in changes if not isinstance(change, Delete) for record in sides(change)]
    kept = {record.owner for record in others}.union(_nameservers([*deleted, *others]))
    return frozenset(record.owner for record in deleted) - kept


def former_nameservers(changes: Collection[Change]) -> frozenset[Name]:
    """Return what NS records named that the changes remove or replace, without the owners of records they write.

    Addresses of these nameservers may be left that are no longer glue.
    """
    before = [sides(change)[0] for change in changes if not isinstance(change, Create)]
    servers = _nameservers(before)
    if not servers:
        return frozenset()
    written = {sides(change)[-1].owner for change in changes if not isinstance(change, Delete)}
    return frozenset(servers - written)


def changes_serial(change: Change) -> bool:
    """Return whether the change alters what nameservers answer; a change of the comment alone does not."""
    match change:
        case Update(before, after):
            return (before.key, before.ttl) != (after.key, after.ttl)
        case _:
            return True


def _nameservers(records: Iterable[Record]) -> set[Name]:
    servers = (target_of(record.rdata) for record in records if record.rdtype == RdataType.NS)
    return {server for server in servers if server is not None}


def sides(change: Change) -> tuple[Record, ...]:
    """Return the records of the change, as they were and as they are after it."""
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
