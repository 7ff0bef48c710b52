"""The API tokens of the account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from appliance.console.forms import Form, submitted_form
from appliance.console.pages import pages, redirect_to, render_page
from appliance.console.session import current_session
from appliance.durations import print_duration
from appliance.errors import InputError
from appliance.identity.permissions import grantable
from appliance.identity.policies import PRESETS, print_policy, read_policy, read_zone, with_preset
from appliance.identity.tokens import create_token, read_max_unused, read_network, revoke_token, tsig_key
from appliance.integrations.protocols import PROTOCOLS
from appliance.principal import Token, TokenLimits, ZoneKey
from appliance.store import accounts, zones
from appliance.web.context import context, count_new_token, reading
from appliance.web.paging import neighbours, pager_within
from appliance.zones.names import print_domain

PERMISSION_TEXTS = {
    "dns:list": "List and read zones and records.",
    "dns:read": "Read single zones and records: also deployment, DNSSEC, warnings, history and zone file.",
    "dns:create": "Create zones and records.",
    "dns:update": "Change records and zone settings, DNSSEC too; restore and undo versions.",
    "dns:delete": "Delete zones and records.",
    "dns:*": "All of the above.",
    "account:read": "List tokens and read the audit log.",
    "account:tokens": "Create and revoke tokens, limited to its own permissions.",
    "admin:*": "Full access to every account.",
}
"""The description of each permission."""
UNUSED = {"": "Never", "30d": "After 30 days", "90d": "After 90 days", "365d": "After 1 year"}
"""Durations without use after which a token is void, and the label of each choice."""
RIGHTS: Mapping[str, tuple[str, bool | None]] = {
    "": ("As the permissions say", None),
    "yes": ("Yes", True),
    "no": ("No", False),
}
"""The choices for a right besides the permissions: label and value."""
LIFETIMES = {"30": "30 days", "90": "90 days", "365": "1 year", "": "Never"}
"""Days until a token expires, and the label of each choice."""
TOKENS, VALUES = 25, 5
"""Tokens on a page, and values shown of each limit of a token."""


@pages.get("/account/developers/", endpoint="tokens")
def show_tokens() -> Response:
    """Show the tokens of the account, and the form for a new one."""
    return _tokens_page(Form())


@pages.post("/account/developers/")
def create() -> Response:
    """Create a token, and show its secret once."""
    form, principal = submitted_form(), current_session().principal
    with form.collecting_errors():
        store, now = context().store, context().clock()
        permissions, limits = with_preset(form["preset"], form.all("permissions"), _limits(form))
        with_key = form["tsig"] == "yes"
        count_new_token(principal)
        token, secret = create_token(store, principal, form["name"], permissions, limits, now, with_tsig_key=with_key)
        key = tsig_key(token, secret).statement() if with_key else ""
        return render_page("token_created.html", token=token, secret=secret, key=key, base=request.host_url)
    return _tokens_page(form, 400)


@pages.post("/account/developers/<uuid:uuid>/revoke/")
def revoke(uuid: UUID) -> BaseResponse:
    """Revoke a token."""
    revoke_token(context().store, current_session().principal, uuid, context().clock())
    return redirect_to("console.tokens", "Token revoked.")


def _tokens_page(form: Form, status: int = 200) -> Response:
    with reading():
        tokens = accounts.active_tokens(current_session().account.uuid)
        shown = pager_within(len(tokens), TOKENS)
        listed = tokens[shown.offset :][: shown.size]
        domains = domains_of(listed)
    permissions = {name: PERMISSION_TEXTS[name] for name in grantable(current_session().principal)}
    now = context().clock()
    return render_page(
        "tokens.html",
        status,
        form=form,
        tokens=listed,
        paging=neighbours(len(tokens), shown),
        values=VALUES,
        domains=domains,
        permissions=permissions,
        lifetimes=LIFETIMES,
        presets={name: preset.label for name, preset in PRESETS.items()},
        unused=UNUSED,
        has_listener=context().settings.doors.update is not None,
        rights={name: label for name, (label, _) in RIGHTS.items()},
        print_policy=print_policy,
        protocols=PROTOCOLS,
        duration=print_duration,
        now=now,
    )


def _limits(form: Form) -> TokenLimits:
    """Return the limits in the form; an empty field means no limit."""
    days, unused = choose(form, "expires", LIFETIMES), choose(form, "max_unused", UNUSED)
    return TokenLimits(
        expires_at=context().clock() + timedelta(days=int(days)) if days else None,
        max_unused=read_max_unused(unused) if unused else None,
        create_zones=RIGHTS[choose(form, "create_zones", RIGHTS)][1],
        delete_zones=RIGHTS[choose(form, "delete_zones", RIGHTS)][1],
        policies=tuple(read_policy(line, "policies") for line in form["policies"].splitlines() if line.strip()) or None,
        networks=tuple(map(read_network, form.words("allowed_networks"))) or None,
        zones=frozenset(read_zone(word, "zones") for word in form.words("zones")) or None,
        record_types=tuple(word.upper() for word in form.words("record_types")) or None,
        record_names=tuple(word.lower() for word in form.words("record_names")) or None,
    )


def choose(form: Form, field: str, choices: Mapping[str, object]) -> str:
    """Return the submitted choice; raise InputError if it is not among the choices."""
    if form[field] not in choices:
        raise InputError("choose one of the options", field)
    return form[field]


def domains_of(tokens: Iterable[Token]) -> dict[ZoneKey, str]:
    """Return the domains of the zones to which tokens are limited and that are shown; deleted zones are left out."""
    rules = [rule for token in tokens for rule in token.limits.rules[:VALUES] if rule.zones]
    uuids = {key for rule in rules for key in list(rule.zones or ())[:VALUES] if isinstance(key, UUID)}
    found = {uuid: zones.get(uuid, current_session().principal.scope) for uuid in uuids}
    return {uuid: print_domain(zone.name) for uuid, zone in found.items() if zone}
