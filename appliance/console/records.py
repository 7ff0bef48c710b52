"""The records of a zone: as sets, and the forms in which one is made or changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Answer

from appliance.console import drafts
from appliance.console.draft_pages import gather
from appliance.console.drafts import Change
from appliance.console.forms import Form, sent_form
from appliance.console.pages import go_to, page, pages
from appliance.console.record_forms import KINDS, RecordForm, form_of
from appliance.console.session import current_session
from appliance.console.zones import read_whole, zone_at
from appliance.editing import find_record
from appliance.errors import InputError, NotFound
from appliance.render.zone_diff import Line
from appliance.store import deployments, records, rrsets
from appliance.store.rrsets import SetFilters
from appliance.web.context import context, reading
from appliance.web.paging import neighbours, pager
from appliance.zones.model import MAX_TTL, Record, Zone
from appliance.zones.names import print_domain, print_owner
from appliance.zones.rdata import MAX_PRIORITY, parse_type

Differing = tuple[str, str, str]
"""A field of which two people think differently: its label, what it holds now, and what was typed."""
SETS = 50
"""Sets on a page."""
ROWS = 100
"""Records on a page, unless it has more sets: the rest of each set is folded away behind a link."""
SHOWN = 5
"""Records of a set that are shown at most, where there are others."""


@pages.get("/zones/<uuid:uuid>/", endpoint="zone")
def show_zone(uuid: UUID) -> Response:
    """The records of the zone, set by set, and what is served of it."""
    text, wanted = request.args.get("search", "").strip(), request.args.get("type", "")
    zone = zone_at(uuid)
    rdtype = parse_type(wanted) if wanted in KINDS and KINDS[wanted].record_type == wanted else None
    name, asked = request.args.get("name"), pager(SETS)
    filters = SetFilters(rdtype, text.lower().removesuffix("." + print_domain(zone.name)), name)
    with reading():
        found, total = rrsets.find(zone, asked, filters)
        types = rrsets.types_of(zone)
        deployment = deployments.of_zones([zone], context().nameservers)[zone.uuid]
        waiting = drafts.drafted(zone)
    return page(
        "zone.html",
        zone=zone,
        sets=found,
        types=types,
        search=text,
        rdtype=rdtype,
        name=name,
        deployment=deployment,
        waiting=waiting,
        shown=_shown_of_each([len(one.records) for one in found]),
        paging=neighbours(total, asked),
    )


@pages.get("/zones/<uuid:uuid>/records/new/", endpoint="record_new")
def show_new_record(uuid: UUID) -> Response:
    """The form of a record of the type that is asked for."""
    kind = _kind(request.args.get("type", "A"))
    return _form_page(zone_at(uuid), kind, Form(MultiDict({"name": request.args.get("name", kind.name)})))


@pages.post("/zones/<uuid:uuid>/records/new/")
def create_record(uuid: UUID) -> Response | Answer:
    """A new record: saved, gathered, or only looked at."""
    zone, form, kind = zone_at(uuid), sent_form(), _kind(request.args.get("type", "A"))
    return _settle(zone, kind, form, lambda: drafts.creation(_fields(kind, form)))


@pages.get("/zones/<uuid:uuid>/records/<uuid:record>/", endpoint="record")
def show_record(uuid: UUID, record: UUID) -> Response:
    """The form of a record that is there."""
    zone, found, revision = _record_at(uuid, record)
    kind = form_of(found.rdtype.name, found.value)
    shown = {**_shown(zone, kind, found), "revision": str(revision)}
    return _form_page(zone, kind, Form(MultiDict(shown)), found)


@pages.post("/zones/<uuid:uuid>/records/<uuid:record>/")
def change_record(uuid: UUID, record: UUID) -> Response | Answer:
    """Another content of the record: saved, gathered, or only looked at; never in place of what it did not show."""
    zone, found, revision = _record_at(uuid, record)
    form, kind = sent_form(), form_of(found.rdtype.name, found.value)
    if form["act"] == "delete":
        return gather(zone, [drafts.deletion(found.uuid)])

    def asked() -> Change:
        return drafts.update(found, read_whole(form["revision"], "revision"), _fields(kind, form))

    return _settle(zone, kind, form, asked, found, revision)


def _shown_of_each(sizes: Sequence[int]) -> int:
    """How many records of each set are shown: all where it is alone, and fewer the more sets are long."""
    most = ROWS if len(sizes) == 1 else SHOWN
    return next((shown for shown in range(most, 1, -1) if sum(min(shown, size) for size in sizes) <= ROWS), 1)


def _settle(
    zone: Zone,
    kind: RecordForm,
    form: Form,
    asked: Callable[[], Change],
    record: Record | None = None,
    revision: int | None = None,
) -> Response | Answer:
    """Do with the change what the button says; the form again when something is wrong, or it was only to be seen."""
    waiting, lines = drafts.drafted(zone), None
    with form.refusing(), _own(len(waiting)):
        changes = [*waiting, asked()]
        if form["act"] == "preview":
            lines = drafts.lines_of(drafts.tried(zone, changes))
        elif form["act"] == "gather" or waiting:
            drafts.tried(zone, changes)
            drafts.add(zone, changes[-1:])
            return go_to("console.changes", uuid=zone.uuid)
        else:
            diff = drafts.saved(zone, changes)
            told = f"Saved under serial {diff.after.serial}." if diff.changes else "Nothing was changed."
            return go_to("console.zone", told, uuid=zone.uuid)
    if record and "revision" in form.errors:
        differing = _differing(kind, form, _shown(zone, kind, record))
        form = Form(MultiDict({**form.values, "revision": str(revision)}))
        return _form_page(zone, kind, form, record, differing=differing, status=409)
    return _form_page(zone, kind, form, record, lines=lines, status=400 if form.errors else 200)


@contextmanager
def _own(number: int) -> Iterator[None]:
    """Mistakes in the change of that number are told at the fields of its form, others above it."""
    try:
        yield
    except InputError as refused:
        at, field = drafts.place_of(refused)
        if at is not None and at != number:
            raise InputError(f"change {at + 1} of those that wait: {refused}") from None
        refused.field = field
        raise


def _fields(kind: RecordForm, form: Form) -> Change:
    """The fields of the record, as the API takes them."""
    typed = {part.name: form[f"part_{part.name}"] for part in kind.parts}
    fields: dict[str, Any] = {
        "record_type": kind.record_type,
        "name": form["name"].strip(),
        "value": kind.join(typed),
        "ttl": read_between(form["ttl"], "ttl", MAX_TTL) if form["ttl"].strip() else None,
        "comment": form["comment"],
    }
    if kind.has_priority and form["priority"].strip():
        fields["priority"] = read_between(form["priority"], "priority", MAX_PRIORITY)
    return fields


def read_between(text: str, field: str, most: int) -> int:
    """The whole number from 0 to `most` that was typed."""
    number = read_whole(text, field)
    if not 0 <= number <= most:
        raise InputError(f"it must be 0 to {most}", field)
    return number


def _form_page(
    zone: Zone,
    kind: RecordForm,
    form: Form,
    record: Record | None = None,
    *,
    lines: list[Line] | None = None,
    differing: list[Differing] | None = None,
    status: int = 200,
) -> Response:
    chosen = next((name for name, one in KINDS.items() if one is kind), kind.record_type)
    waiting = drafts.drafted(zone)
    return page(
        "record.html",
        status,
        zone=zone,
        kind=kind,
        kinds=KINDS,
        chosen=chosen,
        form=form,
        record=record,
        lines=lines,
        differing=differing,
        waiting=waiting,
    )


def _shown(zone: Zone, kind: RecordForm, record: Record) -> dict[str, str]:
    """The record in the fields of its form."""
    parts_shown = {f"part_{name}": text for name, text in kind.split(record.value).items()}
    priority = "" if record.priority is None else str(record.priority)
    names = {"name": print_owner(record.owner, zone.name), "priority": priority}
    return names | parts_shown | {"ttl": str(record.ttl), "comment": record.comment}


def _differing(kind: RecordForm, form: Form, now: Mapping[str, str]) -> list[Differing]:
    """The fields in which the record as it is now is not what was typed."""
    labels = {"name": "Name", "priority": "Priority", "ttl": "TTL", "comment": "Comment"}
    labels |= {f"part_{part.name}": part.label for part in kind.parts}
    return [(labels[field], text, form[field]) for field, text in now.items() if text != form[field]]


def _record_at(uuid: UUID, record: UUID) -> tuple[Zone, Record, int]:
    """The zone, the record, and its revision."""
    with reading():
        zone, found = find_record(record, current_session().principal.scope)
        revision = records.revision_of(record)
    if zone.uuid != uuid or revision is None:
        raise NotFound("there is no such record")
    return zone, found, revision


def _kind(name: str) -> RecordForm:
    if name not in KINDS:
        raise NotFound("there is no such record type here")
    return KINDS[name]
