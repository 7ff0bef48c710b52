"""Password and token of the first account: printed once, and created again while no start has printed them.

A file in the state folder says that they were not printed yet. It exists before the account does, so that a start that
fails, or is killed, at any moment leaves a state folder from which the next one begins again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.identity.membership import create_account
from appliance.identity.sign_in import set_password
from appliance.identity.tokens import create_token, revoke_token
from appliance.principal import Account, Principal, TokenLimits
from appliance.store import accounts
from appliance.store.file.database import Store

FIRST_ACCOUNT = "admin@appliance.test"
_FIRST_TOKEN = "first token"  # noqa: S105 - its name
_PERMISSIONS = ("dns:*", "account:read", "account:tokens")
_ACTOR = "run"
"""The actor in the audit log."""


@dataclass(frozen=True, slots=True)
class FirstSecrets:
    """Password and token of the first account."""

    password: str
    secret: str


@dataclass(frozen=True, slots=True)
class FirstStart:
    """The first start of an appliance. `store` is its store, and `pending` the file that says that it is not done."""

    store: Store
    pending: Path
    clock: Callable[[], datetime]

    def begin(self) -> None:
        """Create the file if the store has no account."""
        with self.store.connection():
            if not accounts.list_accounts():
                self.pending.touch()

    def create_secrets(self) -> FirstSecrets | None:
        """Return new secrets, and revoke those that no start has printed; None if they were printed."""
        if not self.pending.exists():
            return None
        with self.store.connection():
            account = self._account()
            principal, password = Principal.local(_ACTOR, account), secrets.token_urlsafe(12)
            for token in accounts.active_tokens(account.uuid):
                if token.name == _FIRST_TOKEN:
                    revoke_token(self.store, principal, token.uuid, self.clock())
            set_password(self.store, principal, password, self.clock(), is_first=True)
            _, secret = create_token(self.store, principal, _FIRST_TOKEN, _PERMISSIONS, TokenLimits(), self.clock())
        return FirstSecrets(password, secret)

    def end(self) -> None:
        """Remove the file, since the secrets were printed, and keep no file of the store open."""
        self.pending.unlink(missing_ok=True)
        self.store.close()

    def _account(self) -> Account:
        known = {account.email: account for account in accounts.list_accounts()}
        if FIRST_ACCOUNT in known:
            return known[FIRST_ACCOUNT]
        return create_account(self.store, FIRST_ACCOUNT, Principal.local(_ACTOR), self.clock(), is_admin=True)
