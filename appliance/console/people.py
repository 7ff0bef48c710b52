"""For operators: accounts and invitations."""

from __future__ import annotations

from uuid import UUID

import flask
from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from appliance.console.forms import Form, submitted_form
from appliance.console.pages import operators_only, pages, redirect_to, render_page
from appliance.console.session import current_session
from appliance.identity import membership
from appliance.store import accounts, invitations
from appliance.web.context import context, reading
from appliance.web.paging import find_page, neighbours

ACCOUNTS, INVITATIONS = 40, 40
"""Accounts on a page, and invitations that are shown with them, the newest first."""


@pages.get("/people/", endpoint="people")
@operators_only
def show_people() -> Response:
    """Show the accounts and the pending invitations."""
    return _people_page(Form())


@pages.post("/people/invitations/")
@operators_only
def invite() -> Response:
    """Create an invitation, and show its link once."""
    form = submitted_form()
    with form.collecting_errors():
        is_admin = form["is_admin"] == "yes"
        invitation, secret = membership.invite(
            context().store, current_session().principal, form["email"], context().clock(), is_admin=is_admin
        )
        path = flask.url_for("console.invitation", secret=secret)
        return render_page(
            "invitation_created.html", invitation=invitation, link=request.host_url.removesuffix("/") + path
        )
    return _people_page(form, 400)


@pages.post("/people/invitations/<uuid:uuid>/withdraw/")
@operators_only
def revoke_invitation(uuid: UUID) -> BaseResponse:
    """Revoke an invitation."""
    membership.withdraw(context().store, current_session().principal, uuid, context().clock())
    return redirect_to("console.people", "Invitation revoked.")


@pages.post("/people/<uuid:uuid>/disable/")
@operators_only
def disable(uuid: UUID) -> BaseResponse:
    """Disable an account: its sessions and tokens are revoked."""
    account = membership.disable(context().store, current_session().principal, uuid, context().clock())
    return redirect_to("console.people", f"{account.email} is disabled. Its sessions and tokens are revoked.")


@pages.post("/people/<uuid:uuid>/enable/")
@operators_only
def enable(uuid: UUID) -> BaseResponse:
    """Enable an account; sessions and tokens from before remain revoked."""
    account = membership.enable(context().store, current_session().principal, uuid, context().clock())
    return redirect_to("console.people", f"{account.email} is enabled. Its former tokens remain revoked.")


def _people_page(form: Form, status: int = 200) -> Response:
    search = request.args.get("search", "").strip()
    with reading():
        found, total, shown = find_page(ACCOUNTS, lambda page: accounts.find_accounts(page, search))
        pending = invitations.pending(context().clock())
    return render_page(
        "people.html",
        status,
        form=form,
        search=search,
        accounts=found,
        paging=neighbours(total, shown),
        invitations=pending[:INVITATIONS],
        more_invitations=len(pending[INVITATIONS:]),
    )
