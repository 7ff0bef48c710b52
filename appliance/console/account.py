"""One's own account: password, second factor, sessions, and what was done."""

from __future__ import annotations

import re
from uuid import UUID

import segno
from flask import Response
from markupsafe import Markup
from werkzeug.wrappers import Response as Answer

from appliance.console.forms import Form, sent_form
from appliance.console.pages import go_to, page, pages
from appliance.console.session import become, current_session
from appliance.console.sign_in import refuse_unequal
from appliance.identity import second_factor
from appliance.identity.sign_in import change_password, confirm, end_others, end_session
from appliance.principal import Scope
from appliance.store import audit, credentials, sessions
from appliance.web.context import context, reading
from appliance.web.paging import neighbours, pager

_SECRET = re.compile(r"[A-Z2-7]{32}")
LINES = 50
"""Lines of the audit log on a page."""
BROWSERS = 50
"""Browsers that are shown, the one last used first."""


@pages.get("/account/", endpoint="account")
def show_account() -> Response:
    """The account, how it signs in, and where it is signed in."""
    account = current_session().account
    with reading():
        known = credentials.get(account.uuid)
        browsers = sessions.of_account(account.uuid, context().clock())
    return page("account.html", known=known, browsers=browsers[:BROWSERS], more=len(browsers[BROWSERS:]))


@pages.get("/account/password/", endpoint="password")
def show_password() -> Response:
    """The form for another password."""
    return page("password.html", form=Form())


@pages.post("/account/password/")
def set_password() -> Response | Answer:
    """Another password; every other browser is signed out, and this one goes on with a new session."""
    form, who = sent_form(), current_session()
    with form.refusing():
        refuse_unequal(form)
        _confirm(form["current"])
        become(change_password(context().store, who.principal, form["password"], who.browser, context().clock()))
        return go_to("console.account", "Your password is changed, and every other browser is signed out.")
    return page("password.html", 400, form=form)


@pages.get("/account/second-factor/", endpoint="second_factor")
def show_second_factor() -> Response:
    """A new secret for an authenticator, or the way to take the second factor off."""
    return _second_factor_page(Form(), second_factor.new_secret(), is_on=_has_second_factor())


@pages.post("/account/second-factor/")
def enable_second_factor() -> Response | Answer:
    """Codes are asked for from now on; the password is, before that."""
    form = sent_form()
    secret = form["secret"] if _SECRET.fullmatch(form["secret"]) else second_factor.new_secret()
    with form.refusing():
        _confirm(form["current"])
        second_factor.enable(context().store, current_session().principal, secret, form["code"], context().clock())
        return go_to("console.account", "From now on signing in asks for a code.")
    return _second_factor_page(form, secret, is_on=_has_second_factor(), status=400)


@pages.post("/account/second-factor/off/")
def disable_second_factor() -> Response | Answer:
    """No code is asked for any more; the password is, once more."""
    form = sent_form()
    with form.refusing():
        _confirm(form["current"])
        second_factor.disable(context().store, current_session().principal, context().clock())
        return go_to("console.account", "Signing in asks for no code any more.")
    return _second_factor_page(form, "", is_on=True, status=400)


@pages.post("/account/sessions/others/end/")
def sign_others_out() -> Answer:
    """Every other browser is signed out."""
    who = current_session()
    if who.session:
        end_others(context().store, who.principal, who.session, context().clock())
    return go_to("console.account", "Every other browser is signed out.")


@pages.post("/account/sessions/<uuid:uuid>/end/")
def sign_one_out(uuid: UUID) -> Answer:
    """One browser is signed out."""
    end_session(context().store, current_session().principal, uuid, context().clock())
    return go_to("console.account", "That browser is signed out.")


@pages.get("/account/audit/", endpoint="audit")
def show_audit() -> Response:
    """Who did what to the account and its zones, newest first."""
    shown = pager(LINES)
    with reading():
        entries, total = audit.find(Scope(current_session().account.uuid), shown)
    return page("audit.html", entries=entries, words=audit.KINDS, paging=neighbours(total, shown))


def _has_second_factor() -> bool:
    with reading():
        return credentials.get(current_session().account.uuid).totp_secret is not None


def _confirm(password: str) -> None:
    """InputError unless that is the password of whoever is signed in; a stolen session guesses no faster."""
    who, limits = current_session(), context().limits
    with limits.password_slot():
        forgive = limits.count_sign_in(who.account.email, who.browser.address)
        confirm(context().store, who.account, password)
        forgive()


def _second_factor_page(form: Form, secret: str, *, is_on: bool, status: int = 200) -> Response:
    address = second_factor.address_for(secret, current_session().account.email) if secret else ""
    drawn = segno.make(address, error="m").svg_inline(scale=4, border=4, light="white", svgclass="qr") if secret else ""
    return page(
        "second_factor.html",
        status,
        form=form,
        is_on=is_on,
        secret=secret,
        address=address,
        drawn=Markup(drawn),  # noqa: S704 - drawn by segno, with nothing of a user's in it but squares
    )
