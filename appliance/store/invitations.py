"""Rows of invitations: links with which people make their own accounts, once each. A link's secret is not stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from appliance.store import accounts, tables

GOOD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom a link is for, as what, and until when it is good."""

    uuid: UUID
    email: str
    is_admin: bool
    invited_by: str
    expires_at: datetime


def add(email: str, secret: str, invited_by: str, now: datetime, *, is_admin: bool) -> Invitation:
    """Invite someone; an earlier link for the same address is void from now on."""
    tables.Invitation.update(ended_at=now).where(
        tables.Invitation.email == email, tables.Invitation.ended_at.is_null()
    ).execute()
    row = tables.Invitation.create(
        uuid=uuid4(),
        digest=accounts.digest(secret),
        email=email,
        is_admin=is_admin,
        invited_by=invited_by,
        created_at=now,
        expires_at=now + GOOD_FOR,
    )
    return _invitation(row)


def find(secret: str, now: datetime) -> Invitation | None:
    """The invitation of that secret, while it is good."""
    row = tables.Invitation.get_or_none(
        tables.Invitation.digest == accounts.digest(secret),
        tables.Invitation.ended_at.is_null(),
        tables.Invitation.expires_at > now,
    )
    return _invitation(row) if row else None


def open_ones(now: datetime) -> list[Invitation]:
    """Every invitation that is good and not taken yet, the newest first."""
    query = tables.Invitation.select().where(tables.Invitation.ended_at.is_null(), tables.Invitation.expires_at > now)
    return [_invitation(row) for row in query.order_by(tables.Invitation.id.desc())]


def end(uuid: UUID, now: datetime) -> None:
    """The link is void, taken up or taken back."""
    tables.Invitation.update(ended_at=now).where(tables.Invitation.uuid == uuid).execute()


def end_all_of(invited_by: str, now: datetime) -> None:
    """Every link that this account gave away is void."""
    tables.Invitation.update(ended_at=now).where(
        tables.Invitation.invited_by == invited_by, tables.Invitation.ended_at.is_null()
    ).execute()


def _invitation(row: tables.Invitation) -> Invitation:
    return Invitation(row.uuid, row.email, row.is_admin, row.invited_by, row.expires_at)
