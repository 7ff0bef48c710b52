"""What happened to the RRsets of an unconfirmed change since: by changes that stay, and by ones that are undecided.

A change that was reverted and what reverted it cancel out, but for records that the revert kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.store import pending_changes, tables, versions
from appliance.store.pending_changes import PendingChange
from appliance.zones.changes import Change, sides
from appliance.zones.model import Record, Zone

RRsetKey = tuple[Name, RdataType]
_KeysByRecord = dict[UUID, set[RRsetKey]]


def key_of(record: Record) -> RRsetKey:
    """Return the key of the RRset of the record."""
    return record.owner, record.rdtype


def changes_of(pending: PendingChange, zone: Zone) -> list[Change]:
    """Return what the change did to the records of its zone."""
    return versions.changes_in(zone, pending.row - 1, pending.row)


def touched_by(changes: Collection[Change]) -> frozenset[RRsetKey]:
    """Return the RRsets of the changes, as they were and as they became."""
    return frozenset(key_of(record) for change in changes for record in sides(change))


def changed_since(zone: Zone, row: int) -> frozenset[RRsetKey]:
    """Return the RRsets that rows of the journal after that one changed, even if they are as before by now."""
    reverts = pending_changes.reverts_after(zone, row)
    reverted: dict[UUID, _KeysByRecord] = {}
    changed: set[RRsetKey] = set()
    for one in versions.rows_after(zone, row):
        found = _keys_by_record(one, zone)
        if one.uuid in reverts:
            reverted[reverts[one.uuid]] = found
            continue
        former = reverted.pop(one.uuid, {})
        for uuid in former.keys() ^ found.keys():
            changed |= former.get(uuid, set()) | found.get(uuid, set())
    return frozenset(changed)


def undecided_since(
    pending: PendingChange, zone: Zone, overlaps: Callable[[Collection[Change]], bool]
) -> PendingChange | None:
    """Return the newest undecided change of the zone after this one whose changes overlap with it, None without one."""
    later = pending_changes.undecided_after(pending)
    return next((one for one in later if overlaps(changes_of(one, zone))), None)


def _keys_by_record(row: tables.Change, zone: Zone) -> _KeysByRecord:
    found: _KeysByRecord = {}
    for record in versions.records_in(row, zone):
        found.setdefault(record.uuid, set()).add(key_of(record))
    return found
