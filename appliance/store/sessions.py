"""Rows of sessions: who is signed in to the console. Of a session's secret only the SHA-256 is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import peewee as pw

from appliance.principal import Account
from appliance.store import accounts, tables

LONGEST = timedelta(days=7)
"""After so long one signs in again, whatever one did meanwhile."""
IDLE = timedelta(hours=12)
"""After so long without a request a session is over."""
LONGEST_AGENT = 200
"""Characters that are kept of what a browser calls itself."""


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in; `address` and `agent` as they were when it did."""

    uuid: UUID
    account: Account
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str


def begin(account: Account, secret: str, now: datetime, address: str, agent: str) -> Session:
    """A new session; its secret is the browser's to keep."""
    row = tables.Session.create(
        uuid=uuid4(),
        account=tables.Account.get(tables.Account.uuid == account.uuid),
        digest=accounts.digest(secret),
        created_at=now,
        seen_at=now,
        expires_at=now + LONGEST,
        address=address,
        agent=agent[:LONGEST_AGENT],
    )
    return _session(row)


def find(secret: str, now: datetime) -> Session | None:
    """The session of that secret, while it is neither over nor ended and its account is not disabled."""
    row = _select(now).where(tables.Session.digest == accounts.digest(secret)).get_or_none()
    return _session(row) if row else None


def of_account(account: UUID, now: datetime) -> list[Session]:
    """The living sessions of an account, the one last used first."""
    rows = _select(now).where(tables.Account.uuid == account).order_by(tables.Session.seen_at.desc(), tables.Session.id)
    return [_session(row) for row in rows]


def addresses_of(account: UUID, since: datetime) -> set[str]:
    """Where the account was signed in from since then, living or not."""
    began = tables.Session.select(tables.Session.address).join(tables.Account)
    rows = began.where(tables.Account.uuid == account, tables.Session.created_at >= since).distinct()
    return {row.address for row in rows}


def note_use(session: Session, now: datetime) -> None:
    """Keep when the session was last used."""
    tables.Session.update(seen_at=now).where(tables.Session.uuid == session.uuid).execute()


def end(session: UUID, now: datetime) -> None:
    """From the next request on the session is void."""
    _end(now, tables.Session.uuid == session)


def end_all(account: UUID, now: datetime, *, but: UUID | None = None) -> None:
    """End every session of the account, or all but one."""
    row = tables.Account.select(tables.Account.id).where(tables.Account.uuid == account)
    others = () if but is None else (tables.Session.uuid != but,)
    _end(now, tables.Session.account == row, *others)


def _end(now: datetime, *which: object) -> None:
    tables.Session.update(ended_at=now).where(tables.Session.ended_at.is_null(), *which).execute()


def _select(now: datetime) -> pw.ModelSelect[tables.Session]:
    return (
        tables.Session.select(tables.Session, tables.Account)
        .join(tables.Account)
        .where(
            tables.Session.ended_at.is_null(),
            tables.Session.expires_at > now,
            tables.Session.seen_at > now - IDLE,
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
    )
