"""The page that edits the records of a zone as text; what the text changes goes into the draft."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from werkzeug.wrappers import Response as BaseResponse

from appliance.console import drafts
from appliance.console.draft_diff import changes_of, diff_of_draft, with_notes_of
from appliance.console.editor_text import MAX_OCTETS, MAX_RECORDS, text_of
from appliance.console.file_changes import MOST_ERRORS, InvalidFile, LineError, diff_of_file
from appliance.console.forms import Form, submitted_form
from appliance.console.import_pages import review_import
from appliance.console.pages import pages, render_page
from appliance.console.zones import get_zone
from appliance.editing import Diff
from appliance.zones.model import Zone
from appliance.zones.zone_file_reader import decode_zone_file


@pages.get("/zones/<uuid:uuid>/text/", endpoint="zone_text")
def show_text(uuid: UUID) -> Response:
    """Show the records of the zone as text, as its draft would leave them."""
    zone, form = get_zone(uuid), Form()
    with form.collecting_errors():
        return _text_page(zone, form, text_of(zone, drafts.get_changes(zone)))
    return _text_page(zone, form, None, status=409)


@pages.post("/zones/<uuid:uuid>/text/")
def submit_text(uuid: UUID) -> Response | BaseResponse:
    """Let the draft turn the zone into the text, and review it; show the text again with its errors."""
    zone, form, problems = get_zone(uuid), submitted_form(), list[LineError]()
    text = decode_zone_file(form["text"].encode())
    with form.collecting_errors():
        try:
            diff = diff_of_file(zone, text, merge=False)
        except InvalidFile as invalid:
            problems = invalid.errors
        else:
            _put_into_draft(diff, form[drafts.VERSION_FIELD])
            return review_import(zone, diff)
    return _text_page(get_zone(uuid), form, text, problems, 409 if drafts.VERSION_FIELD in form.errors else 400)


def _put_into_draft(diff: Diff, version: str) -> None:
    """Let the draft do what the diff does, besides what it does to comments and expiries."""
    zone, changes, drafted = diff.before, diff.changes, drafts.get_changes(diff.before)
    if drafted:
        changes = with_notes_of(diff_of_draft(zone, drafted).changes, changes)
    drafts.replace(zone, changes_of(zone, changes), version, based_on=zone)


def _text_page(
    zone: Zone, form: Form, text: str | None, problems: list[LineError] | None = None, status: int = 200
) -> Response:
    draft = drafts.draft_of(zone)
    return render_page(
        "zone_text.html",
        status,
        zone=zone,
        form=form,
        text=text,
        problems=problems or [],
        most_errors=MOST_ERRORS,
        most_records=MAX_RECORDS,
        most_octets=MAX_OCTETS,
        has_draft=bool(draft.count),
        draft_version=draft.version if "draft_version" in form.errors or not form.values else form["draft_version"],
    )
