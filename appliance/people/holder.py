"""Who asks for something about accounts and tokens, and how far what they hold reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network
from typing import TypeVar

from appliance.errors import NotPermitted
from appliance.store.accounts import PERMISSIONS, Account, Network, Token, TokenLimits
from appliance.store.journal import Actor

T = TypeVar("T")

_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Holder:
    """A person at the console or command line, whom their account alone limits, or the bearer of a token."""

    account: Account
    actor: Actor
    token: Token | None = None

    def grantable(self) -> tuple[str, ...]:
        """The permissions that may go into a token of theirs."""
        if self.token:
            return tuple(permission for permission in PERMISSIONS if allows(self.token.permissions, permission))
        return tuple(permission for permission in PERMISSIONS if permission != "admin:*" or self.account.is_admin)

    def refuse_wider(self, permissions: Iterable[str], limits: TokenLimits) -> None:
        """Raise NotPermitted when a token like this would reach further than the one that is held."""
        if self.token is None:
            return
        if not all(allows(self.token.permissions, permission) for permission in permissions):
            raise NotPermitted("a token cannot give a permission that it does not have")
        for name, within in (
            ("expires_at", _within(limits.expires_at, self.token.expires_at, lambda new, own: new <= own)),
            ("allowed_networks", _within(limits.networks, self.token.networks, _networks_lie_in)),
            ("zones", _within(limits.zones, self.token.zones, frozenset.issubset)),
            ("record_types", _within(limits.record_types, self.token.record_types, _globs_lie_in)),
            ("record_names", _within(limits.record_names, self.token.record_names, _globs_lie_in)),
        ):
            if not within:
                raise NotPermitted(f"this token is limited in {name}, and what it makes must be no wider")


def allows(held: Iterable[str], wanted: str) -> bool:
    """Whether those permissions include that one."""
    return not {wanted, f"{wanted.partition(':')[0]}:*", "admin:*"}.isdisjoint(held)


def limits_of(token: Token) -> TokenLimits:
    """The limits that a token has."""
    return TokenLimits(token.expires_at, token.networks, token.zones, token.record_types, token.record_names)


def _within(new: T | None, own: T | None, lies_in: Callable[[T, T], bool]) -> bool:
    return own is None or (new is not None and lies_in(new, own))


def _networks_lie_in(new: Sequence[Network], own: Sequence[Network]) -> bool:
    return all(any(_lies_in_network(one, wide) for wide in own) for one in new)


def _lies_in_network(one: Network, wide: Network) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(wide, IPv4Network) and one.subnet_of(wide)
    return isinstance(wide, IPv6Network) and one.subnet_of(wide)


def _globs_lie_in(new: Sequence[str], own: Sequence[str]) -> bool:
    return all(any(_lies_in(one, wide) for wide in own) for one in new)


def _lies_in(glob: str, wide: str) -> bool:
    """Whether all that a glob matches is matched by the wider one; False where that is not plain to see."""
    plain = _WILD.isdisjoint(glob) or (_WILD.isdisjoint(wide.replace("*", "")) and "[" not in glob)
    return glob == wide or (plain and fnmatchcase(glob, wide))
