"""For operators: who has an account, and who is invited."""

from __future__ import annotations

from uuid import UUID

import flask
from flask import Response, request
from werkzeug.wrappers import Response as Answer

from appliance.console.forms import Form, sent_form
from appliance.console.pages import go_to, operators_only, page, pages
from appliance.console.session import current_session
from appliance.identity import membership
from appliance.store import accounts, invitations
from appliance.web.context import context, reading
from appliance.web.paging import neighbours, pager

ACCOUNTS, INVITED = 40, 40
"""Accounts on a page, and the newest invitations that are shown with them."""


@pages.get("/people/", endpoint="people")
@operators_only
def show_people() -> Response:
    """Every account, and every invitation that is open."""
    return _people_page(Form())


@pages.post("/people/invitations/")
@operators_only
def invite() -> Response:
    """A link for one person, shown this once."""
    form = sent_form()
    with form.refusing():
        is_admin = form["is_admin"] == "yes"
        made, secret = membership.invite(
            context().store, current_session().principal, form["email"], context().clock(), is_admin=is_admin
        )
        path = flask.url_for("console.invitation", secret=secret)
        return page("invited.html", invitation=made, link=request.host_url.removesuffix("/") + path)
    return _people_page(form, 400)


@pages.post("/people/invitations/<uuid:uuid>/withdraw/")
@operators_only
def withdraw(uuid: UUID) -> Answer:
    """The link is void."""
    membership.withdraw(context().store, current_session().principal, uuid, context().clock())
    return go_to("console.people", "The invitation is taken back.")


@pages.post("/people/<uuid:uuid>/disable/")
@operators_only
def disable(uuid: UUID) -> Answer:
    """No token and no session of the account is taken any more."""
    account = membership.disable(context().store, current_session().principal, uuid, context().clock())
    return go_to("console.people", f"{account.email} is disabled: signed out, and none of its tokens is taken.")


@pages.post("/people/<uuid:uuid>/enable/")
@operators_only
def enable(uuid: UUID) -> Answer:
    """The account may sign in again; what it held before stays void."""
    account = membership.enable(context().store, current_session().principal, uuid, context().clock())
    return go_to("console.people", f"{account.email} may sign in again, and needs new tokens.")


def _people_page(form: Form, status: int = 200) -> Response:
    search, shown = request.args.get("search", "").strip(), pager(ACCOUNTS)
    with reading():
        everyone, total = accounts.find_accounts(shown, search)
        invited = invitations.open_ones(context().clock())
    return page(
        "people.html",
        status,
        form=form,
        search=search,
        everyone=everyone,
        paging=neighbours(total, shown),
        invited=invited[:INVITED],
        more_invited=len(invited[INVITED:]),
    )
