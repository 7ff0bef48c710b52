"""A submitted form that is kept, in hidden fields, because its session has ended or its page is from before sign-in.

The form is never carried out by signing in: its user sees it again and sends it with a button. It is signed, so that
nobody can show a user a form that this browser has not sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import flask
from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import Forbidden, HTTPException

from appliance.console.forms import Form
from appliance.console.pages import local_path, render_page
from appliance.console.session import CSRF_FIELD, current_session, has_csrf_token, is_same_origin
from appliance.console.signed_text import read_signed_text, sign_text
from appliance.console.truncate import MAX_LINES, count_fitting

FIELD = "kept"
"""The hidden field of the sign-in form that holds the form in JSON, signed."""
SECRETS = frozenset({"password", "again", "current", "code", "secret", "proof"})
"""Fields whose content is secret: a form with text in one is not kept."""
LIFETIME = timedelta(hours=12)
"""Time to sign in and see the form again."""
_PURPOSE = "kept-form"
_HIDDEN = frozenset({"revision", "draft_version"})
_EXPIRED = "This form has expired. Reload the page and try again."


@dataclass(frozen=True, slots=True)
class KeptForm:
    """The path of a form and its fields, in their order."""

    path: str
    fields: tuple[tuple[str, str], ...]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """The label and text of each field that decides what the form does: all but the version that it is based on."""
        fields = ((name, text) for name, text in self.fields if text and name not in _HIDDEN)
        return [(name.removeprefix("part_").replace("_", " ").capitalize(), text) for name, text in fields]


def answer_unsent(*, is_public: bool) -> Response:
    """Return the page for a form without a session or a valid CSRF token: to sign in, or to send the form again.

    Raise Forbidden if another site may have sent the form, or if it is not kept and cannot be sent after signing in.
    """
    if is_same_origin() and request.path == flask.url_for("console.sign_in"):
        form = Form(MultiDict({name: request.form.get(name, "") for name in ("email", "next", FIELD)}))
        if read_kept(form[FIELD]) is None:
            del form.values[FIELD]
        form.errors[""] = "This page had expired. Enter your password again."
        return render_page("sign_in.html", 403, form=form)
    if is_public or not (has_csrf_token() or is_same_origin()):
        raise Forbidden(_EXPIRED)
    kept = _keep()
    if current_session().session is None:
        path = request.path if _is_page(request.path) else ""
        return render_page("sign_in.html", 403, form=Form(MultiDict({"next": path, FIELD: kept})))
    found = read_kept(kept)
    if found is None:
        raise Forbidden(_EXPIRED)
    return show_kept(found, 403)


def read_kept(text: str) -> KeptForm | None:
    """Return the form that the hidden field holds; None if this browser has sent no such form, or long ago."""
    try:
        path, fields = json.loads(read_signed_text(_PURPOSE, text) or "")
        kept = KeptForm(local_path(path), tuple((str(name), str(value)) for name, value in fields))
    except (ValueError, TypeError, AttributeError):
        return None
    return kept if kept.path == path and not _has_secret(kept.fields) else None


def show_kept(kept: KeptForm, status: int = 200) -> Response:
    """Show the form again, with a button that sends it."""
    return render_page("form_kept.html", status, kept=kept)


def _keep() -> str:
    """Return the form of this request for the hidden field; "" if it has a secret or is too large for a page."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != CSRF_FIELD]
    text = json.dumps((request.full_path.removesuffix("?"), fields))
    is_small = count_fitting(["", text], MAX_LINES) == 2
    return sign_text(_PURPOSE, text, LIFETIME) if is_small and not _has_secret(fields) else ""


def _has_secret(fields: Iterable[tuple[str, str]]) -> bool:
    return any(name in SECRETS and text for name, text in fields)


def _is_page(path: str) -> bool:
    """Return whether a GET request for the path shows a page."""
    try:
        flask.current_app.url_map.bind("").match(path, "GET")
    except HTTPException:
        return False
    return True
