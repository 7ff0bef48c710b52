"""The forms to add and edit a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from appliance.console import drafts, expiry, notices
from appliance.console.draft_pages import add_to_draft
from appliance.console.draft_version import Change
from appliance.console.forms import Form, submitted_form
from appliance.console.pages import pages, redirect_to, render_page
from appliance.console.record_forms import FORMS, RecordForm, form_of
from appliance.console.session import current_session
from appliance.console.unique_texts import find_same_kind
from appliance.console.zones import get_zone, parse_integer
from appliance.editing import find_record
from appliance.errors import InputError, NotFound
from appliance.render.zone_diff import Line
from appliance.store import records
from appliance.web.context import reading
from appliance.zones.model import MAX_TTL, Record, Zone
from appliance.zones.names import print_domain, print_owner
from appliance.zones.rdata import MAX_PRIORITY

Difference = tuple[str, str, str]
"""A field in which the stored record differs from the submitted one: its label, the stored value, the submitted one."""


@pages.get("/zones/<uuid:uuid>/records/new/", endpoint="record_new")
def show_new_record(uuid: UUID) -> Response:
    """Show the form for a new record of the requested type."""
    zone, record_form = get_zone(uuid), _get_form(request.args.get("type", "A"))
    name = request.args.get("name", record_form.default_name)
    existing = _existing(zone, record_form, name)
    return _form_page(zone, record_form, Form(MultiDict({"name": "" if existing else name})), existing=existing)


@pages.post("/zones/<uuid:uuid>/records/new/")
def create_record(uuid: UUID) -> Response | BaseResponse:
    """Save a new record, add it to the draft, or preview it."""
    zone, form, record_form = get_zone(uuid), submitted_form(), _get_form(request.args.get("type", "A"))
    existing = _existing(zone, record_form, form["name"])
    if existing and str(existing.uuid) not in {change.get("uuid") for change in drafts.get_changes(zone)}:
        return _replacement_page(zone, record_form, form, existing)
    return _submit(zone, record_form, form, lambda: drafts.create_change(_fields(zone, record_form, form)))


@pages.get("/zones/<uuid:uuid>/records/<uuid:record>/", endpoint="record")
def show_record(uuid: UUID, record: UUID) -> Response:
    """Show the form of a stored record."""
    zone, found, revision = _get_record(uuid, record)
    record_form = form_of(found.rdtype.name, found.value)
    values = {**_form_values(zone, record_form, found), "revision": str(revision)}
    return _form_page(zone, record_form, Form(MultiDict(values)), found)


@pages.post("/zones/<uuid:uuid>/records/<uuid:record>/")
def change_record(uuid: UUID, record: UUID) -> Response | BaseResponse:
    """Save the edited record, add the change to the draft, or preview it; 409 if the record changed meanwhile."""
    zone, found, _ = _get_record(uuid, record)
    form, record_form = submitted_form(), form_of(found.rdtype.name, found.value)
    if form["intent"] == "delete":
        return add_to_draft(zone, [drafts.delete_change(found.uuid)])

    def change() -> Change:
        return drafts.update_change(
            found, parse_integer(form["revision"], "revision"), _fields(zone, record_form, form)
        )

    return _submit(zone, record_form, form, change, found)


def _submit(
    zone: Zone,
    record_form: RecordForm,
    form: Form,
    change: Callable[[], Change],
    record: Record | None = None,
) -> Response | BaseResponse:
    """Do what the pressed button means; show the form again after a preview or an error.

    Only "save" is about this record alone: the draft with its other changes stays as it is.
    """
    drafted, lines = drafts.get_changes(zone) if form["intent"] != "save" else [], None
    changes: list[Change] = []
    with form.collecting_errors(), _errors_of_last(changes):
        changes.extend(drafts.with_changes(drafted, [change()]))
        if form["intent"] == "preview":
            lines = drafts.lines_of(drafts.dry_run(zone, changes))
        elif form["intent"] == "draft":
            drafts.dry_run(zone, changes)
            drafts.add(zone, changes[-1:])
            return redirect_to("console.draft", uuid=zone.uuid)
        else:
            diff = drafts.save(zone, changes[0])
            return redirect_to("console.zone", notices.saved(diff), uuid=zone.uuid)
    if record and "revision" in form.errors:
        conflict = "This record was changed by someone else while you edited it"
        return _conflict_page(zone, record_form, form, record, conflict)
    return _form_page(zone, record_form, form, record, lines=lines, status=400 if form.errors else 200)


def _existing(zone: Zone, record_form: RecordForm, name: str) -> Record | None:
    """Return the record at that name which a form edits in place of adding another one; None for most forms."""
    kind = next((kind for kind in ("SPF", "DKIM") if FORMS[kind] is record_form), None)
    with reading():
        return find_same_kind(zone, name, kind) if kind else None


def _replacement_page(zone: Zone, record_form: RecordForm, form: Form, record: Record) -> Response:
    """Show the form of the record that a name may have only once, with what was submitted for a new one."""
    values = {name: form[name] for name in ("name", "ttl", "comment", expiry.FIELD)}
    with form.collecting_errors():
        value = _fields(zone, record_form, form)["value"]
        record_form = form_of(record.rdtype.name, record.value)
        values |= {f"part_{name}": text for name, text in record_form.split(value).items()}
        conflict = f"{form['name'].strip()} may have only one such record, and already has one"
        return _conflict_page(zone, record_form, Form(MultiDict(values)), record, conflict)
    return _form_page(zone, record_form, form, status=400)


def _conflict_page(zone: Zone, record_form: RecordForm, form: Form, record: Record, conflict: str) -> Response:
    """Show the differences between a stored record and the submitted form, whose values overwrite it when saved."""
    differences = _differences(record_form, form, _form_values(zone, record_form, record))
    with reading():
        revision = records.revision_of(record.uuid)
    form = Form(MultiDict({**form.values, "revision": str(revision)}))
    return _form_page(zone, record_form, form, record, conflict=conflict, differences=differences, status=409)


@contextmanager
def _errors_of_last(changes: list[Change]) -> Iterator[None]:
    """Report errors of the last of the changes at the fields of its form, and those of other changes above it."""
    try:
        yield
    except InputError as error:
        at, field = drafts.locate_error(error)
        if at is not None and at != len(changes) - 1:
            raise InputError(f"change {at + 1} of the draft: {error}") from None
        error.field = field
        raise


def _fields(zone: Zone, record_form: RecordForm, form: Form) -> Change:
    """Return the fields of the record in the form in which the API takes them."""
    values = {field.name: form[f"part_{field.name}"] for field in record_form.fields}
    values |= {"name": form["name"].strip(), "zone": print_domain(zone.name)}
    fields: dict[str, Any] = {
        "record_type": record_form.record_type,
        "name": form["name"].strip(),
        "value": record_form.join(values),
        "ttl": _parse_bounded(form["ttl"], "ttl", MAX_TTL) if form["ttl"].strip() else None,
        "comment": form["comment"],
        expiry.FIELD: expiry.read_expiry(form[expiry.FIELD]),
    }
    if record_form.has_priority and form["priority"].strip():
        fields["priority"] = _parse_bounded(form["priority"], "priority", MAX_PRIORITY)
    return fields


def _parse_bounded(text: str, field: str, maximum: int) -> int:
    """Return the integer in the text; raise InputError unless it is 0 to `maximum`."""
    number = parse_integer(text, field)
    if not 0 <= number <= maximum:
        raise InputError(f"{number} is out of range: use 0 to {maximum}", field)
    return number


def _form_page(
    zone: Zone,
    record_form: RecordForm,
    form: Form,
    record: Record | None = None,
    *,
    lines: list[Line] | None = None,
    status: int = 200,
    **more: Any,  # noqa: ANN401 - what else the template shows
) -> Response:
    selected = next((name for name, one in FORMS.items() if one is record_form), record_form.record_type)
    changes = drafts.get_changes(zone)
    return render_page(
        "record.html",
        status,
        zone=zone,
        record_form=record_form,
        record_forms=FORMS,
        selected=selected,
        form=form,
        record=record,
        lines=lines,
        drafted=next((one for one in changes if record and one.get("uuid") == str(record.uuid)), None),
        has_draft=bool(changes),
        **more,
    )


def _form_values(zone: Zone, record_form: RecordForm, record: Record) -> dict[str, str]:
    """Return the record as values of the form fields."""
    parts = {f"part_{name}": text for name, text in record_form.split(record.value).items()}
    priority = "" if record.priority is None else str(record.priority)
    common = {"name": print_owner(record.owner, zone.name), "priority": priority}
    expires_at = expiry.print_expiry(record.expires_at)
    return common | parts | {"ttl": str(record.ttl), "comment": record.comment, expiry.FIELD: expires_at}


def _differences(record_form: RecordForm, form: Form, stored: Mapping[str, str]) -> list[Difference]:
    """Return the fields in which the stored record differs from the submitted form."""
    labels = {"name": "Name", "priority": "Priority", "ttl": "TTL", "comment": "Comment", expiry.FIELD: "Expires"}
    labels |= {f"part_{field.name}": field.label for field in record_form.fields}
    return [(labels[name], text, form[name]) for name, text in stored.items() if text != form[name]]


def _get_record(zone_uuid: UUID, uuid: UUID) -> tuple[Zone, Record, int]:
    """Return the zone, the record and its revision; raise NotFound if the zone has no such record."""
    with reading():
        zone, found = find_record(uuid, current_session().principal.scope)
        revision = records.revision_of(uuid)
    if zone.uuid != zone_uuid or revision is None:
        raise NotFound(f"there is no record {uuid} in this zone")
    return zone, found, revision


def _get_form(name: str) -> RecordForm:
    if name not in FORMS:
        raise NotFound(f"there is no form for record type {name!r}")
    return FORMS[name]
