"""What is not kept for ever: contents of zones deleted long ago, sessions and invitations that are over, old drafts.

Zones stay as rows, with name and last serial, and so do the journal and the audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import peewee as pw

from appliance.store import tables

KEPT = timedelta(days=30)
"""How long contents of deleted zones, drafts, and invitations that are over are kept."""
SESSIONS_KEPT = timedelta(days=90)
"""How long sessions are kept that are over: signing in knows the addresses of that time."""


def purge_contents(now: datetime, limit: int) -> int:
    """Delete records of zones that were deleted long ago; return how many, `limit` at most."""
    record, zone = tables.Record, tables.Zone
    old = record.select(record.id).join(zone).where(zone.deleted_at < now - KEPT).limit(limit)
    return _deleted(record.delete().where(record.id.in_(old)))


def purge_drafts(now: datetime, limit: int) -> int:
    """Delete drafts that nobody changed for long; return how many, `limit` at most."""
    draft = tables.Draft
    key = pw.Tuple(draft.zone, draft.account)
    old = draft.select(draft.zone, draft.account).where(draft.updated_at < now - KEPT).limit(limit)
    return _deleted(draft.delete().where(key.in_(old)))


def purge_sessions(now: datetime, limit: int) -> int:
    """Delete sessions that are over and began long ago; return how many, `limit` at most."""
    session = tables.Session
    is_over = session.ended_at.is_null(False) | (session.expires_at < now)
    old = session.select(session.id).where(session.created_at < now - SESSIONS_KEPT, is_over).limit(limit)
    return _deleted(session.delete().where(session.id.in_(old)))


def purge_invitations(now: datetime, limit: int) -> int:
    """Delete invitations that ended or expired long ago; return how many, `limit` at most."""
    invitation, before = tables.Invitation, now - KEPT
    is_old = (invitation.ended_at < before) | (invitation.expires_at < before)
    old = invitation.select(invitation.id).where(is_old).limit(limit)
    return _deleted(invitation.delete().where(invitation.id.in_(old)))


PURGES: Mapping[str, Callable[[datetime, int], int]] = MappingProxyType(
    {
        "records": purge_contents,
        "drafts": purge_drafts,
        "sessions": purge_sessions,
        "invitations": purge_invitations,
    }
)
"""Each in one statement, by the name of what it deletes."""


def _deleted(query: pw.Delete) -> int:
    return int(query.execute())
