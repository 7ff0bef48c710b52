"""The notice that the next page shows once: a text, and a button that reverts what the text reports.

It is carried in a cookie and signed, so that nobody can show a user a notice that this browser did not get.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import astuple, dataclass

import flask
from flask import Response, g, request

from appliance.console.session import current_session
from appliance.editing import Diff

COOKIE = "notice"


@dataclass(frozen=True, slots=True)
class Notice:
    """A text; with a `label`, also a button that sends a form with that `intent` to the path `action`."""

    text: str
    label: str = ""
    action: str = ""
    intent: str = ""


def saved(diff: Diff, *, to_confirm: bool = False) -> Notice:
    """Return the notice that the changes are saved, with a button to undo them if they are a version of the zone.

    What is `to_confirm` has other buttons on every page of the zone.
    """
    zone = diff.after
    if to_confirm and diff.changes:
        return Notice(f"Saved with serial {zone.serial}. Check what changed, and keep it in time.")
    if zone.serial == diff.before.serial:
        return Notice("Saved." if diff.changes else "No changes to save.")
    path = flask.url_for("console.version", uuid=zone.uuid, serial=zone.serial)
    return Notice(f"Saved with serial {zone.serial}.", "Undo", path, "undo")


def show_next(notice: Notice | str | None) -> None:
    """Let the next page show the notice."""
    g.notice = Notice(notice) if isinstance(notice, str) else notice


def save_notice(response: Response) -> None:
    """Set the cookie with the notice for the next page, or delete it once a page has shown it."""
    current = current_session()
    if g.get("notice"):
        text = base64.urlsafe_b64encode(json.dumps(astuple(g.notice)).encode()).decode()
        value = f"{text}.{_signature(text)}"
        response.set_cookie(COOKIE, value, max_age=60, httponly=True, samesite="Lax", secure=current.is_secure)
    elif COOKIE in request.cookies and not 300 <= response.status_code < 400:
        response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=current.is_secure)


def read_notice() -> Notice | None:
    """Return the notice of the cookie, None without a valid one."""
    text, _, signature = request.cookies.get(COOKIE, "").partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(text).encode()):
        return None
    try:
        return Notice(*json.loads(base64.urlsafe_b64decode(text)))
    except (binascii.Error, ValueError, TypeError):
        return None


def _signature(text: str) -> str:
    return current_session().sign(f"notice:{text}")
