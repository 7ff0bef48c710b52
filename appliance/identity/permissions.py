"""The names of permissions, and the rule that a token cannot create or revoke a token with more rights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network
from typing import TypeVar

from appliance.errors import InputError, NotPermitted
from appliance.principal import OPERATOR, Account, Network, Principal, TokenLimits, allows

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

_WILD = frozenset("*?[")


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


def refuse_wider(principal: Principal, permissions: Iterable[str], limits: TokenLimits) -> None:
    """Raise NotPermitted if such a token would have more rights than the token of the principal."""
    if principal.token is None:
        return
    if not all(allows(principal.permissions, permission) for permission in permissions):
        missing = sorted(one for one in permissions if not allows(principal.permissions, one))
        raise NotPermitted(f"this token does not have {', '.join(missing)} and cannot grant it")
    own = principal.limits
    for name, within in (
        ("expires_at", _within(limits.expires_at, own.expires_at, lambda new, held: new <= held)),
        ("allowed_networks", _within(limits.networks, own.networks, _networks_lie_in)),
        ("zones", _within(limits.zones, own.zones, frozenset.issubset)),
        ("record_types", _within(limits.record_types, own.record_types, _globs_lie_in)),
        ("record_names", _within(limits.record_names, own.record_names, _globs_lie_in)),
    ):
        if not within:
            raise NotPermitted(
                f"this token is limited by {name}: a token that it creates needs the same {name} or a narrower one"
            )


def glob_lies_in(glob: str, wide: str) -> bool:
    """Return whether `wide` matches everything that `glob` matches; False if that is not obvious."""
    plain = _WILD.isdisjoint(glob) or (_WILD.isdisjoint(wide.replace("*", "")) and "[" not in glob)
    return glob == wide or (plain and fnmatchcase(glob, wide))


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
