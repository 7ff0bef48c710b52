"""Deletion of old rows: records of deleted zones, ended sessions and invitations, drafts, content of the journal.

Rows of zones, with name and last serial, of the journal and of the audit log are never deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import peewee as pw

from appliance.store import tables

RETENTION = timedelta(days=30)
"""For records of deleted zones, drafts, and ended invitations."""
SESSION_RETENTION = timedelta(days=90)
"""For ended sessions; `second_factor` reads the addresses of that time."""


def purge_records(now: datetime, limit: int) -> int:
    """Delete records of zones that were deleted before the retention; return how many, at most `limit`."""
    record, zone = tables.Record, tables.Zone
    old = record.select(record.id).join(zone).where(zone.deleted_at < now - RETENTION).limit(limit)
    return _deleted(record.delete().where(record.id.in_(old)))


def purge_drafts(now: datetime, limit: int) -> int:
    """Delete drafts that were last changed before the retention; return how many, at most `limit`."""
    draft = tables.Draft
    key = pw.Tuple(draft.zone, draft.account)
    old = draft.select(draft.zone, draft.account).where(draft.updated_at < now - RETENTION).limit(limit)
    return _deleted(draft.delete().where(key.in_(old)))


def purge_sessions(now: datetime, limit: int) -> int:
    """Delete ended sessions that began before the retention; return how many, at most `limit`."""
    session = tables.Session
    is_over = session.ended_at.is_null(False) | (session.expires_at < now)
    old = session.select(session.id).where(session.created_at < now - SESSION_RETENTION, is_over).limit(limit)
    return _deleted(session.delete().where(session.id.in_(old)))


def purge_invitations(now: datetime, limit: int) -> int:
    """Delete invitations that ended or expired before the retention; return how many, at most `limit`."""
    invitation, before = tables.Invitation, now - RETENTION
    is_old = (invitation.ended_at < before) | (invitation.expires_at < before)
    old = invitation.select(invitation.id).where(is_old).limit(limit)
    return _deleted(invitation.delete().where(invitation.id.in_(old)))


Purge = Callable[[datetime, int], int]
"""Deletes old rows, by the present time, at most so many; returns how many."""
_CHANGED_COUNT = (
    "(select count(*) from json_each(removed) as before join json_each(added) as after"
    " on before.value ->> 'uuid' = after.value ->> 'uuid')"
)
"""The number of records of a row of the journal that are both removed and added."""

PURGES: Mapping[str, Purge] = MappingProxyType(
    {
        "records": purge_records,
        "drafts": purge_drafts,
        "sessions": purge_sessions,
        "invitations": purge_invitations,
    }
)
"""By the name of the rows that each deletes, in one statement."""


def purges(journal_retention: timedelta) -> Mapping[str, Purge]:
    """Return what is purged if the journal keeps its content for that time, zero for ever."""
    if not journal_retention:
        return PURGES
    return {**PURGES, "journal": lambda now, limit: purge_journal(now - journal_retention, now, limit)}


def purge_journal(before: datetime, now: datetime, limit: int) -> int:
    """Remove the content of rows of the journal from before that time; return of how many, at most `limit`."""
    change = tables.Change
    old = change.select(change.id).where(change.created_at < before, change.content_removed_at.is_null()).limit(limit)
    return int(
        change.update(
            content_removed_at=now,
            added_count=pw.fn.json_array_length(change.added),
            removed_count=pw.fn.json_array_length(change.removed),
            changed_count=pw.SQL(_CHANGED_COUNT),
            added=[],
            removed=[],
            settings=None,
        )
        .where(change.id.in_(old))
        .execute()
    )


def _deleted(query: pw.Delete) -> int:
    return int(query.execute())
