"""Rows of recovery codes. Of each code only the SHA-256 is stored: it has enough random bits for a fast hash."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import peewee as pw

from appliance.store import accounts, tables


def replace_all(account: UUID, codes: Iterable[str], now: datetime) -> None:
    """Store these codes of the account; all earlier ones become invalid."""
    delete_all(account)
    row = tables.Account.get(tables.Account.uuid == account)
    for code in codes:
        tables.RecoveryCode.create(account=row, digest=accounts.digest(code), created_at=now)


def use(account: UUID, code: str, now: datetime) -> bool:
    """Mark an unused code of the account as used; return False if it is unknown or already used."""
    unused = _of(account) & tables.RecoveryCode.used_at.is_null()
    update = tables.RecoveryCode.update(used_at=now).where(unused, tables.RecoveryCode.digest == accounts.digest(code))
    return bool(update.execute())


def count_unused(account: UUID) -> int:
    """Return how many codes of the account are not used yet."""
    return int(tables.RecoveryCode.select().where(_of(account), tables.RecoveryCode.used_at.is_null()).count())


def delete_all(account: UUID) -> None:
    """Delete all codes of the account."""
    tables.RecoveryCode.delete().where(_of(account)).execute()


def _of(account: UUID) -> pw.Expression:
    return tables.RecoveryCode.account == tables.Account.select(tables.Account.id).where(tables.Account.uuid == account)
