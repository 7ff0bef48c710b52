"""The audit log: the journal of zones, and the acts that changed no zone, read as one list. Rows are never changed."""

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
from appliance.store.zones import Page


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, when and from where. Of a change of a zone: the zone, its serial, and how many records."""

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


def append(kind: str, account: UUID, subject: str, principal: Principal, now: datetime) -> None:
    """Note an act that concerns the account."""
    tables.AuditEvent.create(
        uuid=uuid4(),
        kind=kind,
        account=account,
        subject=subject,
        actor_account=principal.recorded_account,
        actor=principal.name,
        address=principal.address,
        created_at=now,
    )


def find(scope: Scope, page: Page, search: str = "") -> tuple[list[AuditEntry], int]:
    """A page of what concerns the scope, newest first, and how much there is in all.

    `search` is a part of a zone's or subject's name, of who did it, or of the address. Where the scope is limited to
    zones, these alone: what was done to the account is not theirs to tell.
    """
    changes, acts = _changes(scope), _acts(scope)
    if search:
        change, act = tables.Change, tables.AuditEvent
        changes = changes.join(tables.Zone).where(_holds(search, tables.Zone.name, change.actor, change.address))
        acts = None if acts is None else acts.where(_holds(search, act.subject, act.actor, act.address))
    total = changes.count() + (acts.count() if acts is not None else 0)
    both = changes if acts is None else changes.union_all(acts)
    moment, number = pw.SQL("created_at"), pw.SQL("number")
    places = both.order_by(moment.desc(), number.desc()).limit(page.size).offset(page.offset).tuples()
    found = list(places)
    known = _changes_of([number for table, number, _ in found if table == "change"])
    known |= _acts_of([number for table, number, _ in found if table == "act"])
    return [known[table, number] for table, number, _ in found], total


def _changes(scope: Scope) -> pw.ModelSelect[tables.Change]:
    """Where the changes stand, those of deleted zones too."""
    query = tables.Change.select(
        pw.Value("change").alias("origin"), tables.Change.id.alias("number"), tables.Change.created_at
    )
    if scope.account is None and scope.zones is None:
        return query
    zones = tables.Zone.select(tables.Zone.id)
    if scope.account is not None:
        account = tables.Account.select(tables.Account.id).where(tables.Account.uuid == scope.account)
        zones = zones.where(tables.Zone.account == account)
    if scope.zones is not None:
        zones = zones.where(tables.Zone.uuid.in_(list(scope.zones)))
    return query.where(tables.Change.zone.in_(zones))


def _acts(scope: Scope) -> pw.ModelSelect[tables.AuditEvent] | None:
    if scope.zones is not None:
        return None
    query = tables.AuditEvent.select(
        pw.Value("act").alias("origin"), tables.AuditEvent.id.alias("number"), tables.AuditEvent.created_at
    )
    return query if scope.account is None else query.where(tables.AuditEvent.account == scope.account)


def _changes_of(numbers: list[int]) -> dict[tuple[str, int], AuditEntry]:
    change = tables.Change
    counts = [
        pw.fn.json_array_length(column).coerce(False).alias(f"{column.name}_count")
        for column in (change.added, change.removed)
    ]
    columns = (change.id, change.uuid, change.created_at, change.kind, change.actor, change.address, change.serial)
    query = change.select(*columns, *counts, tables.Zone.uuid, tables.Zone.name).join(tables.Zone)
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
            row.added_count,
            row.removed_count,
        )
        for row in rows
    }


def _holds(search: str, *columns: pw.Field) -> pw.Expression:
    return functools.reduce(operator.or_, (pw.fn.instr(pw.fn.lower(column), search.lower()) > 0 for column in columns))


def _acts_of(numbers: list[int]) -> dict[tuple[str, int], AuditEntry]:
    rows = tables.AuditEvent.select().where(tables.AuditEvent.id.in_(numbers))
    return {
        ("act", row.id): AuditEntry(row.uuid, row.created_at, row.kind, row.subject, row.actor, row.address)
        for row in rows
    }
