"""The pages that import a zone file into the draft of a zone: from a file, a text, or a transfer."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from werkzeug.wrappers import Response as BaseResponse

from appliance.console import drafts
from appliance.console.draft_diff import changes_of, diff_of_draft
from appliance.console.draft_version import Change
from appliance.console.file_changes import MOST_ERRORS, InvalidFile, LineError, diff_of_file
from appliance.console.file_sources import TRANSFER_OCTETS, TRANSFER_SECONDS, text_from
from appliance.console.forms import Form, submitted_form
from appliance.console.pages import pages, redirect_to, render_page
from appliance.console.zones import get_zone
from appliance.editing import Diff
from appliance.keys import ALGORITHMS
from appliance.web.context import context, reading
from appliance.web.front_doors import MAX_BODY
from appliance.zones.changes import Create
from appliance.zones.model import Zone

MODES = (
    (
        "merge",
        "Merge",
        "Add the records of the file, and remove nothing. A record set of both gets the TTL of the file.",
    ),
    ("replace", "Replace", "Replace all records of the zone with those of the file."),
)
"""Value, label and hint of what an import does to the records that the zone has."""


@pages.get("/zones/<uuid:uuid>/import/", endpoint="zone_import")
def show_import(uuid: UUID) -> Response:
    """Show the form to import a zone file."""
    return _import_page(get_zone(uuid), Form())


@pages.post("/zones/<uuid:uuid>/import/")
def submit_import(uuid: UUID) -> Response | BaseResponse:
    """Put what the file would do into the draft, and review it; show the form with the errors of the file."""
    zone, form, text, problems = get_zone(uuid), submitted_form(), "", list[LineError]()
    with form.collecting_errors():
        text, merge = form["text"], form["mode"] != "replace"
        text = text_from(form, zone)
        try:
            diff = diff_of_file(zone, text, merge=merge, skip_refused=form["skip"] == "yes")
        except InvalidFile as invalid:
            problems = invalid.errors
        else:
            _put_into_draft(zone, diff, form, merge=merge)
            return review_import(zone, diff)
    return _import_page(zone, form, text, problems, 409 if drafts.VERSION_FIELD in form.errors else 400)


def review_import(zone: Zone, diff: Diff) -> Response | BaseResponse:
    """Show what the import leaves out, if anything, else the draft."""
    left_out = [warning for warning in diff.warnings if warning.code == "passed-over"]
    has_draft = bool(drafts.draft_of(zone).count)
    if left_out:
        return render_page("zone_imported.html", zone=zone, left_out=left_out, has_draft=has_draft)
    if not has_draft:
        return redirect_to("console.zone", "The zone has all records of the file already.", uuid=zone.uuid)
    return redirect_to("console.draft", uuid=zone.uuid)


def _put_into_draft(zone: Zone, diff: Diff, form: Form, *, merge: bool) -> None:
    if merge:
        drafts.add(zone, _not_drafted(zone, diff))
    else:
        drafts.replace(zone, changes_of(zone, diff.changes), form[drafts.VERSION_FIELD])


def _not_drafted(zone: Zone, diff: Diff) -> list[Change]:
    """Return the changes of the diff without the records that the draft adds already."""
    drafted = drafts.get_changes(zone)
    added = {record.key for record in diff_of_draft(zone, drafted).added} if drafted else set()
    changes = zip(changes_of(zone, diff.changes), diff.changes, strict=True)
    return [change for change, one in changes if not (isinstance(one, Create) and one.record.key in added)]


def _import_page(
    zone: Zone, form: Form, text: str = "", problems: list[LineError] | None = None, status: int = 200
) -> Response:
    with reading():
        draft = drafts.draft_of(zone)
    what = "The name or IP address" if context().settings.dns.resolver else "The IP address"
    where = f"{what} of a server that allows transfers to this appliance."
    return render_page(
        "zone_import.html",
        status,
        zone=zone,
        form=form,
        text=text,
        problems=problems or [],
        most_errors=MOST_ERRORS,
        most_octets=MAX_BODY,
        modes=MODES,
        algorithms=[(name, name) for name in ALGORITHMS],
        has_draft=bool(draft.count),
        draft_version=draft.version,
        server_hint=f"{where} Up to {TRANSFER_OCTETS // 1024} KiB within {TRANSFER_SECONDS:g} seconds.",
    )
