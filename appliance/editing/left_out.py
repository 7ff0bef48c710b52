"""Leave out the records of a zone file with which the zone would break a rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from uuid import UUID

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.editing.change_set import ChangeSet
from appliance.editing.evaluation import findings_of
from appliance.errors import Finding, RefusedLine
from appliance.zones.changes import Create
from appliance.zones.model import Record
from appliance.zones.names import canonical_key
from appliance.zones.rdata import target_of

MAX_OWNERS = 1_000
"""Owners of which records are left out; with more, the rules refuse the file."""
_ROUNDS = 3
"""What is left out may break a rule for other records, such as glue."""
_FIRST = (RdataType.CNAME, RdataType.DS, RdataType.MX)
"""Types that are left out before others: in most cases the rest is valid then."""


def leave_out_refused(change_set: ChangeSet, lines: Sequence[int], kept: Collection[UUID]) -> list[RefusedLine]:
    """Delete what breaks a rule from the change set; return its lines, each with the rule as the reason.

    Records with the uuids in `kept` stay. At a name the records of one type are left out if the others are valid then,
    else all. Names below come first.
    """
    left_out: list[RefusedLine] = []
    steps: dict[UUID, int | None] = {}
    for _ in range(_ROUNDS):
        findings = {one.owner: one for one in findings_of(change_set, change_set.changes()) if one.owner}
        if not findings or len(findings) > MAX_OWNERS:
            break
        for owner in sorted(findings, key=canonical_key, reverse=True):
            records = [one for one in _concerned(change_set, owner) if one.uuid not in kept]
            for record in records:
                steps.setdefault(record.uuid, change_set.steps.of(record.uuid))
            for record in _delete_refused(change_set, owner, records):
                step = steps[record.uuid]
                if step is not None:
                    left_out.append(RefusedLine(lines[step], findings[owner].detail))
    return left_out


def _concerned(change_set: ChangeSet, owner: Name) -> list[Record]:
    """Return the records at the owner, else the NS records of the apex that name it; none if all is valid by now."""
    records = _records_at(change_set, owner)
    if not records:
        return [one for one in _records_at(change_set, change_set.origin) if _is_ns_of(one, owner)]
    return records if _findings_at(change_set, owner, records) else []


def _delete_refused(change_set: ChangeSet, owner: Name, records: Sequence[Record]) -> Iterator[Record]:
    """Delete those of the records that break a rule, and yield them."""
    for chosen in _choices(records):
        _delete(change_set, chosen)
        if not _findings_at(change_set, owner, [one for one in records if one not in chosen]):
            yield from chosen
            return
        for record in chosen:
            change_set.put(None, record)
    _delete(change_set, records)
    yield from records


def _choices(records: Sequence[Record]) -> Iterator[list[Record]]:
    """Yield what may be left out: the records of one type, those that a delegation hides, the delegation."""
    types = sorted({one.rdtype for one in records} - {RdataType.NS}, key=lambda one: (one not in _FIRST, one))
    for rdtype in types:
        yield [one for one in records if one.rdtype == rdtype]
    yield [one for one in records if one.rdtype not in (RdataType.NS, RdataType.DS)]
    yield [one for one in records if one.rdtype == RdataType.NS]


def _findings_at(change_set: ChangeSet, owner: Name, records: Iterable[Record]) -> list[Finding]:
    return [one for one in findings_of(change_set, [Create(record) for record in records]) if one.owner == owner]


def _records_at(change_set: ChangeSet, owner: Name) -> list[Record]:
    node = change_set.nodes([owner]).get(owner, {})
    return [record for rrset in node.values() for record in rrset.records]


def _is_ns_of(record: Record, server: Name) -> bool:
    return record.rdtype == RdataType.NS and target_of(record.rdata) == server


def _delete(change_set: ChangeSet, records: Iterable[Record]) -> None:
    for record in records:
        change_set.delete(record)
