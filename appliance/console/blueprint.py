"""The routes of the console behind the check of the session, its static files, and its error pages."""

from __future__ import annotations

import http
from typing import cast

import flask
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from appliance.console import (
    account,
    confirmations,
    dashboard,
    deleted_zones,
    deployment,
    dnssec_pages,
    draft_pages,
    drafts,
    export,
    history_pages,
    import_pages,
    integration_pages,
    people,
    record_list,
    records,
    sign_in,
    text_editor,
    tokens,
    zones,
)
from appliance.console.forms import as_sentence
from appliance.console.kept_forms import answer_unsent
from appliance.console.notices import save_notice
from appliance.console.pages import pages, print_age, print_time, redirect_to, render_page
from appliance.console.session import (
    CSRF_FIELD,
    current_session,
    find_session,
    has_csrf_token,
    is_form,
    note_use,
    set_session_cookie,
)
from appliance.console.truncate import DIFF_MARKUP, break_at_dots, count_fitting, truncate
from appliance.console.zone_state import explain, state_of
from appliance.errors import ApplianceError
from appliance.store.sessions import Session
from appliance.web import error_responses
from appliance.web.context import context, open_connection
from appliance.web.error_status import log_fault, retry_after_of, status_of
from appliance.web.front_doors import MAX_BODY
from appliance.web.host_names import refuse_unknown_host
from appliance.zones.names import print_display, print_domain, print_owner, print_unicode

PAGES = (
    sign_in,
    zones,
    deleted_zones,
    record_list,
    records,
    draft_pages,
    history_pages,
    import_pages,
    integration_pages,
    text_editor,
    export,
    confirmations,
    deployment,
    dnssec_pages,
    dashboard,
    account,
    tokens,
    people,
)
"""The modules that add their pages to the blueprint when they are imported."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
TOO_LARGE = (
    f"This form is larger than {MAX_BODY // 1024} KiB, and nothing was changed. For a large zone file, use the call "
    "PUT /api/v1/dns-zones/{zone}/zonefile/ or the command dns-appliance zone import."
)
"""The answer to a form that is larger than the console accepts."""
_STATIC_CACHE_CONTROL = "public, max-age=86400"
_STATIC_ENDPOINT = "console.static"


def register(app: Flask) -> None:
    """Add the console to the application."""
    app.register_blueprint(pages)


@pages.before_request
def check_access() -> BaseResponse | None:
    """Redirect to the sign-in page without a session, and keep a form; raise UnknownHost for another host name."""
    if request.endpoint == _STATIC_ENDPOINT:
        return None
    refuse_unknown_host()
    open_connection()
    find_session()
    view = flask.current_app.view_functions[request.endpoint or ""]
    session, is_public = current_session().session, hasattr(view, "is_public")
    if is_form() and not (has_csrf_token() and (session or is_public)):
        return answer_unsent(is_public=is_public)
    note_use()
    if session is None and not is_public:
        return redirect_to("console.sign_in", next=request.full_path.removesuffix("?"))
    if hasattr(view, "is_for_operators") and not (session and session.account.is_admin):
        raise NotFound
    if session and not is_public and not hasattr(view, "is_needed_first"):
        return _due_step(session)
    return None


def _due_step(session: Session) -> BaseResponse | None:
    """Redirect to the page on which the account must get a password of its own or a second factor, if it must."""
    if session.has_first_password:
        return redirect_to("console.password", "Choose your own password: somebody else chose the current one.")
    rule = context().settings.identity.require_second_factor
    if rule.applies_to(session.account) and not session.has_second_factor:
        return redirect_to("console.second_factor", "This appliance requires two-factor authentication: set it up.")
    return None


@pages.after_request
def set_headers(response: Response) -> Response:
    """Set the security headers and cookies of a page, and the caching of a static file."""
    if request.endpoint == _STATIC_ENDPOINT:
        response.headers["Cache-Control"] = _STATIC_CACHE_CONTROL
        return response
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "same-origin"
    if "console_session" in flask.g:
        save_notice(response)
        set_session_cookie(response)
    return response


@pages.context_processor
def _in_templates() -> dict[str, object]:
    names = {"domain": print_domain, "unicode": print_unicode, "display": print_display, "owner": print_owner}
    texts = {
        "truncate": truncate,
        "count_fitting": count_fitting,
        "diff_markup": DIFF_MARKUP,
        "break_at_dots": break_at_dots,
        "sentence": as_sentence,
    }
    return {
        "other_owner": zones.other_owner,
        "state_of": state_of,
        "explain": explain,
        "unconfirmed": confirmations.unconfirmed,
        "time_left": confirmations.print_time_left,
        "time": print_time,
        "age": print_age,
        "csrf_field": CSRF_FIELD,
        "draft_of": drafts.draft_of,
        **names,
        **texts,
    }


@pages.errorhandler(ApplianceError)
def show_error(error: ApplianceError) -> Response:
    """Return the page of an error of the appliance."""
    status = status_of(error)
    if status is None:
        return show_internal_error(error)
    response, seconds = _error_page(status, as_sentence(str(error))), retry_after_of(error)
    if seconds:
        response.headers["Retry-After"] = seconds
    return response


@pages.errorhandler(HTTPException)
def show_http_error(error: HTTPException) -> Response:
    """Return the page of an HTTP error; a form that is too large is answered with 400."""
    if isinstance(error, RequestEntityTooLarge):
        return _error_page(400, TOO_LARGE)
    response = _error_page(error.code or 500, error.description or error.name)
    response.headers.extend([header for header in error.get_headers() if header[0] in ("Allow", "Retry-After")])
    return response


@pages.errorhandler(Exception)
def show_internal_error(error: Exception) -> Response:
    """Return the page of an internal error."""
    return _error_page(500, f"Internal error. The log has details under reference {log_fault(error)}.")


def answer_unclaimed(error: Exception) -> Response:
    """Return the response for an error at a path that nothing claims: a page for a browser, else JSON.

    Only a client that names text/html gets a page, and only for an unknown path or a wrong method.
    """
    is_page = isinstance(error, NotFound | MethodNotAllowed) and "text/html" in request.accept_mimetypes.values()
    if not is_page:
        return error_responses.answer_error(error)
    try:
        refuse_unknown_host()
        if "console_session" not in flask.g:
            find_session()
    except ApplianceError as refused:
        return set_headers(show_error(refused))
    return set_headers(show_http_error(cast(HTTPException, error)))


def _error_page(status: int, text: str) -> Response:
    title = http.HTTPStatus(status).phrase.capitalize()
    if "console_session" in flask.g:
        return render_page("error.html", status, title=title, text=text)
    return flask.make_response(flask.render_template("error.html", title=title, text=text), status)
