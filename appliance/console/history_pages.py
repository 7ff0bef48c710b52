"""The history of a zone: its versions, what one changed, how two differ, and drafts that undo or restore one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from appliance.console import drafts
from appliance.console.audit_events import DESCRIPTIONS
from appliance.console.forms import Form, as_sentence, submitted_form
from appliance.console.pages import pages, redirect_to, render_page
from appliance.console.session import current_session
from appliance.console.zones import get_zone, parse_integer
from appliance.errors import Conflict, InputError, NotFound
from appliance.render.zone_diff import diff_lines
from appliance.store import versions
from appliance.store.versions import ZoneVersion
from appliance.store.zones import Page
from appliance.web.context import context, reading
from appliance.web.paging import find_page, neighbours
from appliance.zones.changes import Change, changes_serial
from appliance.zones.model import Zone

VERSIONS = 50
"""Versions on a page."""
MOST_IN_THE_WAY = 50
"""Records that block an undo and are listed."""


@pages.get("/zones/<uuid:uuid>/history/", endpoint="zone_history")
def show_versions(uuid: UUID) -> Response:
    """Show the versions of the zone, newest first."""
    zone = get_zone(uuid)
    with reading():
        found, total, shown = find_page(VERSIONS, lambda page: versions.find(zone, page))
    restorable = [one.serial for one in found if one.restorable]
    return render_page(
        "zone_history.html",
        zone=zone,
        versions=found,
        descriptions=DESCRIPTIONS,
        chosen={"from": restorable[1:2], "to": restorable[:1]},
        paging=neighbours(total, shown),
    )


@pages.get("/zones/<uuid:uuid>/history/<int:serial>/", endpoint="version")
def show_version(uuid: UUID, serial: int) -> Response:
    """Show what a version changed."""
    return _version_page(get_zone(uuid), serial)


@pages.post("/zones/<uuid:uuid>/history/<int:serial>/", endpoint="bring_back")
def bring_back(uuid: UUID, serial: int) -> Response | BaseResponse:
    """Create a draft that undoes or restores the version, and show it; 409 with the reason if that is not possible."""
    zone, editor, principal = get_zone(uuid), context().editor, current_session().principal
    try:
        if submitted_form()["intent"] == "undo":
            diff = editor.undo_version(principal, uuid, serial, dry_run=True)
            change, is_whole, nothing = drafts.undo_change(serial), False, f"Version {serial} is undone already."
        else:
            diff = editor.restore_version(principal, uuid, serial, dry_run=True)
            change, is_whole, nothing = drafts.restore_change(serial), True, "The zone has these records already."
        if not diff.changes:
            return redirect_to("console.version", nothing, uuid=uuid, serial=serial)
        drafts.add(zone, [change], only_change=is_whole)
    except Conflict as conflict:
        return _version_page(zone, serial, conflict, 409)
    return redirect_to("console.draft", uuid=uuid)


@pages.get("/zones/<uuid:uuid>/history/compare/", endpoint="compare_versions")
def compare_versions(uuid: UUID) -> Response:
    """Show how two versions differ, by default the last two."""
    zone, form = get_zone(uuid), Form(MultiDict(request.args))
    shown: dict[str, Any] = {}
    with form.collecting_errors(), reading():
        newest, _ = versions.find(zone, Page(1, 2))
        for name, version in (("from", newest[-1]), ("to", newest[0])):
            form.values.setdefault(name, str(version.serial))
        before, after = (_requested_version(zone, form, name) for name in ("from", "to"))
        changes = versions.changes_between(zone, before, after)
        shown = {"before": before, "after": after, **_lines_of(zone, changes)}
    return render_page("version_compare.html", 400 if form.errors else 200, zone=zone, form=form, **shown)


def _requested_version(zone: Zone, form: Form, field: str) -> ZoneVersion:
    """Return the version whose serial the form has in that field; raise InputError if its records are not stored."""
    serial = parse_integer(form[field], field)
    try:
        version = versions.get(zone, serial)
        versions.require_restorable(version)
    except (NotFound, Conflict) as error:
        raise InputError(str(error), field) from None
    return version


def _version_page(zone: Zone, serial: int, conflict: Conflict | None = None, status: int = 200) -> Response:
    with reading():
        version = versions.get(zone, serial)
        changes = versions.changes_of(zone, version) if version.restorable else []
    findings = conflict.findings if conflict else ()
    return render_page(
        "version.html",
        status,
        zone=zone,
        one=version,
        description=DESCRIPTIONS.get(version.kind, version.kind),
        conflict=as_sentence(str(conflict)) if conflict else "",
        findings=findings[:MOST_IN_THE_WAY],
        more_findings=len(findings[MOST_IN_THE_WAY:]),
        **_lines_of(zone, changes),
    )


def _lines_of(zone: Zone, changes: Sequence[Change]) -> dict[str, Any]:
    """Return the changed lines of the zone file, and how many records changed in what it does not hold."""
    lines = diff_lines(zone.name, context().editor.apex, (zone.serial, zone.serial), changes)
    return {"lines": lines, "unseen": sum(not changes_serial(change) for change in changes)}
