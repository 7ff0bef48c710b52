"""Replace all records of a zone in a change set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.editing.change_set import ChangeSet
from appliance.editing.requests import RecordInput
from appliance.zones.model import Record
from appliance.zones.rdata import parse_type

Key = tuple[Name, RdataType, bytes]


def replace_all(change_set: ChangeSet, requested: Sequence[RecordInput]) -> None:
    """Let the zone have these records and no others; an InputError has the index of the record and its field.

    A record that is in the zone already keeps its uuid, and its comment unless another one is requested. Only the quota
    limits the number of records.
    """
    steps = change_set.steps
    steps.list_name = "records"
    left = {record.key: record for record in change_set.load_all()}
    kept: list[Record | None] = []
    for index, one in enumerate(requested):
        with steps.at(index):
            kept.append(left.pop(_key(change_set, one), None))
    steps.current = None
    for record in left.values():
        change_set.delete(record)
    for index, (one, before) in enumerate(zip(requested, kept, strict=True)):
        with steps.at(index):
            record = _put(change_set, one, before)
        if change_set.excess(record.owner, record.rdtype) > 0:
            change_set.overfull = record.owner, record.rdtype
            return


def _key(change_set: ChangeSet, requested: RecordInput) -> Key:
    origin, parser = change_set.origin, change_set.parser
    owner, rdtype = parser.owner(requested.name, origin), parse_type(requested.record_type)
    content = parser.content(requested.record_type, requested.value, requested.priority, origin)
    return owner, rdtype, content.rdata.to_wire() or b""


def _put(change_set: ChangeSet, requested: RecordInput, before: Record | None) -> Record:
    if before is None:
        return change_set.create(requested)
    comment, expires_at = requested.comment or before.comment, requested.expires_at or before.expires_at
    kept = replace(requested, comment=comment, fallback_ttl=before.ttl, expires_at=expires_at)
    return change_set.update(before, kept)
