"""The console put together: its pages behind their guard, its files, and its errors."""

from __future__ import annotations

import http

import flask
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Response as Answer

from appliance.console import account, dashboard, deployment, draft_pages, people, records, sign_in, tokens, zones
from appliance.console.pages import go_to, keep_notice, page, pages, print_age, print_moment
from appliance.console.session import FIELD, current_session, give_cookie, meet
from appliance.console.truncate import cut, fitting
from appliance.errors import ApplianceError
from appliance.web.context import open_connection
from appliance.web.error_status import log_fault, retry_after_of, status_of
from appliance.web.host_names import refuse_unknown_host
from appliance.zones.names import print_domain, print_owner, print_unicode

PAGES = (sign_in, zones, records, draft_pages, deployment, dashboard, account, tokens, people)
"""The modules whose pages the blueprint has, once they are imported."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_FILES_KEPT = "public, max-age=86400"
_FILES = "console.static"


def register(app: Flask) -> None:
    """Give the application its console."""
    app.register_blueprint(pages)


@pages.before_request
def guard() -> Answer | None:
    """Let nobody past who calls us by a foreign name, or is not signed in, unless the page is open to all."""
    if request.endpoint == _FILES:
        return None
    refuse_unknown_host()
    open_connection()
    meet()
    view = flask.current_app.view_functions[request.endpoint or ""]
    session = current_session().session
    if session is None and not hasattr(view, "is_open"):
        wanted = request.full_path.removesuffix("?") if request.method == "GET" else None
        return go_to("console.sign_in", next=wanted)
    if hasattr(view, "is_operators") and not (session and session.account.is_admin):
        raise NotFound
    return None


@pages.after_request
def dress(answer: Response) -> Response:
    """What every page carries, so that nothing of another is run or framed."""
    if request.endpoint == _FILES:
        answer.headers["Cache-Control"] = _FILES_KEPT
        return answer
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Referrer-Policy"] = "same-origin"
    if "visitor" in flask.g:
        keep_notice(answer)
        give_cookie(answer)
    return answer


@pages.context_processor
def _in_templates() -> dict[str, object]:
    names = {"domain": print_domain, "unicode": print_unicode, "owner": print_owner}
    kept_brief = {"cut": cut, "fitting": fitting}
    return {"moment": print_moment, "age": print_age, "form_token_field": FIELD, **names, **kept_brief}


@pages.errorhandler(ApplianceError)
def show_refusal(error: ApplianceError) -> Response:
    """The page of what the appliance refuses."""
    status = status_of(error)
    if status is None:
        return show_fault(error)
    answer, seconds = _error_page(status, str(error)), retry_after_of(error)
    if seconds:
        answer.headers["Retry-After"] = seconds
    return answer


@pages.errorhandler(HTTPException)
def show_http_error(error: HTTPException) -> Response:
    """The page of what Flask or the guard refuses; too large a form is a wrong one."""
    status = 400 if isinstance(error, RequestEntityTooLarge) else error.code or 500
    answer = _error_page(status, error.description or error.name)
    answer.headers.extend([one for one in error.get_headers() if one[0] in ("Allow", "Retry-After")])
    return answer


@pages.errorhandler(Exception)
def show_fault(error: Exception) -> Response:
    """The page of a fault of ours."""
    return _error_page(500, f"The appliance failed; its log tells why under the reference {log_fault(error)}.")


def _error_page(status: int, text: str) -> Response:
    title = http.HTTPStatus(status).phrase
    if "visitor" in flask.g:
        return page("error.html", status, title=title, text=text)
    return flask.make_response(flask.render_template("error.html", title=title, text=text), status)
