"""Creation and revocation of API tokens, for API, console and command line."""

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

MAX_NAME = 100
"""Maximum number of characters of a token's name."""
MAX_TOKENS = 1000
"""Maximum number of tokens of an account."""
MAX_LIMITS = 100
"""Maximum number of networks, zones, types or names in one limit of a token."""
_GLOB = re.compile(r"[a-z0-9_.*?@/-]{1,255}")


def create_token(
    store: Store, principal: Principal, name: str, permissions: Iterable[str], limits: TokenLimits, now: datetime
) -> tuple[Token, str]:
    """Create a token of the principal's account; return it and its secret, which cannot be read again.

    Raise NotPermitted if it would have more rights than the principal's token.
    """
    _check(name, limits, now)
    granted = frozenset(permissions)
    with store.writing():
        if len(accounts.active_tokens(principal.account.uuid)) >= MAX_TOKENS:
            raise InputError(f"this account has {MAX_TOKENS} tokens, the most that are allowed: revoke one first")
        _check_zones(principal, limits)
        refuse_wider(principal, granted & frozenset(PERMISSIONS), limits)
        check_permissions(principal.account, granted)
        token, secret = accounts.create_token(principal.account, name, granted, now, limits)
        audit.append("token.create", principal.account.uuid, _subject(token), principal, now)
    return token, secret


def revoke_token(store: Store, principal: Principal, uuid: UUID, now: datetime) -> None:
    """Revoke a token, from the next request on.

    Raise NotFound if the account has no such token, NotPermitted if it has more rights than the principal's token.
    """
    with store.writing():
        token = accounts.get_token(principal.account.uuid, uuid)
        if not principal.token or token.uuid != principal.token.uuid:
            _refuse_revoking_wider(principal, token)
        accounts.revoke_token(uuid, now)
        audit.append("token.revoke", principal.account.uuid, _subject(token), principal, now)


def read_network(text: str) -> Network:
    """Return the network of a text; raise InputError if it is malformed or its host bits are not zero."""
    try:
        return ip_network(text)
    except ValueError as refused:
        raise InputError(f"{text!r} is not a network such as 192.0.2.0/24: {refused}", "allowed_networks") from None


def _refuse_revoking_wider(principal: Principal, token: Token) -> None:
    try:
        refuse_wider(principal, token.permissions, token.limits)
    except NotPermitted:
        raise NotPermitted("this token cannot revoke a token that has more rights") from None


def _check(name: str, limits: TokenLimits, now: datetime) -> None:
    refuse_control_characters(name, "name")
    if not 0 < len(name.strip()) <= MAX_NAME:
        raise InputError(f"the name of a token must have 1 to {MAX_NAME} characters, not {len(name.strip())}", "name")
    if limits.expires_at is not None and limits.expires_at <= now:
        raise InputError(f"expires_at must be in the future, not {limits.expires_at:%Y-%m-%dT%H:%M:%SZ}", "expires_at")
    for field, values in (
        ("allowed_networks", limits.networks),
        ("zones", limits.zones),
        ("record_types", limits.record_types),
        ("record_names", limits.record_names),
    ):
        if values is not None and not 0 < len(values) <= MAX_LIMITS:
            raise InputError(f"{field} must have 1 to {MAX_LIMITS} entries; omit it for no limit", field)
    _check_types(limits.record_types or ())
    for pattern in limits.record_names or ():
        if not _GLOB.fullmatch(pattern):
            raise InputError(f"{pattern!r} is not a pattern in lower case such as _acme-challenge.*", "record_names")


def _check_types(patterns: Iterable[str]) -> None:
    for pattern in patterns:
        if pattern not in {rdtype.name for rdtype in TYPES}:
            raise InputError(f"{pattern!r} is not a record type such as TXT", "record_types")


def _check_zones(principal: Principal, limits: TokenLimits) -> None:
    scope = Scope(None if principal.operator and principal.account.is_admin else principal.account.uuid)
    for uuid in limits.zones or ():
        if zones.get(uuid, scope) is None:
            raise InputError(f"this account has no zone with the uuid {uuid}", "zones")


def _subject(token: Token) -> str:
    return f"{token.prefix} ({token.name})"
