"""Changes that wait: records chosen to be deleted, what is gathered for a zone, and saving it under one serial."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as Answer

from appliance.console import drafts
from appliance.console.drafts import Change
from appliance.console.forms import Form, sent_form
from appliance.console.pages import go_to, page, pages
from appliance.console.zones import read_whole, zone_at
from appliance.errors import NotFound
from appliance.store import records
from appliance.web.context import reading
from appliance.web.paging import neighbours, pager_within
from appliance.zones.model import Zone
from appliance.zones.names import print_owner

CHANGES = 50
"""Changes on a page."""


@pages.post("/zones/<uuid:uuid>/records/delete/", endpoint="records_delete")
def delete_records(uuid: UUID) -> Answer:
    """The chosen records are gathered to be deleted; the next page shows what that means."""
    zone, chosen = zone_at(uuid), sent_form().all("record")
    if not chosen:
        return go_to("console.zone", "Choose the records first.", uuid=uuid)
    with reading():
        known = [found for one in chosen if (found := records.get_in(zone, _uuid(one)))]
    return gather(zone, [drafts.deletion(record.uuid) for record in known])


@pages.get("/zones/<uuid:uuid>/changes/", endpoint="changes")
def show_changes(uuid: UUID) -> Response:
    """What is gathered for the zone, and what it comes to."""
    return _changes_page(zone_at(uuid))


@pages.post("/zones/<uuid:uuid>/changes/")
def settle_changes(uuid: UUID) -> Response | Answer:
    """Everything that is gathered is saved under one serial, or one of it taken out, or all thrown away."""
    zone, form = zone_at(uuid), sent_form()
    mark = form[drafts.SEEN]
    with form.refusing():
        if form["act"] == "discard":
            drafts.take_out(zone, mark)
            return go_to("console.zone", "What was gathered is thrown away; nothing was changed.", uuid=uuid)
        if form["act"].isdecimal():
            drafts.take_out(zone, mark, read_whole(form["act"], "act"))
            return go_to("console.changes", uuid=uuid, page=request.args.get("page"))
        diff = drafts.saved_as_seen(zone, mark, form["comment"])
        return go_to("console.zone", f"Saved under serial {diff.after.serial}.", uuid=uuid)
    return _changes_page(zone_at(uuid), form, 409 if drafts.SEEN in form.errors else 400)


def gather(zone: Zone, changes: list[Change]) -> Answer:
    """Let these changes wait with the others, and show them all."""
    drafts.add(zone, changes)
    return go_to("console.changes", uuid=zone.uuid)


def _changes_page(zone: Zone, form: Form | None = None, status: int = 200) -> Response:
    form, waiting = form or Form(), drafts.drafted(zone)
    shown, outcome = pager_within(len(waiting), CHANGES), drafts.result_of(zone, waiting)
    return page(
        "changes.html",
        status,
        zone=zone,
        waiting=[_described(zone, one, form) for one in waiting[shown.offset :][: shown.size]],
        paging=neighbours(len(waiting), shown),
        outcome=outcome,
        mark=drafts.mark_of(outcome.diff.before if outcome.diff else zone, waiting),
        form=form,
    )


def _described(zone: Zone, change: Change, form: Form) -> dict[str, Any]:
    """A gathered change for a person: what is done, to which record, and whether the form that was sent knew of it."""
    mark = form[drafts.SEEN]
    change = {**change, "is_new": bool(mark) and not drafts.is_in(mark, change)}
    with reading():
        record = records.get_in(zone, UUID(change["uuid"])) if "uuid" in change else None
    if record is None:
        return {**change, "was": None}
    shown = {
        "name": print_owner(record.owner, zone.name),
        "record_type": record.rdtype.name,
        "value": record.value,
        "priority": record.priority,
    }
    return {**shown, **change, "was": record}


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("there is no such record") from None
