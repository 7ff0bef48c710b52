"""Integrations: credentials for other programs, each with the configuration to paste, and what uses the account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from appliance.console.forms import Form, submitted_form
from appliance.console.pages import pages, redirect_to, render_page
from appliance.console.session import current_session
from appliance.console.token_scope import describe_scope
from appliance.console.tokens import LIFETIMES, TOKENS, UNUSED, choose, domains_of
from appliance.identity.policies import read_zone
from appliance.identity.tokens import read_max_unused, read_network, revoke_token
from appliance.integrations.client_credentials import CredentialRequest, create_credential
from appliance.integrations.configuration import Location, configure
from appliance.integrations.presets import GROUPS, get_preset, is_enabled
from appliance.integrations.protocols import PATHS, PROTOCOLS
from appliance.principal import Scope, Token, TokenLimits
from appliance.store import accounts, zones
from appliance.web.context import context, count_new_token, reading
from appliance.web.paging import neighbours, pager_within
from appliance.zones.names import print_domain, print_unicode

OFFERED = 100
"""Maximum number of zones in the list of the form; with more, their domains are typed."""


@pages.get("/account/integrations/", endpoint="integrations")
def show_integrations() -> Response:
    """Show the credentials of the account with their last uses, and the form for a new one."""
    return _integrations_page(Form(request.args))


@pages.post("/account/integrations/")
def create_integration() -> Response:
    """Create a credential, and show the configuration of its client once."""
    form, principal = submitted_form(), current_session().principal
    with form.collecting_errors():
        preset = get_preset(form["client"], context().settings.doors)
        wanted = CredentialRequest(
            preset, read_zone(form["zones"], "zones"), form.words("record_names"), form["name"], _limits(form)
        )
        count_new_token(principal)
        token, credential = create_credential(context().store, principal, wanted, context().clock())
        return render_page(
            "integration_created.html",
            preset=preset,
            token=token,
            credential=credential,
            snippets=configure(preset, _location(), credential),
            scope=describe_scope(token, dict.fromkeys(token.limits.visible_zones or (), credential.zone)),
        )
    return _integrations_page(form, 400)


@pages.post("/account/integrations/<uuid:uuid>/revoke/")
def revoke_integration(uuid: UUID) -> BaseResponse:
    """Revoke the token of a credential."""
    revoke_token(context().store, current_session().principal, uuid, context().clock())
    return redirect_to("console.integrations", "Credential revoked.")


def _integrations_page(form: Form, status: int = 200) -> Response:
    own = current_session().account.uuid
    with reading():
        tokens = accounts.active_tokens(own)
        shown = pager_within(len(tokens), TOKENS)
        listed = tokens[shown.offset :][: shown.size]
        domains = domains_of(listed)
        offered, total = zones.find(Scope(own), zones.Page(1, OFFERED))
    doors = context().settings.doors
    return render_page(
        "integrations.html",
        status,
        form=form,
        groups={title: [one for one in group if is_enabled(one.protocol, doors)] for title, group in GROUPS.items()},
        zones={print_domain(zone.name): print_unicode(zone.name) for zone in offered},
        has_more_zones=total > OFFERED,
        tokens=[(token, describe_scope(token, domains)) for token in listed],
        paging=neighbours(len(tokens), shown),
        protocols=PROTOCOLS,
        doors=_doors(tokens),
        lifetimes=LIFETIMES,
        unused=UNUSED,
        now=context().clock(),
    )


def _doors(tokens: Iterable[Token]) -> list[dict[str, object]]:
    """Return title and address of each protocol, "" if it is switched off, and the last call with one of the tokens."""
    settings, uses = context().settings.doors, [use for token in tokens for use in token.last_uses]
    return [
        {
            "title": title,
            "address": _address(key) if is_enabled(key, settings) else "",
            "used_at": max((used_at for door, used_at in uses if door == key), default=None),
        }
        for key, title in PROTOCOLS.items()
    ]


def _address(protocol: str) -> str:
    """Return the URL of a protocol, or the name and port of the listener for DNS UPDATE."""
    names = _location().names()
    if protocol in PATHS:
        return f"{names['url']}{PATHS[protocol]}"
    return f"{names['update_host']}:{names['update_port']}"


def _location() -> Location:
    return Location(request.host_url, context().settings.doors.update)


def _limits(form: Form) -> TokenLimits:
    days, unused = choose(form, "expires", LIFETIMES), choose(form, "max_unused", UNUSED)
    return TokenLimits(
        expires_at=context().clock() + timedelta(days=int(days)) if days else None,
        max_unused=read_max_unused(unused) if unused else None,
        networks=tuple(map(read_network, form.words("allowed_networks"))) or None,
    )
