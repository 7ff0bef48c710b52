"""Rows of console sessions. Of a session's secret only the SHA-256 is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import peewee as pw

from appliance.principal import Account
from appliance.store import accounts, tables

LIFETIME = timedelta(days=7)
"""Lifetime of a session, however much it is used."""
IDLE_TIMEOUT = timedelta(hours=12)
"""A session ends after this time without a request."""
MAX_AGENT = 200
"""Characters stored of the User-Agent header."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser; `address` and `agent` are those at the time of signing in.

    `has_first_password`: somebody else chose the password of the account.
    """

    uuid: UUID
    account: Account
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    has_first_password: bool
    has_second_factor: bool


def begin(account: Account, secret: str, now: datetime, address: str, agent: str) -> Session:
    """Create a session with that secret."""
    row = tables.Session.create(
        uuid=uuid4(),
        account=tables.Account.get(tables.Account.uuid == account.uuid),
        digest=accounts.digest(secret),
        created_at=now,
        seen_at=now,
        expires_at=now + LIFETIME,
        address=address,
        agent=agent[:MAX_AGENT],
    )
    return _session(row)


def find(secret: str, now: datetime) -> Session | None:
    """Return the session with that secret, or None if it has ended or expired, or its account is disabled."""
    row = _select(now).where(tables.Session.digest == accounts.digest(secret)).get_or_none()
    return _session(row) if row else None


def of_account(account: UUID, now: datetime) -> list[Session]:
    """Return the active sessions of an account, the last used first."""
    rows = _select(now).where(tables.Account.uuid == account).order_by(tables.Session.seen_at.desc(), tables.Session.id)
    return [_session(row) for row in rows]


def addresses_of(account: UUID, since: datetime) -> set[str]:
    """Return the addresses of the account's sessions, active or not, that began at or after `since`."""
    return _addresses(tables.Account.uuid == account, since)


def addresses_of_email(email: str, since: datetime) -> set[str]:
    """Return the same for the account with that email, in any letter case; none if there is no such account."""
    return _addresses(tables.Account.email == email.lower(), since)


def store_last_use(session: Session, now: datetime) -> None:
    """Store when the session was last used."""
    tables.Session.update(seen_at=now).where(tables.Session.uuid == session.uuid).execute()


def end(session: UUID, now: datetime) -> None:
    """End a session, from the next request on."""
    _end(now, tables.Session.uuid == session)


def end_all(account: UUID, now: datetime, *, but: UUID | None = None) -> None:
    """End all sessions of the account, or all but one."""
    row = tables.Account.select(tables.Account.id).where(tables.Account.uuid == account)
    others = () if but is None else (tables.Session.uuid != but,)
    _end(now, tables.Session.account == row, *others)


def _addresses(is_account: pw.Expression, since: datetime) -> set[str]:
    query = tables.Session.select(tables.Session.address).join(tables.Account)
    return {row.address for row in query.where(is_account, tables.Session.created_at >= since).distinct()}


def _end(now: datetime, *conditions: object) -> None:
    tables.Session.update(ended_at=now).where(tables.Session.ended_at.is_null(), *conditions).execute()


def _select(now: datetime) -> pw.ModelSelect[tables.Session]:
    return (
        tables.Session.select(tables.Session, tables.Account)
        .join(tables.Account)
        .where(
            tables.Session.ended_at.is_null(),
            tables.Session.expires_at > now,
            tables.Session.seen_at > now - IDLE_TIMEOUT,
            tables.Account.disabled_at.is_null(),
        )
    )


def _session(row: tables.Session) -> Session:
    return Session(
        uuid=row.uuid,
        account=accounts.from_row(row.account),
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        address=row.address,
        agent=row.agent,
        has_first_password=row.account.password_is_first,
        has_second_factor=row.account.totp_secret is not None,
    )
