"""Rows of invitations: links with which a person creates their account, once. Only the secret's SHA-256 is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from appliance.store import accounts, tables

VALID_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation. `is_admin`: the new account is an operator. `invited_by`: the email of the operator."""

    uuid: UUID
    email: str
    is_admin: bool
    invited_by: str
    expires_at: datetime


def add(email: str, secret: str, invited_by: str, now: datetime, *, is_admin: bool) -> Invitation:
    """Create an invitation; earlier ones for the same email become invalid."""
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
        expires_at=now + VALID_FOR,
    )
    return _invitation(row)


def find(secret: str, now: datetime) -> Invitation | None:
    """Return the pending invitation with that secret, or None."""
    row = tables.Invitation.get_or_none(
        tables.Invitation.digest == accounts.digest(secret),
        tables.Invitation.ended_at.is_null(),
        tables.Invitation.expires_at > now,
    )
    return _invitation(row) if row else None


def pending(now: datetime) -> list[Invitation]:
    """Return the invitations that are neither used, revoked nor expired, newest first."""
    query = tables.Invitation.select().where(tables.Invitation.ended_at.is_null(), tables.Invitation.expires_at > now)
    return [_invitation(row) for row in query.order_by(tables.Invitation.id.desc())]


def end(uuid: UUID, now: datetime) -> None:
    """End an invitation, used or revoked: its link becomes invalid."""
    tables.Invitation.update(ended_at=now).where(tables.Invitation.uuid == uuid).execute()


def end_all_of(invited_by: str, now: datetime) -> None:
    """End all invitations by the account with that email."""
    tables.Invitation.update(ended_at=now).where(
        tables.Invitation.invited_by == invited_by, tables.Invitation.ended_at.is_null()
    ).execute()


def _invitation(row: tables.Invitation) -> Invitation:
    return Invitation(row.uuid, row.email, row.is_admin, row.invited_by, row.expires_at)
