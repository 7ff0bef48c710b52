"""The credentials of an account: the hash of its password, and the secret of its second factor."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import peewee as pw

from appliance.principal import Account
from appliance.store import accounts, tables


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of an account.

    `is_first`: somebody else chose the password. `totp_secret`: base32, None without a second factor.
    """

    account: Account
    password_hash: str | None
    is_first: bool
    totp_secret: str | None


def find(email: str) -> Credentials | None:
    """Return the credentials of the account with that email, in any letter case, or None."""
    row = tables.Account.get_or_none(tables.Account.email == email.lower())
    return _credentials(row) if row else None


def get(account: UUID) -> Credentials:
    """Return the credentials of an existing account."""
    return _credentials(tables.Account.get(tables.Account.uuid == account))


def set_password_hash(account: UUID, password_hash: str, *, is_first: bool = False) -> None:
    """Store the hash of a new console password."""
    _update(account, password_hash=password_hash, password_is_first=is_first)


def set_totp(account: UUID, secret: str | None) -> None:
    """Store the secret of a second factor, or remove it."""
    _update(account, totp_secret=secret)


def use_totp_step(account: UUID, step: int) -> bool:
    """Mark the codes of this time step and all before as used; return False if they already were (RFC 6238)."""
    return bool(
        tables.Account.update(totp_step=step)
        .where(tables.Account.uuid == account, tables.Account.totp_step < step)
        .execute()
    )


def write_without_change() -> None:
    """Change a row and change it back: it needs a writable store, and takes as long, as a real change."""
    step, first = tables.Account.totp_step, tables.Account.select(pw.fn.min(tables.Account.id))
    for changed in (step + 1, step - 1):  # SQLite writes no page for an update to the same value
        tables.Account.update(totp_step=changed).where(tables.Account.id == first).execute()


def _update(account: UUID, **columns: object) -> None:
    tables.Account.update(columns).where(tables.Account.uuid == account).execute()


def _credentials(row: tables.Account) -> Credentials:
    return Credentials(accounts.from_row(row), row.password_hash, row.password_is_first, row.totp_secret)
