"""Creation and revocation of API tokens, for API, console and command line."""

from __future__ import annotations

import hmac
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from uuid import UUID

from appliance.durations import parse_duration, print_duration
from appliance.errors import AuthenticationFailed, InputError, NotFound, NotPermitted
from appliance.identity.permissions import PERMISSIONS, check_permissions, refuse_wider
from appliance.identity.policies import print_policy
from appliance.keys import Key
from appliance.principal import Network, Policy, Principal, Scope, Token, TokenLimits, ZoneKey
from appliance.store import accounts, audit, zones
from appliance.store.file.database import Store
from appliance.zones.model import Zone
from appliance.zones.names import parse_domain, print_domain, refuse_control_characters
from appliance.zones.rdata import TYPES

MAX_NAME = 100
"""Maximum number of characters of a token's name."""
MAX_TOKENS = 1000
"""Maximum number of tokens of an account."""
MAX_LIMITS = 100
"""Maximum number of networks, zones, types, names or policies in one limit of a token."""
MIN_UNUSED, MAX_UNUSED = timedelta(seconds=1), timedelta(days=3650)
"""Bounds of `max_unused`."""
TSIG_ALGORITHM = "hmac-sha256"
"""The algorithm that is named for a TSIG key; the key works with hmac-sha384 and hmac-sha512 too."""
_GLOB = re.compile(r"[a-z0-9_.*?@/-]{1,255}")


def create_token(  # noqa: PLR0913 - what a token has, and who creates it
    store: Store,
    principal: Principal,
    name: str,
    permissions: Iterable[str],
    limits: TokenLimits,
    now: datetime,
    *,
    secret: str | None = None,
    with_tsig_key: bool = False,
    alongside: Callable[[Token], None] = lambda _created: None,
) -> tuple[Token, str]:
    """Create a token of the principal's account; return it and its secret, by default random, which is not stored.

    With `with_tsig_key` it has a TSIG key too. `alongside` is called in the transaction. Raise NotPermitted if it would
    have more rights than the principal's token, AuthenticationFailed if that was revoked meanwhile.
    """
    _check(name, now, limits)
    granted = frozenset(permissions)
    with store.writing():
        active = accounts.active_tokens(principal.account.uuid)
        _refuse_revoked(principal, active)
        if len(active) >= MAX_TOKENS:
            raise InputError(f"this account has {MAX_TOKENS} tokens, the most that are allowed: revoke one first")
        limits, domains = _find_zones(principal, limits)
        refuse_wider(principal, granted & frozenset(PERMISSIONS), limits, domains)
        check_permissions(principal.account, granted)
        creator = principal.token.uuid if principal.token else None
        created = accounts.create_token(
            principal.account,
            name,
            granted,
            now,
            limits,
            created_by=creator,
            secret=secret,
            with_tsig_key=with_tsig_key,
        )
        token = created[0]
        audit.append("token.create", principal.account.uuid, _subject(token), principal, now, _rights(token, domains))
        alongside(token)
    return created


def derive_secret(creator: str, salt: str) -> str:
    """Return a secret for a token that only who has the secret of its creator can derive again from the salt.

    By HMAC-SHA256. It ends with the secret of the creator: tokens are revoked with the one that created them.
    """
    derived = hmac.digest(creator.encode(), salt.encode(), "sha256")[: accounts.SECRET_OCTETS]
    return accounts.TOKEN_PREFIX + urlsafe_b64encode(derived).decode()


def tsig_key(token: Token, secret: str) -> Key:
    """Return the TSIG key of a token with that secret."""
    return Key(str(token.uuid), TSIG_ALGORITHM, b64encode(accounts.tsig_secret(secret)).decode())


def revoke_token(store: Store, principal: Principal, uuid: UUID, now: datetime) -> None:
    """Revoke a token and all that it created, from the next request on.

    Raise NotFound if the principal sees no such token, NotPermitted if it has more rights than the principal's token,
    unless it was created by that or by one of its family.
    """
    with store.writing():
        visible = visible_tokens(principal)
        token = _get(visible, uuid)
        if not principal.token or token not in _family(visible, principal.token.uuid):
            _refuse_revoking_wider(principal, token)
        for revoked in _family(visible, uuid):
            accounts.revoke_token(revoked.uuid, now)
            reason = "" if revoked is token else f"created by {token.prefix}"
            audit.append("token.revoke", principal.account.uuid, _subject(revoked), principal, now, reason)


def visible_tokens(principal: Principal) -> list[Token]:
    """Return the tokens of the account that are not revoked, oldest first, in a transaction or read.

    A token that is limited to zones or records sees only itself and those that it created.
    """
    found = accounts.active_tokens(principal.account.uuid)
    is_limited = principal.token and principal.limits.rules != (Policy(),)
    return _family(found, principal.token.uuid) if principal.token and is_limited else found


def get_token(principal: Principal, uuid: UUID) -> Token:
    """Return a visible token; raise NotFound if there is no such token."""
    return _get(visible_tokens(principal), uuid)


def _get(tokens: Iterable[Token], uuid: UUID) -> Token:
    found = next((token for token in tokens if token.uuid == uuid), None)
    if found is None:
        raise NotFound("there is no such token")
    return found


def _family(tokens: Iterable[Token], uuid: UUID) -> list[Token]:
    """Return those of the tokens, oldest first, that are that one or were created by it or one of its family."""
    family: dict[UUID, Token] = {}
    for token in tokens:
        if token.uuid == uuid or token.created_by in family:
            family[token.uuid] = token
    return list(family.values())


def read_network(text: str) -> Network:
    """Return the network of a text; raise InputError if it is malformed or its host bits are not zero."""
    try:
        return ip_network(text)
    except ValueError as refused:
        raise InputError(f"{text!r} is not a network such as 192.0.2.0/24: {refused}", "allowed_networks") from None


def read_max_unused(text: str) -> timedelta:
    """Return the duration of a text such as 90d; raise InputError if it is none."""
    found = parse_duration(text)
    if found is None:
        raise InputError(f"{text!r} is not a duration such as 90s, 15m, 12h or 30d", "max_unused")
    return found


def _refuse_revoking_wider(principal: Principal, token: Token) -> None:
    try:
        refuse_wider(principal, token.permissions, token.limits)
    except NotPermitted:
        raise NotPermitted("this token cannot revoke a token that has more rights") from None


def _refuse_revoked(principal: Principal, active: Collection[Token]) -> None:
    """Raise AuthenticationFailed if the token of the principal was revoked since its request was authenticated.

    A revocation takes along what a token has created, and would miss what it creates afterwards.
    """
    if principal.token and principal.token.uuid not in {token.uuid for token in active}:
        raise AuthenticationFailed("this token was revoked")


def _check(name: str, now: datetime, limits: TokenLimits) -> None:
    refuse_control_characters(name, "name")
    if not 0 < len(name.strip()) <= MAX_NAME:
        raise InputError(f"the name of a token must have 1 to {MAX_NAME} characters, not {len(name.strip())}", "name")
    if limits.expires_at is not None and limits.expires_at <= now:
        raise InputError(f"expires_at must be in the future, not {limits.expires_at:%Y-%m-%dT%H:%M:%SZ}", "expires_at")
    if limits.max_unused is not None and not MIN_UNUSED <= limits.max_unused <= MAX_UNUSED:
        raise InputError(
            f"max_unused must be {print_duration(MIN_UNUSED)} to {print_duration(MAX_UNUSED)},"
            f" not {print_duration(limits.max_unused)}",
            "max_unused",
        )
    _check_number("allowed_networks", limits.networks)
    _check_number("zones", limits.zones)
    _check_types("record_types", limits.record_types)
    _check_names("record_names", limits.record_names)
    _check_policies(limits)


def _check_policies(limits: TokenLimits) -> None:
    if limits.policies is None:
        return
    if (limits.zones, limits.record_types, limits.record_names) != (None, None, None):
        raise InputError("policies replace zones, record_types and record_names: leave these out", "policies")
    _check_number("policies", limits.policies)
    for index, policy in enumerate(limits.policies):
        _check_types(f"policies.{index}.types", policy.types)
        _check_names(f"policies.{index}.name", policy.names)


def _check_number(field: str, values: Collection[object] | None) -> None:
    if values is not None and not 0 < len(values) <= MAX_LIMITS:
        raise InputError(f"{field} must have 1 to {MAX_LIMITS} entries; omit it for no limit", field)


def _check_types(field: str, types: Collection[str] | None) -> None:
    _check_number(field, types)
    for name in types or ():
        if name not in {rdtype.name for rdtype in TYPES}:
            raise InputError(f"{name!r} is not a record type such as TXT", field)


def _check_names(field: str, patterns: Collection[str] | None) -> None:
    _check_number(field, patterns)
    for pattern in patterns or ():
        if not _GLOB.fullmatch(pattern):
            raise InputError(f"{pattern!r} is not a pattern in lower case such as _acme-challenge.*", field)


def _find_zones(principal: Principal, limits: TokenLimits) -> tuple[TokenLimits, dict[ZoneKey, str]]:
    """Return the limits with the uuids of zones that exist, and the domain of each; raise InputError for others.

    With `create_zones`, a policy may have the domain of a zone that does not exist.
    """
    scope = Scope(None if principal.operator and principal.account.is_admin else principal.account.uuid)
    domains: dict[ZoneKey, str] = {}

    def find(keys: frozenset[ZoneKey] | None, field: str, *, may_be_missing: bool = False) -> frozenset[ZoneKey] | None:
        found = {key: _find_zone(key, scope) for key in keys or ()}
        missing = [key for key, zone in found.items() if zone is None]
        if missing and not (may_be_missing and isinstance(missing[0], str)):
            raise InputError(f"this account has no zone {missing[0]}", field)
        domains.update({zone.uuid: print_domain(zone.name) for zone in found.values() if zone})
        return None if keys is None else frozenset(zone.uuid if zone else key for key, zone in found.items())

    may_be_missing = limits.create_zones is True
    policies = tuple(
        replace(policy, zones=find(policy.zones, f"policies.{index}.zone", may_be_missing=may_be_missing))
        for index, policy in enumerate(limits.policies or ())
    )
    return replace(limits, zones=find(limits.zones, "zones"), policies=policies or None), domains


def require_zone(principal: Principal, key: ZoneKey) -> Zone:
    """Return the zone of the principal's account; raise InputError if there is none, in a read of the store."""
    zone = _find_zone(key, Scope(principal.account.uuid))
    if zone is None:
        raise InputError(f"this account has no zone {key}", "zones")
    return zone


def _find_zone(key: ZoneKey, scope: Scope) -> Zone | None:
    return zones.get(key, scope) if isinstance(key, UUID) else zones.get_by_name(parse_domain(key), scope)


def _rights(token: Token, domains: Mapping[ZoneKey, str]) -> str:
    """Return permissions and limits of a token for the audit log, with the domains of its zones."""
    limits = token.limits
    named: dict[str, Iterable[object] | None] = {
        "permissions": sorted(token.permissions),
        "zones": limits.zones and sorted(domains.get(zone, str(zone)) for zone in limits.zones),
        "types": limits.record_types,
        "names": limits.record_names,
        "networks": limits.networks,
        "policies": limits.policies and [print_policy(policy, domains) for policy in limits.policies],
        "create zones": None if limits.create_zones is None else [limits.create_zones],
        "delete zones": None if limits.delete_zones is None else [limits.delete_zones],
        "max unused": [print_duration(limits.max_unused)] if limits.max_unused else None,
        "tsig key": ["yes"] if token.has_tsig_key else None,
        "expires": [f"{limits.expires_at:%Y-%m-%dT%H:%M:%SZ}"] if limits.expires_at else None,
    }
    return "; ".join(f"{name} {', '.join(map(str, values))}" for name, values in named.items() if values)


def _subject(token: Token) -> str:
    return f"{token.prefix} ({token.name})"
