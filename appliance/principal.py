"""The principal of a request: an account, the token that limits it, and what the two may see and do.

Values without I/O. They are below the store because the journal and the audit log name a principal in each row, and
independent of any protocol because every front door gets its principal from `appliance.identity.authentication`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network
from uuid import UUID

from appliance.errors import MissingPermission, NotPermitted

Network = IPv4Network | IPv6Network

OPERATOR = "admin:*"
"""The permission that includes all others, on every account."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The visible zones: those of an account (None: of all accounts) that have one of these uuids (None: any uuid)."""

    account: UUID | None
    zones: frozenset[UUID] | None = None


EVERYTHING = Scope(None)


@dataclass(frozen=True, slots=True)
class Account:
    """The account of a person, which owns zones."""

    uuid: UUID
    email: str
    is_admin: bool
    zone_count: int
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenLimits:
    """The limits of a token; None: no limit. `zones` are uuids, record types and names are globs (fnmatch)."""

    expires_at: datetime | None = None
    networks: tuple[Network, ...] | None = None
    zones: frozenset[UUID] | None = None
    record_types: tuple[str, ...] | None = None
    record_names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """An API token without its secret: what its bearer may do, within limits as in `TokenLimits`."""

    uuid: UUID
    account: Account
    name: str
    prefix: str
    permissions: frozenset[str]
    networks: tuple[Network, ...] | None
    zones: frozenset[UUID] | None
    record_types: tuple[str, ...] | None
    record_names: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @property
    def limits(self) -> TokenLimits:
        """Return the limits of the token."""
        return TokenLimits(self.expires_at, self.networks, self.zones, self.record_types, self.record_names)


@dataclass(frozen=True, slots=True)
class Principal:
    """The account, process or command that sends a request, and what it may do.

    `owner` is the account that the principal acts for; None: the appliance itself. Journal and audit log store `name`
    and `address`. `token` is None unless a token limits the principal. `is_local`: a process or command on this host,
    whose changes and audit events are not recorded under the account.
    """

    owner: Account | None
    name: str
    address: str
    permissions: frozenset[str]
    limits: TokenLimits = TokenLimits()
    token: Token | None = None
    is_local: bool = False

    @classmethod
    def of_token(cls, token: Token, address: str) -> Principal:
        """Return the principal of a request with that token."""
        name = f"{token.account.email} ({token.name})"
        return cls(token.account, name, address, token.permissions, token.limits, token)

    @classmethod
    def of_account(cls, account: Account, address: str) -> Principal:
        """Return the principal of a signed-in session, which only the account limits."""
        granted = {"dns:*", "account:read", "account:tokens"} | ({OPERATOR} if account.is_admin else set())
        return cls(account, account.email, address, frozenset(granted))

    @classmethod
    def local(cls, name: str, account: Account | None = None) -> Principal:
        """Return the principal of a process or command on this host, which may do everything."""
        return cls(account, name, "", frozenset({OPERATOR}), is_local=True)

    @property
    def account(self) -> Account:
        """Return the account that the principal acts for; raise NotPermitted if there is none."""
        if self.owner is None:
            raise NotPermitted(f"{self.name} does not act for an account")
        return self.owner

    @property
    def recorded_account(self) -> UUID | None:
        """Return the account that journal and audit log record, if any."""
        return None if self.is_local or self.owner is None else self.owner.uuid

    @property
    def operator(self) -> bool:
        """True if the principal may act on every account."""
        return OPERATOR in self.permissions

    @property
    def scope(self) -> Scope:
        """Return the zones that the principal may see."""
        return Scope(None if self.operator else self.account.uuid, self.limits.zones)

    @property
    def is_limited_to_records(self) -> bool:
        """True if the principal may write records of certain types or names only."""
        return self.limits.record_types is not None or self.limits.record_names is not None

    def may_write(self, record_type: str, name: str) -> bool:
        """Return whether the limits allow to write a record of that type and relative name."""
        return _matches(record_type, self.limits.record_types) and _matches(name, self.limits.record_names)

    def require(self, *permissions: str) -> None:
        """Raise MissingPermission unless the principal has one of these permissions; without any, none is needed."""
        if permissions and not any(allows(self.permissions, permission) for permission in permissions):
            raise MissingPermission(permissions)


def allows(granted: frozenset[str], permission: str) -> bool:
    """Return whether the granted permissions include `permission`."""
    return not {permission, f"{permission.partition(':')[0]}:*", OPERATOR}.isdisjoint(granted)


def _matches(text: str, patterns: Sequence[str] | None) -> bool:
    return patterns is None or any(fnmatchcase(text, pattern) for pattern in patterns)
