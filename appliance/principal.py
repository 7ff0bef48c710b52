"""The principal of a request: an account, the token that limits it, and what the two may see and do.

Values without I/O. They are below the store because the journal and the audit log name a principal in each row, and
independent of any protocol because every front door gets its principal from `appliance.identity.authentication`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network
from uuid import UUID

from appliance.errors import MissingPermission, NotPermitted

Network = IPv4Network | IPv6Network

OPERATOR = "admin:*"
"""The permission that includes all others, on every account."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The visible zones: those of an account (None: of all accounts) with one of these uuids or domains.

    `zones` None: all of them.
    """

    account: UUID | None
    zones: frozenset[UUID] | None = None
    domains: frozenset[str] = frozenset()

    def sees(self, uuid: UUID, domain: str) -> bool:
        """Return whether a zone of one of its accounts is visible."""
        return self.zones is None or uuid in self.zones or domain in self.domains


EVERYTHING = Scope(None)


class SecondFactorRule(StrEnum):
    """Whose accounts need a second factor for the console."""

    OFF = "off"
    OPERATORS = "operators"
    ALL = "all"

    def applies_to(self, account: Account) -> bool:
        """Return whether the account needs a second factor."""
        return self is SecondFactorRule.ALL or (self is SecondFactorRule.OPERATORS and account.is_admin)


@dataclass(frozen=True, slots=True)
class Account:
    """The account of a person, which owns zones."""

    uuid: UUID
    email: str
    is_admin: bool
    zone_count: int
    created_at: datetime
    disabled_at: datetime | None


ZoneKey = UUID | str
"""What names a zone in a limit: its uuid, or a domain in lower case with A-labels, also of a zone to come."""


@dataclass(frozen=True, slots=True)
class Policy:
    """An entry of the policies of a token: whether it may write matching records of matching zones.

    Names are relative to the zone; names and types are globs (fnmatch). None matches everything.
    """

    zones: frozenset[ZoneKey] | None = None
    names: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    write: bool = True

    @property
    def is_of_whole_zones(self) -> bool:
        """True if it matches every record of its zones."""
        return self.names is None and self.types is None

    def matches_zone(self, uuid: UUID | None, domain: str) -> bool:
        """Return whether it matches records of that zone; `uuid` is None for a zone that does not exist yet."""
        return self.zones is None or uuid in self.zones or domain in self.zones

    def matches_record(self, record_type: str, name: str) -> bool:
        """Return whether it matches records of that type and relative name, in its zones."""
        return _matches(record_type, self.types) and _matches(name, self.names)


@dataclass(frozen=True, slots=True)
class TokenLimits:
    """The limits of a token; None: no limit.

    `zones`, `record_types` and `record_names` are the older form of one policy, and None if there are `policies`.
    `create_zones` and `delete_zones` are rights besides the permissions; None: as the permissions say. A token that
    was not used for longer than `max_unused` is void.
    """

    expires_at: datetime | None = None
    networks: tuple[Network, ...] | None = None
    zones: frozenset[ZoneKey] | None = None
    record_types: tuple[str, ...] | None = None
    record_names: tuple[str, ...] | None = None
    policies: tuple[Policy, ...] | None = None
    create_zones: bool | None = None
    delete_zones: bool | None = None
    max_unused: timedelta | None = None

    @property
    def rules(self) -> tuple[Policy, ...]:
        """Return the policies; the older fields are one policy."""
        return self.policies or (Policy(self.zones, self.record_names, self.record_types),)

    @property
    def visible_zones(self) -> frozenset[ZoneKey] | None:
        """Return the zones of all policies, None if one matches all zones."""
        keys: set[ZoneKey] = set()
        for rule in self.rules:
            if rule.zones is None:
                return None
            keys |= rule.zones
        return frozenset(keys)

    def allow_record(self, uuid: UUID, domain: str, record_type: str, name: str) -> bool:
        """Return whether a record of that zone may be written: the first policy that matches it decides."""
        of_zone = (rule for rule in self.rules if rule.matches_zone(uuid, domain))
        first = next((rule for rule in of_zone if rule.matches_record(record_type, name)), None)
        return first is not None and first.write

    def allow_whole_zone(self, uuid: UUID | None, domain: str) -> bool:
        """Return whether every record of a zone may be written: a policy says so, and none before it refuses some."""
        for rule in self.rules:
            if rule.matches_zone(uuid, domain) and (rule.is_of_whole_zones or not rule.write):
                return rule.write
        return False


@dataclass(frozen=True, slots=True)
class Token:
    """An API token without its secret: what its bearer may do, within limits as in `TokenLimits`.

    `created_by` is the uuid of the token that created it, None if none did. `last_uses` are the doors at which it was
    used, by their keys, each with the time of the last use, the latest first. `has_tsig_key`: it also signs DNS
    messages.
    """

    uuid: UUID
    account: Account
    name: str
    prefix: str
    permissions: frozenset[str]
    limits: TokenLimits
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    created_by: UUID | None = None
    last_uses: tuple[tuple[str, datetime], ...] = ()
    has_tsig_key: bool = False


@dataclass(frozen=True, slots=True)
class Principal:
    """The account, process or command that sends a request, and what it may do.

    `owner` is the account that the principal acts for; None: the appliance itself. Journal and audit log store `name`
    and `address`. `token` is None unless a token limits the principal. `is_local`: a process or command on this host,
    whose changes and audit events are not recorded under the account. `via` is the door of another protocol, "" for
    the API, which the journal names.
    """

    owner: Account | None
    name: str
    address: str
    permissions: frozenset[str]
    limits: TokenLimits = TokenLimits()
    token: Token | None = None
    is_local: bool = False
    via: str = ""

    @classmethod
    def of_token(cls, token: Token, address: str, via: str = "") -> Principal:
        """Return the principal of a request with that token, at that door."""
        name = f"{token.account.email} ({token.name})"
        return cls(token.account, name, address, token.permissions, token.limits, token, via=via)

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
        account, keys = None if self.operator else self.account.uuid, self.limits.visible_zones
        if keys is None:
            return Scope(account)
        uuids = frozenset(key for key in keys if isinstance(key, UUID))
        return Scope(account, uuids, frozenset(key for key in keys if isinstance(key, str)))

    def require(self, *permissions: str) -> None:
        """Raise MissingPermission unless the principal has one of these permissions; without any, none is needed."""
        if permissions and not self.may(*permissions):
            raise MissingPermission(permissions)

    def may(self, *permissions: str) -> bool:
        """Return whether the principal has one of these permissions."""
        return any(allows(self.permissions, permission) for permission in permissions)


def allows(granted: frozenset[str], permission: str) -> bool:
    """Return whether the granted permissions include `permission`."""
    return not {permission, f"{permission.partition(':')[0]}:*", OPERATOR}.isdisjoint(granted)


def _matches(text: str, patterns: Sequence[str] | None) -> bool:
    return patterns is None or any(fnmatchcase(text, pattern) for pattern in patterns)
