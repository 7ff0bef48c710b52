"""Authentication of tokens: from a secret to a principal, for every front door.

A front door reads the secret from its own header or message, and turns errors into responses of its own form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from appliance.addresses import parse_ip
from appliance.errors import AuthenticationFailed, StoreError
from appliance.principal import Principal, Token
from appliance.store import accounts
from appliance.store.file.database import Store

LAST_USE_INTERVAL = timedelta(minutes=1)
"""Shortest time between two updates of the last use of a token at a door, or half of its `max_unused` if shorter."""
API_DOOR, UPDATE_DOOR = "api", "update"
"""Keys of the doors at which a token is used: the API and DNS UPDATE; each protocol has its key in [doors]."""

_SECRET = re.compile(r"vps_[A-Za-z0-9_-]{16,128}")


class RequestLimits(Protocol):
    """Limits of requests per token and failures per address; a call raises RateLimited if its limit is exceeded."""

    def count_request(self, token: Hashable) -> None:
        """Count a request of the token."""

    def check_failures(self, address: str) -> None:
        """Raise RateLimited if the address has failed too often."""

    def count_failure(self, address: str) -> None:
        """Count a failure of the address."""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Turns secrets into principals. `reading` gives a context in which this thread may read the store."""

    store: Store
    limits: RequestLimits
    reading: Callable[[], AbstractContextManager[None]]

    def authenticate(self, secret: str, address: str, now: datetime, via: str = "", door: str = API_DOOR) -> Principal:
        """Return the principal of the token with that secret, at the door with that key and the title `via`.

        Raise AuthenticationFailed if the secret is empty or malformed, the token is unknown, revoked, expired or not
        valid at that address, or its account is disabled. Raise RateLimited if the address failed too often, or the
        token has sent too many requests.
        """
        self.limits.check_failures(address)
        token = self._find(secret)
        if token is None or not _is_valid(token, address, now):
            self.limits.count_failure(address)
            raise AuthenticationFailed("a valid token is required")
        self._store_last_use(token, door, now)
        self.limits.count_request(token.uuid)
        return Principal.of_token(token, address, via)

    def authenticate_key(
        self, uuid: UUID | None, verify: Callable[[bytes], None], address: str, now: datetime, via: str = ""
    ) -> Principal:
        """Return the principal of the token whose TSIG key signed a message, at the door with the title `via`.

        `uuid` is the name of the key; `verify` is called with its secret and raises AuthenticationFailed if another one
        signed the message. Raise AuthenticationFailed as `authenticate` does. Raise RateLimited in its place if the
        address failed too often, and if the token has sent too many requests. A right signature is accepted from
        every address: that of a datagram may be forged, and must not be shut out by the failures of others.
        """
        try:
            token = self._verified(uuid, verify, address, now)
        except AuthenticationFailed:
            self.limits.check_failures(address)
            self.limits.count_failure(address)
            raise
        self._store_last_use(token, UPDATE_DOOR, now)
        self.limits.count_request(token.uuid)
        return Principal.of_token(token, address, via)

    def knows(self, secret: str, now: datetime) -> bool:
        """Return whether there is a valid token with that secret, for whatever address; count and store nothing.

        It needs no context of `reading`, and does not read the store for a malformed secret. If the store cannot be
        read, return False.
        """
        if not _SECRET.fullmatch(secret):
            return False
        try:
            with self.store.reading():
                token = accounts.find_token(secret)
        except StoreError:
            return False
        return token is not None and _is_active(token, now)

    def _find(self, secret: str) -> Token | None:
        """Return the token, found by the hash of the secret: the time does not depend on how similar a wrong one is."""
        if not _SECRET.fullmatch(secret):
            return None
        with self.reading():
            return accounts.find_token(secret)

    def _verified(self, uuid: UUID | None, verify: Callable[[bytes], None], address: str, now: datetime) -> Token:
        with self.reading():
            found = accounts.find_tsig_key(uuid) if uuid else None
        if found is None or not _is_valid(found[0], address, now):
            raise AuthenticationFailed("a valid key is required")
        verify(found[1])
        return found[0]

    def _store_last_use(self, token: Token, door: str, now: datetime) -> None:
        """Store the last use at the door; ignore a locked or read-only store, since a read must not fail for that."""
        interval = min(LAST_USE_INTERVAL, (token.limits.max_unused or 2 * LAST_USE_INTERVAL) / 2)
        last = dict(token.last_uses).get(door)
        if last is None or now - last >= interval:
            with suppress(StoreError), self.store.writing_if_free():
                accounts.store_last_use(token, door, now)


def _is_valid(token: Token, address: str, now: datetime) -> bool:
    networks = token.limits.networks
    is_allowed = networks is None or any(parse_ip(address) in network for network in networks)
    return is_allowed and _is_active(token, now)


def _is_active(token: Token, now: datetime) -> bool:
    limits = token.limits
    return (
        token.revoked_at is None
        and token.account.disabled_at is None
        and (limits.expires_at is None or now < limits.expires_at)
        and (limits.max_unused is None or now - (token.last_used_at or token.created_at) <= limits.max_unused)
    )
