"""The audit log: the journal of zones and the audit events, read as one list. Rows are never changed."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import peewee as pw

from appliance.principal import Principal, Scope
from appliance.store import tables
from appliance.store.journal import OF_DNSSEC
from appliance.store.scopes import within_with_deleted
from appliance.store.zones import Page

MAX_DETAIL = 2000
"""Characters of the detail of an event."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, when and from where; for a change of a zone also the zone, its serial and numbers of records.

    `detail` is what was changed: settings before and after, a step of DNSSEC, or the rights of a token.
    """

    uuid: UUID
    created_at: datetime
    kind: str
    subject: str
    actor: str
    address: str
    zone: UUID | None = None
    serial: int | None = None
    added: int = 0
    removed: int = 0
    detail: str = ""


def append(kind: str, account: UUID, subject: str, principal: Principal, now: datetime, detail: str = "") -> None:
    """Append an event that concerns the account; of `detail` at most MAX_DETAIL characters are stored."""
    tables.AuditEvent.create(
        uuid=uuid4(),
        kind=kind,
        account=account,
        subject=subject,
        detail=detail if len(detail) <= MAX_DETAIL else f"{detail[: MAX_DETAIL - 1]}…",
        actor_account=principal.recorded_account,
        actor=principal.name,
        address=principal.address,
        created_at=now,
    )


def find(scope: Scope, page: Page, search: str = "") -> tuple[list[AuditEntry], int]:
    """Return a page of the entries of the scope, newest first, and their number on all pages.

    `search` is a part of the name of the zone or subject, of the actor, or of the address. A scope that is limited to
    zones has only the changes of these zones, and no events of the account.
    """
    changes, events = _changes(scope), _events(scope)
    if search:
        change, event = tables.Change, tables.AuditEvent
        changes = changes.join(tables.Zone).where(_contains(search, tables.Zone.name, change.actor, change.address))
        events = None if events is None else events.where(_contains(search, event.subject, event.actor, event.address))
    total = changes.count() + (events.count() if events is not None else 0)
    both = changes if events is None else changes.union_all(events)
    created_at, row_id = pw.SQL("created_at"), pw.SQL("number")
    query = both.order_by(created_at.desc(), row_id.desc()).limit(page.size).offset(page.offset)
    found = list(query.tuples())
    entries = _entries_of_changes([number for origin, number, _ in found if origin == "change"])
    entries |= _entries_of_events([number for origin, number, _ in found if origin == "event"])
    return [entries[origin, number] for origin, number, _ in found], total


def _changes(scope: Scope) -> pw.ModelSelect[tables.Change]:
    """Select origin, id and time of the changes in the scope, those of deleted zones too."""
    query = tables.Change.select(
        pw.Value("change").alias("origin"), tables.Change.id.alias("number"), tables.Change.created_at
    )
    if scope.account is None and scope.zones is None:
        return query
    zones = tables.Zone.select(tables.Zone.id).where(*within_with_deleted(scope))
    return query.where(tables.Change.zone.in_(zones))


def _events(scope: Scope) -> pw.ModelSelect[tables.AuditEvent] | None:
    if scope.zones is not None:
        return None
    query = tables.AuditEvent.select(
        pw.Value("event").alias("origin"), tables.AuditEvent.id.alias("number"), tables.AuditEvent.created_at
    )
    return query if scope.account is None else query.where(tables.AuditEvent.account == scope.account)


def _entries_of_changes(numbers: list[int]) -> dict[tuple[str, int], AuditEntry]:
    change = tables.Change
    counts = [
        pw.fn.coalesce(kept, pw.fn.json_array_length(column)).coerce(False).alias(f"{column.name}_number")
        for column, kept in ((change.added, change.added_count), (change.removed, change.removed_count))
    ]
    columns = (change.id, change.uuid, change.created_at, change.kind, change.actor, change.address, change.serial)
    query = change.select(*columns, change.settings, change.comment, *counts, tables.Zone.uuid, tables.Zone.name).join(
        tables.Zone
    )
    rows: Iterable[Any] = query.where(change.id.in_(numbers))  # with the columns that the counts add
    return {
        ("change", row.id): AuditEntry(
            row.uuid,
            row.created_at,
            row.kind,
            row.zone.name,
            row.actor,
            row.address,
            row.zone.uuid,
            row.serial,
            row.added_number,
            row.removed_number,
            row.comment if row.kind in OF_DNSSEC else _changed_settings(row.settings),
        )
        for row in rows
    }


def _changed_settings(settings: dict[str, Any] | None) -> str:
    """Return the settings that differ, before and after; empty for the first ones of a zone."""
    before, after = (settings or {}).get("before") or {}, (settings or {}).get("after") or {}
    return "; ".join(
        f"{name}: {before[name]} → {after.get(name)}" for name in before if before[name] != after.get(name)
    )


def _contains(search: str, *columns: pw.Field) -> pw.Expression:
    return functools.reduce(operator.or_, (pw.fn.instr(pw.fn.lower(column), search.lower()) > 0 for column in columns))


def _entries_of_events(numbers: list[int]) -> dict[tuple[str, int], AuditEntry]:
    rows = tables.AuditEvent.select().where(tables.AuditEvent.id.in_(numbers))
    return {
        ("event", row.id): AuditEntry(
            row.uuid, row.created_at, row.kind, row.subject, row.actor, row.address, detail=row.detail
        )
        for row in rows
    }
