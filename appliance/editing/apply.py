"""Apply a list of requests of one zone to a change set, in order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.editing import history
from appliance.editing.change_set import ChangeSet
from appliance.editing.requests import (
    CreateRecord,
    DeleteRecord,
    RecordInput,
    RecordRequest,
    ReplaceRRset,
    RestoreVersion,
    UndoVersion,
    UpdateRecord,
    ValueInput,
    with_fields,
)
from appliance.errors import Conflict, InputError, NotFound
from appliance.store import versions
from appliance.zones.model import Record
from appliance.zones.rdata import parse_type

MAX_CHANGES = 10_000
"""Maximum number of changes in one request."""


def apply_all(change_set: ChangeSet, requests: Sequence[RecordRequest], limit: int | None = MAX_CHANGES) -> None:
    """Apply all requests, in order; an InputError has the index of the change and its field.

    There may be at most `limit` of them, None: any number. The records that they need are read first, together. If a
    request makes an RRset so large that the later ones cannot bring it back to its limit, they are not applied and the
    RRset is marked as `overfull`.
    """
    name = change_set.steps.list_name
    if limit is not None and len(requests) > limit:
        raise InputError(f"there are {len(requests)} {name}; one request may have at most {limit}", name)
    _load(change_set, requests)
    revisions = _revisions(change_set, requests)
    for step, (request, later) in enumerate(zip(requests, _reductions_after(requests), strict=True)):
        with change_set.steps.at(step):
            grown = _apply(change_set, request, revisions)
        if grown and change_set.excess(*grown) > later:
            change_set.overfull = grown
            return


def _apply(change_set: ChangeSet, request: RecordRequest, revisions: dict[UUID, int]) -> tuple[Name, RdataType] | None:
    """Apply one request; return owner and type of the RRset that it put records into."""
    match request:
        case CreateRecord(requested):
            return _rrset_of(change_set.create(requested))
        case UpdateRecord(_, fields):
            before = _find(change_set, request)
            _check_revision(request, revisions)
            request.check(change_set.zone, before)
            return _rrset_of(change_set.update(before, with_fields(before, change_set.zone, fields)))
        case DeleteRecord():
            change_set.delete(_find(change_set, request))
            return None
        case ReplaceRRset():
            return _replace(change_set, request)
        case UndoVersion() | RestoreVersion():
            _bring_back(change_set, request)
            return None


def _rrset_of(record: Record) -> tuple[Name, RdataType]:
    return record.owner, record.rdtype


def _find(change_set: ChangeSet, request: UpdateRecord | DeleteRecord) -> Record:
    found = change_set.find(request.uuid)
    if found is None:
        raise InputError(f"there is no record {request.uuid} in this zone", "uuid")
    return found


def _check_revision(request: UpdateRecord, revisions: dict[UUID, int]) -> None:
    """Raise InputError if the record does not have the requested revision."""
    if request.revision is not None and revisions.get(request.uuid) != request.revision:
        raise InputError("this record was changed since it was read: read it again", "revision")


def _bring_back(change_set: ChangeSet, request: UndoVersion | RestoreVersion) -> None:
    fill = history.undo if isinstance(request, UndoVersion) else history.restore
    try:
        fill(change_set, versions.get(change_set.zone, request.serial))
    except (Conflict, NotFound) as error:
        raise InputError(str(error), "serial") from None


def _replace(change_set: ChangeSet, request: ReplaceRRset) -> tuple[Name, RdataType]:
    """Replace the values of an RRset; a record that already has one of them is kept."""
    origin, parser = change_set.origin, change_set.parser
    owner, rdtype = parser.owner(request.name, origin), parse_type(request.record_type)
    rest = {record.uuid: record for record in change_set.members(owner, rdtype).all()}
    by_wire = {record.wire: record.uuid for record in reversed(rest.values())}
    for requested, wire in _values(change_set, request):
        same = by_wire.pop(wire, None)
        if same:
            del rest[same]
            before = change_set.members(owner, rdtype).get(same)
            change_set.update(before, _kept(requested, before))
        else:
            change_set.create(requested)
    for uuid in rest:
        change_set.delete(change_set.members(owner, rdtype).get(uuid))
    return owner, rdtype


def _kept(requested: RecordInput, before: Record) -> RecordInput:
    """Return the request for a record that already has the data."""
    return replace(requested, comment=before.comment, fallback_ttl=before.ttl, expires_at=before.expires_at)


def _values(change_set: ChangeSet, request: ReplaceRRset) -> Iterator[tuple[RecordInput, bytes]]:
    """Yield each requested record with its data in wire form; an InputError has the index of its value."""
    for index, given in enumerate(request.values):
        own = given if isinstance(given, ValueInput) else ValueInput(given)
        priority = request.priority if own.priority is None else own.priority
        requested = RecordInput(request.record_type, request.name, own.value, request.ttl, priority)
        try:
            content = change_set.parser.content(request.record_type, own.value, priority, change_set.origin)
        except InputError as refused:
            if own is given:
                refused.field = f"values.{index}.{refused.field}"
            elif refused.field == "value":
                refused.field = f"values.{index}"
            raise
        yield requested, content.wire


def _load(change_set: ChangeSet, requests: Iterable[RecordRequest]) -> None:
    """Read the records at all owners of the requests, in as few statements as possible."""
    change_set.load_records(dict.fromkeys(one.uuid for one in requests if isinstance(one, UpdateRecord | DeleteRecord)))
    change_set.load(_owners(change_set, requests))


def _owners(change_set: ChangeSet, requests: Iterable[RecordRequest]) -> Iterator[Name]:
    for name in dict.fromkeys(map(_name, requests)):
        if name is not None:
            with suppress(InputError):  # refused when its request is applied
                yield change_set.parser.owner(name, change_set.origin)


def _name(request: RecordRequest) -> str | None:
    match request:
        case CreateRecord(requested):
            return requested.name
        case UpdateRecord(_, fields):
            return fields.get("name")
        case ReplaceRRset():
            return request.name
        case DeleteRecord() | UndoVersion() | RestoreVersion():
            return None


def _revisions(change_set: ChangeSet, requests: Iterable[RecordRequest]) -> dict[UUID, int]:
    """Return the stored revisions of the records for which a request has a revision."""
    named = [one.uuid for one in requests if isinstance(one, UpdateRecord) and one.revision is not None]
    return dict(change_set.stored.revisions(named)) if named else {}


def _reductions_after(requests: Sequence[RecordRequest]) -> list[float]:
    """Return for each request by how many records the later ones can reduce an RRset at most."""
    sums = itertools.accumulate(map(_reduction, reversed(requests)), initial=0.0)
    return list(sums)[:-1][::-1]


def _reduction(request: RecordRequest) -> float:
    match request:
        case CreateRecord():
            return 0
        case UpdateRecord() | DeleteRecord():
            return 1
        case ReplaceRRset() | UndoVersion() | RestoreVersion():
            return math.inf
