"""Making and revoking API tokens, for the API, the console and the command line alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from ipaddress import ip_network
from uuid import UUID

from appliance.errors import InputError, NotPermitted
from appliance.identity.permissions import PERMISSIONS, check_permissions, refuse_wider
from appliance.principal import Network, Principal, Scope, Token, TokenLimits
from appliance.store import accounts, audit, zones
from appliance.store.file.database import Store
from appliance.zones.names import refuse_control_characters
from appliance.zones.rdata import TYPES

LONGEST_NAME = 100
"""Characters of a token's name."""
MOST_TOKENS = 1000
"""Tokens that an account may have at a time."""
MOST_LIMITS = 100
"""Zones, networks, types or names that a token may be limited to."""
_GLOB = re.compile(r"[a-z0-9_.*?@/-]{1,255}")


def create_token(
    store: Store, principal: Principal, name: str, permissions: Iterable[str], limits: TokenLimits, now: datetime
) -> tuple[Token, str]:
    """A new token of the principal's account, and its secret, told this once; NotPermitted where it would be wider."""
    _check(name, limits, now)
    granted = frozenset(permissions)
    with store.writing():
        if len(accounts.living_tokens(principal.account.uuid)) >= MOST_TOKENS:
            raise InputError(f"an account has {MOST_TOKENS} tokens at most: revoke some")
        _check_zones(principal, limits)
        refuse_wider(principal, granted & frozenset(PERMISSIONS), limits)
        check_permissions(principal.account, granted)
        token, secret = accounts.create_token(principal.account, name, granted, now, limits)
        audit.append("token.create", principal.account.uuid, _called(token), principal, now)
    return token, secret


def revoke_token(store: Store, principal: Principal, uuid: UUID, now: datetime) -> None:
    """The token is not taken from the next request on; NotFound when the account has none, NotPermitted if wider."""
    with store.writing():
        token = accounts.get_token(principal.account.uuid, uuid)
        if not principal.token or token.uuid != principal.token.uuid:
            _refuse_revoking_wider(principal, token)
        accounts.revoke_token(uuid, now)
        audit.append("token.revoke", principal.account.uuid, _called(token), principal, now)


def read_network(text: str) -> Network:
    """The network of that text, whose host bits are zero; InputError when it is none."""
    try:
        return ip_network(text)
    except ValueError as refused:
        raise InputError(f"{text!r} is not a network such as 192.0.2.0/24: {refused}", "allowed_networks") from None


def _refuse_revoking_wider(principal: Principal, token: Token) -> None:
    try:
        refuse_wider(principal, token.permissions, token.limits)
    except NotPermitted:
        raise NotPermitted("this token cannot revoke one that reaches further than itself") from None


def _check(name: str, limits: TokenLimits, now: datetime) -> None:
    refuse_control_characters(name, "name")
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise InputError(f"a name has 1 to {LONGEST_NAME} characters", "name")
    if limits.expires_at is not None and limits.expires_at <= now:
        raise InputError("a token cannot have expired already", "expires_at")
    for field, values in (
        ("allowed_networks", limits.networks),
        ("zones", limits.zones),
        ("record_types", limits.record_types),
        ("record_names", limits.record_names),
    ):
        if values is not None and not 0 < len(values) <= MOST_LIMITS:
            raise InputError(f"{field} names 1 to {MOST_LIMITS}; leave it out for no such limit", field)
    _check_types(limits.record_types or ())
    for pattern in limits.record_names or ():
        if not _GLOB.fullmatch(pattern):
            raise InputError(f"{pattern!r} is no pattern such as _acme-challenge.* in lower case", "record_names")


def _check_types(patterns: Iterable[str]) -> None:
    for pattern in patterns:
        if pattern not in {rdtype.name for rdtype in TYPES}:
            raise InputError(f"{pattern!r} is not a record type such as TXT", "record_types")


def _check_zones(principal: Principal, limits: TokenLimits) -> None:
    scope = Scope(None if principal.operator and principal.account.is_admin else principal.account.uuid)
    for uuid in limits.zones or ():
        if zones.get(uuid, scope) is None:
            raise InputError(f"{uuid} is not the uuid of a zone of this account", "zones")


def _called(token: Token) -> str:
    return f"{token.prefix} ({token.name})"
