"""What an account signs in with: the hash of its password, and the secret of its second factor."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import peewee as pw

from appliance.principal import Account
from appliance.store import accounts, tables


@dataclass(frozen=True, slots=True)
class Credentials:
    """`is_first`: the password was not chosen by the account's person. `totp_secret`: None without a second factor."""

    account: Account
    password_hash: str | None
    is_first: bool
    totp_secret: str | None


def find(email: str) -> Credentials | None:
    """The credentials of that mail address, in any letter case."""
    row = tables.Account.get_or_none(tables.Account.email == email.lower())
    return _credentials(row) if row else None


def get(account: UUID) -> Credentials:
    """The credentials of an account that exists."""
    return _credentials(tables.Account.get(tables.Account.uuid == account))


def set_password_hash(account: UUID, password_hash: str, *, is_first: bool = False) -> None:
    """Keep the hash of a new console password."""
    _update(account, password_hash=password_hash, password_is_first=is_first)


def set_totp(account: UUID, secret: str | None) -> None:
    """Keep the secret of a second factor, or none."""
    _update(account, totp_secret=secret)


def take_step(account: UUID, step: int) -> bool:
    """Use up a code of that time step and all before it; False when it was used up already."""
    return bool(
        tables.Account.update(totp_step=step)
        .where(tables.Account.uuid == account, tables.Account.totp_step < step)
        .execute()
    )


def write_nothing() -> None:
    """Move a row and move it back, which takes as much of the store as a change: what is as it was is not written."""
    step, first = tables.Account.totp_step, tables.Account.select(pw.fn.min(tables.Account.id))
    for moved in (step + 1, step - 1):
        tables.Account.update(totp_step=moved).where(tables.Account.id == first).execute()


def _update(account: UUID, **columns: object) -> None:
    tables.Account.update(columns).where(tables.Account.uuid == account).execute()


def _credentials(row: tables.Account) -> Credentials:
    return Credentials(accounts.from_row(row), row.password_hash, row.password_is_first, row.totp_secret)
