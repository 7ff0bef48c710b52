"""Tokens checked: the one way from a secret to a principal, for every front door.

A front door reads the secret from its own header or message, and answers the errors in its own form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from appliance.addresses import parse_ip
from appliance.errors import AuthenticationFailed, StoreError
from appliance.principal import Principal, Token
from appliance.store import accounts
from appliance.store.file.database import Store

USE_NOTED_EVERY = timedelta(minutes=1)
"""How often at most the last use of a token is stored."""

_SECRET = re.compile(r"vps_[A-Za-z0-9_-]{16,128}")


class RequestLimits(Protocol):
    """How often a token may ask and an address may fail; over a limit each call raises RateLimited."""

    def count_request(self, token: Hashable) -> None:
        """Count a request of the token."""

    def check_failures(self, address: str) -> None:
        """Refuse an address that failed too often."""

    def count_failure(self, address: str) -> None:
        """Count a failure of the address."""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Turn secrets into principals. `reading` opens a block of reads on a connection of this thread."""

    store: Store
    limits: RequestLimits
    reading: Callable[[], AbstractContextManager[None]]

    def authenticate(self, secret: str, address: str, now: datetime) -> Principal:
        """Return the bearer of the token with that secret; an empty secret is none.

        Raise AuthenticationFailed if the token is malformed, unknown, revoked, expired or not valid at that address, or
        its account is disabled. Raise RateLimited if the address failed too often, or the token asks too often.
        """
        self.limits.check_failures(address)
        token = self._find(secret)
        if token is None or not _is_valid(token, address, now):
            self.limits.count_failure(address)
            raise AuthenticationFailed("a valid token is needed")
        self._note_use(token, now)
        self.limits.count_request(token.uuid)
        return Principal.of_token(token, address)

    def _find(self, secret: str) -> Token | None:
        """Return the token, found by its hash: a wrong secret takes as long as any other wrong one."""
        if not _SECRET.fullmatch(secret):
            return None
        with self.reading():
            return accounts.find_token(secret)

    def _note_use(self, token: Token, now: datetime) -> None:
        """Store that the token was used, unless the store takes no write now: that is no reason to refuse a read."""
        if token.last_used_at is None or now - token.last_used_at >= USE_NOTED_EVERY:
            with suppress(StoreError), self.store.writing_if_free():
                accounts.note_use(token, now)


def _is_valid(token: Token, address: str, now: datetime) -> bool:
    return (
        token.revoked_at is None
        and token.account.disabled_at is None
        and (token.expires_at is None or now < token.expires_at)
        and (token.networks is None or any(parse_ip(address) in network for network in token.networks))
    )
