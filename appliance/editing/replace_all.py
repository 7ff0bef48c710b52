"""Replace all records of a zone in a change set."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.editing.change_set import ChangeSet
from appliance.editing.parser import Parser
from appliance.editing.requests import RecordInput
from appliance.zones.model import Record
from appliance.zones.rdata import parse_type
from appliance.zones.rules import rrsets_within_limits

Key = tuple[Name, RdataType, bytes]
"""Owner, type and wire form, which are unique in a zone."""


def replace_all(
    change_set: ChangeSet, requested: Sequence[RecordInput], kept: Collection[UUID] = ()
) -> list[tuple[int, str]]:
    """Replace all records of the zone with these; those with the uuids in `kept` stay.

    A record that is in the zone already keeps its uuid, and the value as it was written, its comment and expiry. Return
    the indexes of the records that exceed the limit of their RRset, with the reason: they are not created. An
    InputError has the index of the record and its field. Only the quota limits the number of records.
    """
    change_set.steps.list_name = "records"
    pairs = _pairs(change_set, requested, kept)
    excess: list[tuple[int, str]] = []
    reasons: dict[tuple[Name, RdataType], str] = {}
    for index, before in pairs:
        with change_set.steps.at(index):
            record = _put(change_set, requested[index], before)
        rrset = record.owner, record.rdtype
        if change_set.excess(*rrset) > 0:
            if rrset not in reasons:
                node = {record.rdtype: change_set.nodes([record.owner])[record.owner][record.rdtype]}
                reasons[rrset] = next(rrsets_within_limits(change_set, record.owner, node)).detail
            change_set.delete(record)
            excess.append((index, reasons[rrset]))
    change_set.steps.current = None
    return excess


def _pairs(
    change_set: ChangeSet, requested: Sequence[RecordInput], kept: Collection[UUID]
) -> list[tuple[int, Record | None]]:
    """Delete what is neither requested nor kept; return the index of each requested record, and it as it is stored."""
    left = {record.key: record for record in change_set.load_all()}
    pairs: list[tuple[int, Record | None]] = []
    owners: dict[Name, None] = {}
    for index, one in enumerate(requested):
        with change_set.steps.at(index):
            key = key_of(change_set.parser, one, change_set.origin)
        pairs.append((index, left.pop(key, None)))
        owners[key[0]] = None
    change_set.steps.current = None
    change_set.load(owners)
    for record in left.values():
        if record.uuid not in kept:
            change_set.delete(record)
    return pairs


def key_of(parser: Parser, requested: RecordInput, origin: Name) -> Key:
    """Return owner, type and wire form of a requested record; raise InputError if it is not valid."""
    owner, rdtype = parser.owner(requested.name, origin), parse_type(requested.record_type)
    content = parser.content(requested.record_type, requested.value, requested.priority, origin)
    return owner, rdtype, content.wire


def _put(change_set: ChangeSet, requested: RecordInput, before: Record | None) -> Record:
    if before is None:
        return change_set.create(requested)
    if requested.ttl in (None, before.ttl):
        change_set.steps.note(before.uuid, before.owner)
        return before
    same = replace(requested, value=before.value, comment=before.comment, expires_at=before.expires_at)
    return change_set.update(before, same)
