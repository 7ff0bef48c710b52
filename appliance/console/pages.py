"""The blueprint of all pages, how a page is shown, and what is told on the next one."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import flask
from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as Answer

from appliance import __version__
from appliance.console.session import current_session
from appliance.web.context import context

pages = Blueprint("console", __name__, template_folder="templates", static_folder="static", static_url_path="/static")

NAVIGATION = (
    ("console.zones", "Zones", False),
    ("console.dashboard", "Dashboard", True),
    ("console.developers", "Developers", False),
    ("console.people", "People", True),
    ("console.account", "Account", False),
)
"""Endpoint, word, and whether operators alone see it; a page that is not there has no link."""
NOTICE = "notice"
"""The cookie that carries what is told on the next page."""

View = TypeVar("View", bound=Callable[..., Any])


def open_to_all(view: View) -> View:
    """Mark a page that needs no session; every other one does."""
    view.is_open = True  # type: ignore[attr-defined]
    return view


def operators_only(view: View) -> View:
    """Mark a page that only operators have; for others it is not there."""
    view.is_operators = True  # type: ignore[attr-defined]
    return view


def page(template: str, status: int = 200, **context: Any) -> Response:  # noqa: ANN401 - what the template shows
    """A page, with what every page has."""
    who = current_session()
    context |= {
        "visitor": who,
        "session": who.session,
        "notice": _read_notice(),
        "navigation": _navigation(),
        "version": __version__,
    }
    return flask.make_response(flask.render_template(template, **context), status)


def go(path: str, notice: str | None = None) -> Answer:
    """On to another page here, where the notice is shown once."""
    g.notice = notice
    return flask.redirect(path, 303)


def go_to(endpoint: str, notice: str | None = None, **values: Any) -> Answer:  # noqa: ANN401 - Flask's own
    """On to the page of that endpoint."""
    return go(flask.url_for(endpoint, **values), notice)


def path_here(text: str) -> str:
    """The path that a link asks to go on to, where it is one of ours; else the first page."""
    is_ours = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if is_ours else flask.url_for("console.home")


def keep_notice(answer: Response) -> None:
    """Let the next page show the notice, and this one the last."""
    who = current_session()
    if g.get("notice"):
        text = base64.urlsafe_b64encode(g.notice.encode()).decode()
        value = f"{text}.{_seal(text)}"
        answer.set_cookie(NOTICE, value, max_age=60, httponly=True, samesite="Lax", secure=who.is_secure)
    elif NOTICE in request.cookies and not 300 <= answer.status_code < 400:
        answer.delete_cookie(NOTICE, httponly=True, samesite="Lax", secure=who.is_secure)


def print_age(since: datetime) -> str:
    """How long ago that was, for a person."""
    return f"{max(0, int((context().clock() - since).total_seconds()))} s"


def print_moment(moment: datetime | None) -> str:
    """A moment for a person."""
    return moment.strftime("%Y-%m-%d %H:%M UTC") if moment else "never"


def _read_notice() -> str | None:
    text, _, seal = request.cookies.get(NOTICE, "").partition(".")
    if not hmac.compare_digest(seal.encode(), _seal(text).encode()):
        return None
    try:
        return base64.urlsafe_b64decode(text).decode()
    except (binascii.Error, ValueError):
        return None


def _seal(text: str) -> str:
    return current_session().seal(f"notice:{text}")


def _navigation() -> list[tuple[str, str, bool]]:
    """Path and word of each link, and whether it leads to where we are."""
    session = current_session().session
    shown = {
        flask.url_for(endpoint): word
        for endpoint, word, is_operators in NAVIGATION
        if session and endpoint in flask.current_app.view_functions
        if session.account.is_admin or not is_operators
    }
    here = max(filter(request.path.startswith, shown), key=len, default=None)
    return [(path, word, path == here) for path, word in shown.items()]
