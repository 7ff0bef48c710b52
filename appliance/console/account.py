"""The account that is signed in: password, two-factor authentication, sessions and history."""

from __future__ import annotations

import re
from uuid import UUID

import segno
from flask import Response
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from appliance.console.audit_events import DESCRIPTIONS
from appliance.console.forms import Form, submitted_form
from appliance.console.pages import needed_first, pages, redirect_to, render_page
from appliance.console.session import current_session, switch_session
from appliance.console.sign_in import check_repeated_password
from appliance.identity import second_factor
from appliance.identity.sign_in import change_password, confirm, end_other_sessions, end_session
from appliance.principal import Scope
from appliance.store import audit, credentials, recovery_codes, sessions
from appliance.web.context import context, reading
from appliance.web.paging import find_page, neighbours

_SECRET = re.compile(r"[A-Z2-7]{32}")
ENTRIES = 50
"""Entries of the audit log on a page."""
SESSIONS = 50
"""Sessions that are shown, the most recently used first."""


@pages.get("/account/", endpoint="account")
def show_account() -> Response:
    """Show the account, its credentials and its sessions."""
    account = current_session().account
    with reading():
        stored = credentials.get(account.uuid)
        codes_left = recovery_codes.count_unused(account.uuid)
        found = sessions.of_account(account.uuid, context().clock())
    shown, more = found[:SESSIONS], len(found[SESSIONS:])
    return render_page("account.html", credentials=stored, codes_left=codes_left, sessions=shown, more=more)


@pages.get("/account/password/", endpoint="password")
@needed_first
def show_password() -> Response:
    """Show the form to change the password."""
    return render_page("password.html", form=Form())


@pages.post("/account/password/")
@needed_first
def set_password() -> Response | BaseResponse:
    """Change the password; all sessions end, and this browser gets a new one."""
    form, current = submitted_form(), current_session()
    with form.collecting_errors():
        check_repeated_password(form)
        _check_password(form["current"])
        switch_session(
            change_password(context().store, current.principal, form["password"], current.browser, context().clock())
        )
        return redirect_to("console.account", "Password changed. All other sessions are signed out.")
    return render_page("password.html", 400, form=form)


@pages.get("/account/second-factor/", endpoint="second_factor")
@needed_first
def show_second_factor() -> Response:
    """Show a new TOTP secret, or the form to turn two-factor authentication off."""
    return _second_factor_page(Form(), second_factor.new_secret(), is_on=_has_second_factor())


@pages.post("/account/second-factor/")
@needed_first
def enable_second_factor() -> Response | BaseResponse:
    """Turn two-factor authentication on; this requires the password and a valid code."""
    form = submitted_form()
    secret = form["secret"] if _SECRET.fullmatch(form["secret"]) else second_factor.new_secret()
    with form.collecting_errors():
        _check_password(form["current"])
        codes = second_factor.enable(
            context().store,
            current_session().principal,
            secret,
            form["code"],
            context().clock(),
            kept=current_session().uuid,
        )
        return render_page("recovery_codes_created.html", codes=codes)
    return _second_factor_page(form, secret, is_on=_has_second_factor(), status=400)


@pages.post("/account/second-factor/off/")
def disable_second_factor() -> Response | BaseResponse:
    """Turn two-factor authentication off; this requires the password and a code."""
    form, current = submitted_form(), current_session()
    with form.collecting_errors():
        _check_password(form["current"])
        now, take_code = context().clock(), context().limits.count_code
        second_factor.disable(context().store, current.principal, form["code"], now, take_code, kept=current.uuid)
        return redirect_to("console.account", "Two-factor authentication is off.")
    return _second_factor_page(form, "", is_on=True, status=400)


@pages.get("/account/recovery-codes/", endpoint="recovery_codes")
def show_recovery_codes() -> Response:
    """Show how many recovery codes are left, and the form for new ones."""
    return _recovery_codes_page(Form())


@pages.post("/account/recovery-codes/")
def renew_recovery_codes() -> Response:
    """Create new recovery codes, and show them once; this requires the password and a code."""
    form, current = submitted_form(), current_session()
    with form.collecting_errors():
        _check_password(form["current"])
        now, take_code = context().clock(), context().limits.count_code
        codes = second_factor.renew_recovery_codes(context().store, current.principal, form["code"], now, take_code)
        return render_page("recovery_codes_created.html", codes=codes)
    return _recovery_codes_page(form, 400)


@pages.post("/account/sessions/others/end/")
def sign_others_out() -> BaseResponse:
    """End all other sessions of the account."""
    current = current_session()
    if current.session:
        end_other_sessions(context().store, current.principal, current.session, context().clock())
    return redirect_to("console.account", "All other sessions are signed out.")


@pages.post("/account/sessions/<uuid:uuid>/end/")
def sign_one_out(uuid: UUID) -> BaseResponse:
    """End one session."""
    end_session(context().store, current_session().principal, uuid, context().clock())
    return redirect_to("console.account", "Session signed out.")


@pages.get("/account/audit/", endpoint="history")
def show_history() -> Response:
    """Show the audit log of the account and its zones, newest first."""
    scope = Scope(current_session().account.uuid)
    with reading():
        entries, total, shown = find_page(ENTRIES, lambda page: audit.find(scope, page))
    return render_page("history.html", entries=entries, descriptions=DESCRIPTIONS, paging=neighbours(total, shown))


def _recovery_codes_page(form: Form, status: int = 200) -> Response:
    with reading():
        left = recovery_codes.count_unused(current_session().account.uuid)
    return render_page("recovery_codes.html", status, form=form, is_on=_has_second_factor(), left=left)


def _has_second_factor() -> bool:
    with reading():
        return credentials.get(current_session().account.uuid).totp_secret is not None


def _check_password(password: str) -> None:
    """Raise InputError unless this is the password of the account; attempts are limited as for signing in."""
    current, address = current_session(), current_session().browser.address
    with context().limits.sign_in(current.account.email, address, usual={address}) as forgive:
        confirm(context().store, current.account, password)
        forgive()


def _second_factor_page(form: Form, secret: str, *, is_on: bool, status: int = 200) -> Response:
    uri = second_factor.address_for(secret, current_session().account.email) if secret else ""
    qr_code = segno.make(uri, error="m").svg_inline(scale=4, border=4, light="white", svgclass="qr") if secret else ""
    return render_page(
        "second_factor.html",
        status,
        form=form,
        is_on=is_on,
        secret=secret,
        uri=uri,
        qr_code=Markup(qr_code),  # noqa: S704 - an SVG path by segno, without any text of the user
    )
