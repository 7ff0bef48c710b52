"""The blueprint of all pages, rendering a page, and redirects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import flask
from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from appliance import __version__
from appliance.console.notices import Notice, read_notice, show_next
from appliance.console.session import current_session
from appliance.web.context import context

pages = Blueprint("console", __name__, template_folder="templates", static_folder="static", static_url_path="/static")

NAVIGATION = (
    ("console.zones", "Zones", False),
    ("console.dashboard", "Dashboard", True),
    ("console.integrations", "Integrations", False),
    ("console.tokens", "API tokens", False),
    ("console.people", "Accounts", True),
    ("console.account", "Account", False),
)
"""Endpoint, label, and whether only operators see it; an endpoint that does not exist has no link."""

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a page as public; every other one requires a session."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def needed_first(view: View) -> View:
    """Mark a page that is shown before the account has a password of its own and a required second factor."""
    view.is_needed_first = True  # type: ignore[attr-defined]
    return view


def operators_only(view: View) -> View:
    """Mark a page as one for operators; for others it does not exist."""
    view.is_for_operators = True  # type: ignore[attr-defined]
    return view


def render_page(template: str, status: int = 200, **context: Any) -> Response:  # noqa: ANN401 - what the template shows
    """Render a page, with the context that every page needs."""
    current = current_session()
    context |= {
        "console_session": current,
        "session": current.session,
        "notice": read_notice(),
        "navigation": _navigation(),
        "version": __version__,
    }
    return flask.make_response(flask.render_template(template, **context), status)


def redirect_to_path(path: str, notice: Notice | str | None = None) -> BaseResponse:
    """Redirect to a path of the console, where the notice is shown once."""
    show_next(notice)
    return flask.redirect(path, 303)


def redirect_to(endpoint: str, notice: Notice | str | None = None, **values: Any) -> BaseResponse:  # noqa: ANN401 - Flask's own
    """Redirect to an endpoint, where the notice is shown once."""
    return redirect_to_path(flask.url_for(endpoint, **values), notice)


def local_path(text: str) -> str:
    """Return the text if it is a path of this host, else the path of the home page."""
    is_local = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if is_local else flask.url_for("console.home")


def print_age(since: datetime) -> str:
    """Return the time since then, in seconds."""
    return f"{max(0, int((context().clock() - since).total_seconds()))} s"


def print_time(time: datetime | None) -> str:
    """Return the time to the minute, in UTC; "Never" for None."""
    return time.strftime("%Y-%m-%d %H:%M UTC") if time else "Never"


def _navigation() -> list[tuple[str, str, bool]]:
    """Return the path and label of each link, and whether it is the current page."""
    session = current_session().session
    links = {
        flask.url_for(endpoint): label
        for endpoint, label, is_for_operators in NAVIGATION
        if session and endpoint in flask.current_app.view_functions
        if session.account.is_admin or not is_for_operators
    }
    active = max(filter(request.path.startswith, links), key=len, default=None)
    return [(path, label, path == active) for path, label in links.items()]
