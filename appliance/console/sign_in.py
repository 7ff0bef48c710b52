"""The way in and out: signing in, signing out, taking an invitation up."""

from __future__ import annotations

import logging

from flask import Response, current_app, request
from werkzeug.wrappers import Response as Answer

from appliance.console.forms import Form, sent_form
from appliance.console.pages import NAVIGATION, go, go_to, open_to_all, page, pages, path_here
from appliance.console.session import become, current_session
from appliance.errors import InputError, NotFound
from appliance.identity import membership
from appliance.identity.sign_in import end_session, new_secret, sign_in
from appliance.store import credentials, invitations
from appliance.web.context import context, reading

log = logging.getLogger(__name__)

REFUSED = "mail address, password or code is wrong"


@pages.get("/")
def home() -> Answer:
    """The first page that there is."""
    return go_to(next(endpoint for endpoint, _, _ in NAVIGATION if endpoint in current_app.view_functions))


@pages.get("/sign-in/", endpoint="sign_in")
@open_to_all
def show_sign_in() -> Response | Answer:
    """The form; who is signed in goes on."""
    if current_session().session:
        return go(path_here(request.args.get("next", "")))
    return page("sign_in.html", form=Form(request.args))


@pages.post("/sign-in/")
@open_to_all
def try_sign_in() -> Response | Answer:
    """A new session for the right words; else the form again, the same whatever was wrong."""
    form, who, limits = sent_form(), current_session(), context().limits
    with form.refusing(), limits.password_slot():
        forgive = limits.count_sign_in(form["email"], who.browser.address)
        typed, now = (form["email"], form["password"], form["code"]), context().clock()
        secret = sign_in(context().store, *typed, who.browser, now, limits.count_code)
        if secret is None:
            log.warning("event=sign-in-refused address=%s", who.browser.address)
            raise InputError(REFUSED)
        forgive()
        _leave()
        become(secret)
        return go(path_here(form["next"]), _reminder())
    return page("sign_in.html", 403 if form.errors.get("") else 400, form=form)


@pages.post("/sign-out/")
@open_to_all
def sign_out() -> Answer:
    """The session is void from now on."""
    _leave()
    become(new_secret())
    return go_to("console.sign_in", "You are signed out.")


@pages.get("/invitations/<secret>/", endpoint="invitation")
@open_to_all
def show_invitation(secret: str) -> Response:
    """The form of someone who was invited."""
    return page("invitation.html", form=Form(), invitation=_invitation(secret))


@pages.post("/invitations/<secret>/")
@open_to_all
def accept_invitation(secret: str) -> Response | Answer:
    """The account, its password, and its first session."""
    form, invitation = sent_form(), _invitation(secret)
    with form.refusing(), context().limits.password_slot():
        refuse_unequal(form)
        first = membership.accept(
            context().store, secret, form["password"], current_session().browser, context().clock()
        )
        _leave()
        become(first)
        return go_to("console.home", "Welcome. This account is yours.")
    return page("invitation.html", 400, form=form, invitation=invitation)


def refuse_unequal(form: Form) -> None:
    """InputError unless the new password was typed twice."""
    if form["password"] != form["again"]:
        raise InputError("the two passwords are not the same", "again")


def _invitation(secret: str) -> invitations.Invitation:
    with reading():
        found = invitations.find(secret, context().clock())
    if found is None:
        raise NotFound("this invitation was used, taken back, or has expired")
    return found


def _reminder() -> str | None:
    """What there is to say to someone who signs in with a password that another chose."""
    with reading():
        known = credentials.get(current_session().account.uuid)
    return "Your password was made for you: choose your own under Account." if known.is_first else None


def _leave() -> None:
    who = current_session()
    if who.session:
        end_session(context().store, who.principal, who.session.uuid, context().clock())
