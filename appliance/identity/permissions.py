"""The names of permissions, and the rule that a token cannot create or revoke a token with more rights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType
from typing import TypeVar

from appliance.errors import InputError, NotPermitted
from appliance.identity.policies import glob_lies_in, lies_within_writes
from appliance.principal import OPERATOR, Account, Network, Principal, TokenLimits, ZoneKey, allows

T = TypeVar("T")

PERMISSIONS = (
    "dns:list",
    "dns:read",
    "dns:create",
    "dns:update",
    "dns:delete",
    "dns:*",
    "account:read",
    "account:tokens",
    OPERATOR,
)

RIGHTS = MappingProxyType({"create_zones": "dns:create", "delete_zones": "dns:delete"})
"""The rights besides the permissions, and the permission that decides where a token does not set them."""


def check_permissions(account: Account, permissions: frozenset[str]) -> None:
    """Raise InputError unless a token of the account may have these permissions."""
    for permission in permissions:
        if permission not in PERMISSIONS:
            raise InputError(f"{permission!r} is not a permission; choose from {', '.join(PERMISSIONS)}", "permissions")
    if not permissions:
        raise InputError(f"a token needs at least one permission; choose from {', '.join(PERMISSIONS)}", "permissions")
    if OPERATOR in permissions and not account.is_admin:
        raise InputError(
            f"{account.email} is not an operator: only operators may have tokens with {OPERATOR}", "permissions"
        )


def grantable(principal: Principal) -> tuple[str, ...]:
    """Return the permissions that the principal may grant to a token."""
    return tuple(permission for permission in PERMISSIONS if allows(principal.permissions, permission))


def refuse_wider(
    principal: Principal,
    permissions: Iterable[str],
    limits: TokenLimits,
    domains: Mapping[ZoneKey, str] = MappingProxyType({}),
) -> None:
    """Raise NotPermitted if such a token would have more rights than the token of the principal.

    `domains` has the domains of the zones in its policies.
    """
    permissions = frozenset(permissions)
    if principal.token is None:
        return
    if not all(allows(principal.permissions, permission) for permission in permissions):
        missing = sorted(one for one in permissions if not allows(principal.permissions, one))
        raise NotPermitted(f"this token does not have {', '.join(missing)} and cannot grant it")
    own = principal.limits
    for name, permission in RIGHTS.items():
        if _has_right(name, permission, permissions, limits) and not _has_right(
            name, permission, principal.permissions, own
        ):
            raise NotPermitted(f"this token cannot grant {name}, which it does not have: set it to false")
    _refuse_wider_limits(
        ("expires_at", _within(limits.expires_at, own.expires_at, lambda new, held: new <= held)),
        ("allowed_networks", _within(limits.networks, own.networks, _networks_lie_in)),
        ("max_unused", _within(limits.max_unused, own.max_unused, lambda new, held: new <= held)),
    )
    if own.policies or limits.policies:
        _refuse_wider_policies(limits, own, domains)
    else:
        _refuse_wider_older_limits(limits, own)


def _has_right(name: str, permission: str, permissions: frozenset[str], limits: TokenLimits) -> bool:
    right: bool | None = getattr(limits, name)
    return allows(permissions, permission) if right is None else right


def _refuse_wider_policies(limits: TokenLimits, own: TokenLimits, domains: Mapping[ZoneKey, str]) -> None:
    if not limits.policies:
        raise NotPermitted("this token is limited by policies: a token that it creates needs policies too")
    for index, policy in enumerate(limits.policies):
        if not lies_within_writes(policy, own.rules, domains):
            raise NotPermitted(f"policies.{index} matches records that this token may not write, and cannot grant")


def _refuse_wider_older_limits(limits: TokenLimits, own: TokenLimits) -> None:
    _refuse_wider_limits(
        ("zones", _within(limits.zones, own.zones, frozenset.issubset)),
        ("record_types", _within(limits.record_types, own.record_types, _globs_lie_in)),
        ("record_names", _within(limits.record_names, own.record_names, _globs_lie_in)),
    )


def _refuse_wider_limits(*limits: tuple[str, bool]) -> None:
    for name, within in limits:
        if not within:
            raise NotPermitted(
                f"this token is limited by {name}: a token that it creates needs the same {name} or a narrower one"
            )


def _within(new: T | None, own: T | None, lies_in: Callable[[T, T], bool]) -> bool:
    return own is None or (new is not None and lies_in(new, own))


def _networks_lie_in(new: Sequence[Network], own: Sequence[Network]) -> bool:
    return all(any(_lies_in_network(one, wide) for wide in own) for one in new)


def _lies_in_network(one: Network, wide: Network) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(wide, IPv4Network) and one.subnet_of(wide)
    return isinstance(wide, IPv6Network) and one.subnet_of(wide)


def _globs_lie_in(new: Sequence[str], own: Sequence[str]) -> bool:
    return all(any(glob_lies_in(one, wide) for wide in own) for one in new)
