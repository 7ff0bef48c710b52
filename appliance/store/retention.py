"""Deletion of old rows: records of deleted zones, ended sessions and invitations, drafts, decided confirmations.

The content of the journal is removed too, by default after two years.

Rows of zones, with name and last serial, of the journal and of the audit log are never deleted.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

import peewee as pw

from appliance.store import idempotency, journal, tables

RETENTION = timedelta(days=30)
"""For records of deleted zones, drafts, ended invitations, and changes that were confirmed or reverted."""
SESSION_RETENTION = timedelta(days=90)
"""For ended sessions; `second_factor` reads the addresses of that time."""
JOURNAL_OCTETS = 4 * 2**20
"""Octets of content that are removed from the journal in one statement, besides those of its last row."""


class Purged(NamedTuple):
    """How many rows a statement purged, and whether more may be due."""

    rows: int
    has_more: bool


def purge_records(now: datetime, limit: int) -> Purged:
    """Delete records of zones that were deleted before the retention; at most `limit` rows."""
    record, zone = tables.Record, tables.Zone
    old = record.select(record.id).join(zone).where(zone.deleted_at < now - RETENTION).limit(limit)
    return _deleted(record.delete().where(record.id.in_(old)), limit)


def purge_drafts(now: datetime, limit: int) -> Purged:
    """Delete drafts that were last changed before the retention; at most `limit` rows."""
    draft = tables.Draft
    key = pw.Tuple(draft.zone, draft.account)
    old = draft.select(draft.zone, draft.account).where(draft.updated_at < now - RETENTION).limit(limit)
    return _deleted(draft.delete().where(key.in_(old)), limit)


def purge_sessions(now: datetime, limit: int) -> Purged:
    """Delete ended sessions that began before the retention; at most `limit` rows."""
    session = tables.Session
    is_over = session.ended_at.is_null(False) | (session.expires_at < now)
    old = session.select(session.id).where(session.created_at < now - SESSION_RETENTION, is_over).limit(limit)
    return _deleted(session.delete().where(session.id.in_(old)), limit)


def purge_invitations(now: datetime, limit: int) -> Purged:
    """Delete invitations that ended or expired before the retention; at most `limit` rows."""
    invitation, before = tables.Invitation, now - RETENTION
    is_old = (invitation.ended_at < before) | (invitation.expires_at < before)
    old = invitation.select(invitation.id).where(is_old).limit(limit)
    return _deleted(invitation.delete().where(invitation.id.in_(old)), limit)


def purge_idempotency(now: datetime, limit: int) -> Purged:
    """Delete the first responses to requests whose key is no longer theirs; at most `limit` rows."""
    first = tables.Idempotency
    old = first.select(first.id).where(first.created_at <= now - idempotency.RETENTION).limit(limit)
    return _deleted(first.delete().where(first.id.in_(old)), limit)


def purge_pending_changes(now: datetime, limit: int) -> Purged:
    """Delete what is known of changes that were confirmed or reverted, or whose zone is gone; at most `limit` rows."""
    pending, change, zone, before = tables.PendingChange, tables.Change, tables.Zone, now - RETENTION
    is_over = pending.confirmed_at.is_null(False) | pending.reverted_at.is_null(False) | (zone.deleted_at < before)
    old = pending.select(pending.change).join(change).join(zone).where(pending.due_at < before, is_over).limit(limit)
    return _deleted(pending.delete().where(pending.change.in_(old)), limit)


Purge = Callable[[datetime, int], Purged]
"""Deletes old rows, by the present time, at most so many."""

PURGES: Mapping[str, Purge] = MappingProxyType(
    {
        "records": purge_records,
        "drafts": purge_drafts,
        "sessions": purge_sessions,
        "invitations": purge_invitations,
        "idempotency": purge_idempotency,
        "confirmations": purge_pending_changes,
    }
)
"""By the name of the rows that each deletes, in one statement."""


def purges(journal_retention: timedelta) -> Mapping[str, Purge]:
    """Return what is purged if the journal keeps its content for that time, zero for ever."""
    if not journal_retention:
        return PURGES
    return {**PURGES, "journal": lambda now, limit: purge_journal(now - journal_retention, now, limit)}


def purge_journal(before: datetime, now: datetime, limit: int) -> Purged:
    """Remove the content of rows of the journal from before that time; at most `limit`, and about JOURNAL_OCTETS."""
    change = tables.Change
    octets = pw.fn.octet_length(change.removed) + pw.fn.octet_length(change.added)
    is_old = (change.created_at < before) & change.content_removed_at.is_null()
    query = change.select(change.id, octets.coerce(False)).where(is_old).order_by(change.created_at).limit(limit)
    rows: Iterable[Any] = query.tuples()
    due = list(rows)
    sums = itertools.accumulate((size for _, size in due), initial=0)
    ids = [row_id for (row_id, _), sum_before in zip(due, sums, strict=False) if sum_before < JOURNAL_OCTETS]
    update = change.update(
        content_removed_at=now,
        added_count=pw.fn.coalesce(change.added_count, pw.fn.json_array_length(change.added)),
        removed_count=pw.fn.coalesce(change.removed_count, pw.fn.json_array_length(change.removed)),
        changed_count=pw.fn.coalesce(change.changed_count, pw.SQL(journal.CHANGED_COUNT)),
        added=[],
        removed=[],
        settings=None,
    ).where(change.id.in_(ids))
    return Purged(int(update.execute()), len(ids) < len(due) or len(ids) == limit)


def _deleted(query: pw.Delete, limit: int) -> Purged:
    rows = int(query.execute())
    return Purged(rows, rows == limit)
