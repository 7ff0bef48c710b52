"""Former states of a zone, filled into a change set: a version restored, a version undone, a change reverted.

Records get their uuid back, unless another zone has a record with that uuid by now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

from dns.rdatatype import RdataType

from appliance.editing.change_set import ChangeSet
from appliance.errors import Conflict, Finding, RuleBroken
from appliance.store import records, versions
from appliance.store.versions import ZoneVersion
from appliance.zones.changes import Change, Create, Delete, Update, invert, is_same, sides
from appliance.zones.model import Record
from appliance.zones.names import print_domain

MOST_LISTED = 5
"""Record sets that an error message names."""
_LABELS = ("the name", "the type", "the value", "the priority", "the TTL", "the comment", "the expiry")


def restore(change_set: ChangeSet, version: ZoneVersion) -> None:
    """Replace the records of the zone with those of the version; raise Conflict if they are no longer stored."""
    versions.require_restorable(version)
    inverse = _Inverse(change_set, invert(versions.changes_in(change_set.zone, version.last_row)))
    for change in inverse.changes:
        inverse.apply(change)


def undo(change_set: ChangeSet, version: ZoneVersion) -> None:
    """Revert what the version changed, and keep later changes; what has the former state already stays as it is.

    Raise Conflict, with a finding for each record that has changed since, or if the changes are no longer stored.
    """
    inverse = _Inverse(change_set, invert(versions.changes_of(change_set.zone, version)))
    pending = [change for change in inverse.changes if not inverse.is_done(change)]
    in_the_way = [record for change in pending if (record := inverse.changed_since(change))]
    if in_the_way:
        in_the_way.sort(key=lambda record: (record.owner, record.rdtype))
        findings = [_finding(record, change_set.find(record.uuid)) for record in in_the_way]
        raise Conflict(f"version {version.serial} cannot be undone: {_listed(in_the_way)} changed since", findings)
    for change in pending:
        inverse.apply(change)


def revert(change_set: ChangeSet, row: int, keep: Callable[[Record], bool]) -> None:
    """Revert what one row of the journal changed, but for records that `keep` says to keep."""
    changes = invert(versions.changes_in(change_set.zone, row - 1, row))
    inverse = _Inverse(change_set, [change for change in changes if not any(map(keep, sides(change)))])
    for change in inverse.changes:
        if not inverse.is_done(change):
            inverse.apply(change)


@contextmanager
def broken_rules_as_conflicts(what: str) -> Iterator[None]:
    """Raise Conflict where the zone would break a rule: no field of the request is at fault."""
    try:
        yield
    except RuleBroken as broken:
        raise Conflict(f"{what}: {broken}") from None


class _Inverse:
    """Inverse changes, deletions first, and the change set that they are applied to."""

    def __init__(self, change_set: ChangeSet, changes: Collection[Change]) -> None:
        self._change_set = change_set
        self.changes = sorted(changes, key=lambda change: not isinstance(change, Delete))
        created = [change.record for change in changes if isinstance(change, Create)]
        change_set.load_records(_record_of(change).uuid for change in changes)
        change_set.load(record.owner for record in created)
        self._uuids = {_record_of(change).uuid for change in changes}
        self._elsewhere = records.existing(record.uuid for record in created)

    def is_done(self, change: Change) -> bool:
        """Return whether the zone has the state after the change already; data also in a record of another change."""
        match change:
            case Delete(record):
                return self._change_set.find(record.uuid) is None
            case Update(_, after):
                return self._is_now(after)
            case Create(record):
                members = self._change_set.members(record.owner, record.rdtype).all()
                others = (one for one in members if one.uuid not in self._uuids)
                return self._is_now(record) or any(one.wire == record.wire for one in others)

    def changed_since(self, change: Change) -> Record | None:
        """Return the record of the change if it is not in the state before the change, else None."""
        match change:
            case Delete(record) | Update(record, _):
                return None if self._is_now(record) else record
            case Create(record):
                return self._change_set.find(record.uuid)

    def apply(self, change: Change) -> None:
        """Apply the change to the change set."""
        now = self._change_set.find(_record_of(change).uuid)
        match change:
            case Delete():
                if now:
                    self._change_set.delete(now)
            case Update(_, after) | Create(after):
                self._change_set.put(now, self._renewed(after, now))

    def _is_now(self, record: Record) -> bool:
        now = self._change_set.find(record.uuid)
        return now is not None and is_same(now, record)

    def _renewed(self, record: Record, now: Record | None) -> Record:
        """Return the record as it is to be stored: changed now, and without an expiry that is over."""
        is_over = record.expires_at is not None and record.expires_at <= self._change_set.now
        revision = now.revision if now else max(record.revision, self._change_set.zone.revision)
        return replace(
            record,
            uuid=uuid4() if record.uuid in self._elsewhere and not now else record.uuid,
            ttl=self._ttl(record, now),
            updated_at=self._change_set.now,
            expires_at=None if is_over else record.expires_at,
            revision=revision + 1,
        )

    def _ttl(self, record: Record, now: Record | None) -> int:
        """Return the TTL of a changed record; a new one gets that of its RRset, which may have changed since.

        Records that are changed too, and may leave the RRset, do not count. NS records beside those of the appliance
        have the TTL of those.
        """
        change_set, owner = self._change_set, record.owner
        if record.rdtype == RdataType.NS and (owner == change_set.origin or owner in change_set.child_zones([owner])):
            return change_set.apex.ttl
        of_rrset = None if now else change_set.members(owner, record.rdtype).ttl_beside(self._uuids)
        return record.ttl if of_rrset is None else of_rrset


def _record_of(change: Change) -> Record:
    return change.before if isinstance(change, Update) else change.record


def _finding(left: Record, now: Record | None) -> Finding:
    """Return the finding that a record is no longer as the version left it; one that it deleted is as it is now."""
    subject = f"{left.rdtype.name} {print_domain(left.owner)} {left.value}"
    if now is None:
        return Finding(None, f"{subject} was deleted since", left.owner)
    changed = [
        f"{label} was {before}, is {after}"
        for label, before, after in zip(_LABELS, _fields_of(left), _fields_of(now), strict=True)
        if before != after
    ]
    return Finding(None, f"{subject}: {'; '.join(changed) or 'it exists again'}", left.owner)


def _fields_of(record: Record) -> tuple[object, ...]:
    """Return the fields of the record in the order of _LABELS."""
    expiry = f"{record.expires_at:%Y-%m-%d %H:%M:%S UTC}" if record.expires_at else "never"
    name, comment = print_domain(record.owner), f"“{record.comment}”"
    return name, record.rdtype.name, record.value, record.priority, record.ttl, comment, expiry


def _listed(found: Sequence[Record]) -> str:
    names = list(dict.fromkeys(f"{record.rdtype.name} {print_domain(record.owner)}" for record in found))
    listed = ", ".join(names[:MOST_LISTED])
    more = len(names) - MOST_LISTED
    return f"{listed} and {more} {'other' if more == 1 else 'others'}" if more > 0 else listed
