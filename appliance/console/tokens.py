"""For developers: the account's API tokens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as Answer

from appliance.console.forms import Form, sent_form
from appliance.console.pages import go_to, page, pages
from appliance.console.session import current_session
from appliance.errors import InputError
from appliance.identity.permissions import grantable
from appliance.identity.tokens import create_token, read_network, revoke_token
from appliance.principal import Token, TokenLimits
from appliance.store import accounts, zones
from appliance.web.context import context, reading
from appliance.web.paging import neighbours, pager_within
from appliance.zones.names import parse_domain, print_domain

PERMISSION_TEXTS = {
    "dns:list": "List zones and records, and read each of them.",
    "dns:read": "Read one zone or record whose id is known, and what is served of it.",
    "dns:create": "Create zones and records.",
    "dns:update": "Change records, and settings of zones.",
    "dns:delete": "Delete zones and records.",
    "dns:*": "All of the above.",
    "account:read": "Read the list of tokens and the audit log.",
    "account:tokens": "Make and revoke tokens, never wider than itself.",
    "admin:*": "Everything, on every account.",
}
"""What each permission lets a token do."""
LIFETIMES = {"30": "30 days", "90": "90 days", "365": "1 year", "": "Never"}
"""Days after which a token ends."""
TOKENS, VALUES = 25, 5
"""Tokens on a page, and of each of their limits the values that are shown."""


@pages.get("/account/developers/", endpoint="developers")
def show_developers() -> Response:
    """The tokens of the account, and the form for another."""
    return _developers_page(Form())


@pages.post("/account/developers/")
def create() -> Response:
    """A new token; its secret is on this page, and never again."""
    form, who = sent_form(), current_session()
    with form.refusing():
        store, now = context().store, context().clock()
        made, secret = create_token(store, who.principal, form["name"], form.all("permissions"), _limits(form), now)
        return page("token_made.html", token=made, secret=secret, base=request.host_url)
    return _developers_page(form, 400)


@pages.post("/account/developers/<uuid:uuid>/revoke/")
def revoke(uuid: UUID) -> Answer:
    """The token is not taken from now on."""
    revoke_token(context().store, current_session().principal, uuid, context().clock())
    return go_to("console.developers", "The token is revoked.")


def _developers_page(form: Form, status: int = 200) -> Response:
    with reading():
        tokens = accounts.living_tokens(current_session().account.uuid)
        shown = pager_within(len(tokens), TOKENS)
        listed = tokens[shown.offset :][: shown.size]
        domains = _domains_of(listed)
    permissions = {name: PERMISSION_TEXTS[name] for name in grantable(current_session().principal)}
    now = context().clock()
    return page(
        "developers.html",
        status,
        form=form,
        tokens=listed,
        paging=neighbours(len(tokens), shown),
        values=VALUES,
        domains=domains,
        permissions=permissions,
        lifetimes=LIFETIMES,
        now=now,
    )


def _limits(form: Form) -> TokenLimits:
    """The limits that the form names; an empty field is no limit."""
    days = form["expires"]
    if days not in LIFETIMES:
        raise InputError("choose one of these", "expires")
    return TokenLimits(
        expires_at=context().clock() + timedelta(days=int(days)) if days else None,
        networks=tuple(map(read_network, form.words("allowed_networks"))) or None,
        zones=frozenset(map(_zone_uuid, form.words("zones"))) or None,
        record_types=tuple(word.upper() for word in form.words("record_types")) or None,
        record_names=tuple(word.lower() for word in form.words("record_names")) or None,
    )


def _zone_uuid(domain: str) -> UUID:
    name = parse_domain(domain.lower(), "zones")
    with reading():
        zone = zones.get_by_name(name, current_session().principal.scope)
    if zone is None:
        raise InputError(f"you have no zone {domain}", "zones")
    return zone.uuid


def _domains_of(tokens: Iterable[Token]) -> dict[UUID, str]:
    """The domains of the zones that tokens are shown to be limited to; a deleted one has none any more."""
    uuids = {uuid for token in tokens for uuid in list(token.zones or ())[:VALUES]}
    found = {uuid: zones.get(uuid, current_session().principal.scope) for uuid in uuids}
    return {uuid: print_domain(zone.name) for uuid, zone in found.items() if zone}
