"""Changes that are reverted unless somebody confirms them: the choice of a time, a banner, and the decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from werkzeug.wrappers import Response as BaseResponse

from appliance.console.forms import Form, as_sentence, submitted_form
from appliance.console.pages import pages, redirect_to
from appliance.console.session import current_session
from appliance.console.zones import get_zone
from appliance.editing import Diff
from appliance.errors import InputError, NotFound
from appliance.store import pending_changes, versions
from appliance.web.context import context, reading
from appliance.zones.model import Zone

FIELD = "confirm_within"
"""The form field with the time to confirm, in seconds."""
CHOICES = (
    ("", "no time: keep the changes"),
    ("60", "1 minute"),
    ("300", "5 minutes"),
    ("900", "15 minutes"),
    ("3600", "1 hour"),
)
"""Values of the field with their labels."""
MOST_SHOWN = 3
"""Unconfirmed changes that the banner of a zone shows, those that are due first."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """An unconfirmed change: its uuid, its serial, when it is reverted, and the seconds until then."""

    change_id: UUID
    serial: int
    due_at: datetime
    seconds: int


def requested_time(form: Form) -> timedelta | None:
    """Return the time to confirm that was chosen, None if the changes are kept; raise InputError for another one."""
    if form[FIELD] not in dict(CHOICES):
        raise InputError("choose one of the listed times", FIELD)
    return timedelta(seconds=int(form[FIELD])) if form[FIELD] else None


def unconfirmed(zone: Zone) -> list[Unconfirmed]:
    """Return the changes of the zone that the banner shows."""
    now = context().clock()
    with reading():
        found = pending_changes.of_zone(zone)[:MOST_SHOWN]
    return [
        Unconfirmed(one.change_id, one.serial, one.due_at, max(0, int((one.due_at - now).total_seconds())))
        for one in found
    ]


def print_time_left(seconds: int) -> str:
    """Return the time in its two largest units, such as `4 min 12 s`; the script of the console prints it alike."""
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


@pages.post("/zones/<uuid:uuid>/unconfirmed/<uuid:change>/", endpoint="decide_change")
def decide_change(uuid: UUID, change: UUID) -> BaseResponse:
    """Confirm the change, or revert it now; 409 if it was decided meanwhile."""
    zone, editor, principal = get_zone(uuid), context().editor, current_session().principal
    with reading():
        pending = pending_changes.get(change)
    if pending is None or pending.zone != zone.uuid:
        raise NotFound("this zone has no such change to confirm")
    if submitted_form()["intent"] == "keep":
        editor.confirm_change(principal, uuid, change)
        return redirect_to("console.zone", f"Version {pending.serial} is confirmed and stays.", uuid=uuid)
    return redirect_to("console.zone", _reverted(editor.revert_change(principal, pending), pending.serial), uuid=uuid)


def _reverted(diff: Diff, serial: int) -> str:
    """Return what was reverted, and what not because it changed since."""
    if not diff.changes:
        return f"Version {serial} is closed: everything that it changed has changed since, and stays."
    with reading():
        return as_sentence(versions.get(diff.after, diff.after.serial).comment)
