"""Sign in, sign out, and accept an invitation."""

from __future__ import annotations

import logging

from flask import Response, current_app, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from appliance.console.forms import Form, submitted_form
from appliance.console.kept_forms import FIELD, read_kept, show_kept
from appliance.console.pages import NAVIGATION, local_path, pages, public, redirect_to, redirect_to_path, render_page
from appliance.console.session import current_session, switch_session
from appliance.console.sign_in_proof import create_proof, read_proof
from appliance.errors import InputError, NotFound
from appliance.identity import membership
from appliance.identity.sign_in import (
    CodeRequired,
    end_session,
    known_addresses,
    new_secret,
    refuse_too_long,
    sign_in,
    sign_in_with_code,
)
from appliance.store import invitations
from appliance.web.context import context, reading

log = logging.getLogger(__name__)

WRONG_CREDENTIALS = "wrong email or password"
WRONG_CODE = "wrong code, or a code that was already used"


@pages.get("/")
def home() -> BaseResponse:
    """Redirect to the first page of the navigation."""
    return redirect_to(next(endpoint for endpoint, _, _ in NAVIGATION if endpoint in current_app.view_functions))


@pages.get("/sign-in/", endpoint="sign_in")
@public
def show_sign_in() -> Response | BaseResponse:
    """Show the form; redirect a browser that is signed in."""
    if current_session().session:
        return redirect_to_path(local_path(request.args.get("next", "")))
    return render_page("sign_in.html", form=Form(MultiDict({"next": request.args.get("next", "")})))


@pages.post("/sign-in/")
@public
def try_sign_in() -> Response | BaseResponse:
    """Begin a session, or show the form for the code; the answer does not tell whether email or password is wrong."""
    form = submitted_form()
    with form.collecting_errors():
        found = _check_password(form)
        if isinstance(found, CodeRequired):
            return render_page("sign_in_code.html", form=form, proof=create_proof(found))
        return _begin(found, form)
    return render_page("sign_in.html", _status(form), form=form)


@pages.post("/sign-in/code/", endpoint="sign_in_code")
@public
def try_code() -> Response | BaseResponse:
    """Begin a session with a code of the second factor, after the password was right."""
    form = submitted_form()
    required = read_proof(form["proof"])
    if required is None:
        form.errors[""] = "The password was entered too long ago, or it was changed. Enter it again."
        return render_page("sign_in.html", 403, form=form)
    with form.collecting_errors():
        return _begin(_check_code(required, form["code"]), form)
    return render_page("sign_in_code.html", _status(form), form=form, proof=form["proof"])


@pages.post("/sign-out/")
@public
def sign_out() -> BaseResponse:
    """End the session; the browser forgets what it cached or stored of it."""
    _end_current_session()
    switch_session(new_secret())
    response = redirect_to("console.sign_in", "Signed out.")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@pages.get("/invitations/<secret>/", endpoint="invitation")
@public
def show_invitation(secret: str) -> Response:
    """Show the form in which an invited person chooses a password."""
    return render_page("invitation.html", form=Form(), invitation=_invitation(secret))


@pages.post("/invitations/<secret>/")
@public
def accept_invitation(secret: str) -> Response | BaseResponse:
    """Create the account with its password, and begin its first session."""
    form, invitation = submitted_form(), _invitation(secret)
    with form.collecting_errors(), context().limits.password_slots.known.slot():
        check_repeated_password(form)
        new_session = membership.accept(
            context().store, secret, form["password"], current_session().browser, context().clock()
        )
        _end_current_session()
        switch_session(new_session)
        return redirect_to("console.home", "Account created. Welcome.")
    return render_page("invitation.html", 400, form=form, invitation=invitation)


def check_repeated_password(form: Form) -> None:
    """Raise InputError unless both fields hold the same new password."""
    if form["password"] != form["again"]:
        raise InputError("the passwords do not match", "again")


def _check_password(form: Form) -> str | CodeRequired:
    """Return the secret of a new session, or CodeRequired; raise InputError if email or password is wrong."""
    email, password = form["email"], form["password"]
    refuse_too_long(email, password)
    browser, limits, now = current_session().browser, context().limits, context().clock()
    usual = known_addresses(context().store, email, now)
    with limits.sign_in(email, browser.address, usual) as forgive:
        found = sign_in(context().store, email, password, browser, now)
    if found is None:
        log.warning("event=sign-in-refused address=%s", browser.address)
        raise InputError(WRONG_CREDENTIALS)
    forgive()
    return found


def _check_code(required: CodeRequired, code: str) -> str:
    """Return the secret of a new session; raise InputError if the code is wrong."""
    browser, limits, now = current_session().browser, context().limits, context().clock()
    secret = sign_in_with_code(context().store, required, code, browser, now, limits.count_code)
    if secret is None:
        raise InputError(WRONG_CODE, "code")
    return secret


def _begin(secret: str, form: Form) -> Response | BaseResponse:
    """Give the browser its new session; show the form that was kept, or redirect to the page that was requested."""
    kept = read_kept(form[FIELD])  # signed for the session that ends
    _end_current_session()
    switch_session(secret)
    return show_kept(kept) if kept else redirect_to_path(local_path(form["next"]))


def _status(form: Form) -> int:
    """Return 403 for wrong credentials, 400 for malformed ones."""
    return 403 if form.errors.keys() & {"", "code"} else 400


def _invitation(secret: str) -> invitations.Invitation:
    with reading():
        found = invitations.find(secret, context().clock())
    if found is None:
        raise NotFound("this invitation has been used or revoked, or has expired")
    return found


def _end_current_session() -> None:
    current = current_session()
    if current.session:
        end_session(context().store, current.principal, current.session.uuid, context().clock())
