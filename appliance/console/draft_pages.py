"""The page of a zone's draft: review the changes, remove some, discard all, or save them under one serial."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from appliance.console import confirmations, drafts, notices
from appliance.console.draft_version import Change, is_in_version
from appliance.console.forms import Form, submitted_form
from appliance.console.impact_rows import impact_table
from appliance.console.pages import pages, print_time, redirect_to, render_page
from appliance.console.zones import get_zone, parse_integer
from appliance.editing.zone_import import removes_much
from appliance.errors import NotFound
from appliance.store import records, versions
from appliance.web.context import reading
from appliance.web.paging import neighbours, pager_within
from appliance.zones.model import Zone
from appliance.zones.names import print_owner

CHANGES = 50
"""Changes on a page."""


@pages.post("/zones/<uuid:uuid>/records/delete/", endpoint="delete_records")
def delete_records(uuid: UUID) -> BaseResponse:
    """Add the deletion of the selected records to the draft."""
    zone, selected = get_zone(uuid), submitted_form().all("record")
    if not selected:
        return redirect_to("console.zone", "No records selected.", uuid=uuid)
    with reading():
        found = [record for one in selected if (record := records.get_in(zone, _parse_uuid(one)))]
    return add_to_draft(zone, [drafts.delete_change(record.uuid) for record in found])


@pages.get("/zones/<uuid:uuid>/changes/", endpoint="draft")
def show_draft(uuid: UUID) -> Response:
    """Show the changes in the draft, and the diff of the zone file."""
    return _draft_page(get_zone(uuid))


@pages.post("/zones/<uuid:uuid>/changes/")
def submit_draft(uuid: UUID) -> Response | BaseResponse:
    """Publish the draft under one serial, remove one change from it, or discard it."""
    zone, form = get_zone(uuid), submitted_form()
    version = form[drafts.VERSION_FIELD]
    with form.collecting_errors():
        if form["intent"] == "discard":
            drafts.discard(zone, version)
            return redirect_to("console.zone", "Draft discarded. The zone is unchanged.", uuid=uuid)
        if form["intent"].isdecimal():
            drafts.discard(zone, version, parse_integer(form["intent"], "intent"))
            return redirect_to("console.draft", uuid=uuid, page=request.args.get("page"))
        within = confirmations.requested_time(form)
        is_removal_confirmed = form[drafts.REMOVAL_FIELD] == "yes"
        diff = drafts.save_draft(zone, version, form["comment"], within, is_removal_confirmed=is_removal_confirmed)
        return redirect_to("console.zone", notices.saved(diff, to_confirm=within is not None), uuid=uuid)
    return _draft_page(get_zone(uuid), form, 409 if drafts.VERSION_FIELD in form.errors else 400)


def add_to_draft(zone: Zone, changes: list[Change]) -> BaseResponse:
    """Add these changes to the draft, and redirect to it."""
    drafts.add(zone, changes)
    return redirect_to("console.draft", uuid=zone.uuid)


def _draft_page(zone: Zone, form: Form | None = None, status: int = 200) -> Response:
    form, changes = form or Form(), drafts.get_changes(zone)
    shown, result = pager_within(len(changes), CHANGES), drafts.result_of(zone, changes)
    return render_page(
        "draft.html",
        status,
        zone=zone,
        is_review=True,
        changes=[_describe(zone, change, form) for change in changes[shown.offset :][: shown.size]],
        paging=neighbours(len(changes), shown),
        result=result,
        impact=impact_table(zone, result.diff.impact) if result.diff else None,
        removed=len(result.diff.removed) if result.diff and removes_much(result.diff) else 0,
        draft_version=drafts.version_of(result.diff.before if result.diff else zone, changes),
        form=form,
        confirm_choices=confirmations.CHOICES,
    )


def _describe(zone: Zone, change: Change, form: Form) -> dict[str, Any]:
    """Return a change for the template: the action, the record, and whether the submitted form did not show it."""
    version = form[drafts.VERSION_FIELD]
    change = {**change, "is_new": bool(version) and not is_in_version(version, change)}
    with reading():
        if "serial" in change:
            return {**change, **_describe_version(zone, change["serial"])}
        record = records.get_in(zone, UUID(change["uuid"])) if "uuid" in change else None
    if record is None:
        return {**change}
    stored = {
        "name": print_owner(record.owner, zone.name),
        "record_type": record.rdtype.name,
        "value": record.value,
        "priority": record.priority,
    }
    return {**stored, **change}


def _describe_version(zone: Zone, serial: int) -> dict[str, str]:
    """Return name and value that the draft shows of an undone or restored version."""
    found = versions.get(zone, serial)
    author = f"{print_time(found.created_at)} by {found.actor}"
    return {"name": f"version {serial}", "value": f"{author}: {found.comment}" if found.comment else author}


def _parse_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"there is no record {text!r}") from None
