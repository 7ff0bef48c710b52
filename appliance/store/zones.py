"""Rows of zones. Rows of deleted zones are kept: their serials must never be used again, and they can be restored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import peewee as pw
from dns.name import Name

from appliance.errors import InvalidName
from appliance.principal import Scope
from appliance.store import name_keys, tables
from appliance.store.search import contains
from appliance.store.zone_states import state_column
from appliance.zones.deployment import DeploymentState
from appliance.zones.model import Zone
from appliance.zones.names import print_domain


@dataclass(frozen=True, slots=True)
class Version:
    """The version of a zone when it was read; another zone of the same name, or a stored change, has another one."""

    uuid: UUID
    revision: int


Versions = Mapping[Name, Version | None]
"""The version of the zone of each name; None if there was no such zone."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: `number` from 1, `size` rows each."""

    number: int = 1
    size: int = 100

    @property
    def offset(self) -> int:
        """The number of rows before the page."""
        return (self.number - 1) * self.size


def insert(zone: Zone) -> None:
    """Store a new zone; raise InvalidName if there is a zone of that name."""
    account = tables.Account.get(tables.Account.uuid == zone.account)
    try:
        tables.Zone.create(
            account=account,
            name_key=name_keys.domain_key(zone.name),
            **{**_columns(zone), "name": print_domain(zone.name)},
        )
    except pw.IntegrityError:
        raise InvalidName(f"the zone {print_domain(zone.name)} already exists", "domain") from None
    _add_to_count(account.id, 1)


def update(before: Zone, **changes: Any) -> Zone:  # noqa: ANN401 - columns of several types
    """Store changes of a zone, and return it as it is now."""
    after = replace(before, **changes)
    tables.Zone.update(changes).where(tables.Zone.uuid == before.uuid).execute()
    return after


def replace_if_unchanged(before: Zone, after: Zone, scope: Scope) -> bool:
    """Store a changed zone; return False, and store nothing, if it has changed or left the scope since it was read."""
    changed = {name: value for name in _columns(after) if (value := getattr(after, name)) != getattr(before, name)}
    unchanged = (
        tables.Zone.uuid == before.uuid,
        tables.Zone.revision == before.revision,
        tables.Zone.serial == before.serial,  # a raised serial leaves the revision as it is
    )
    return bool(tables.Zone.update(changed).where(*unchanged, *within(scope)).execute())


def have_changed(versions: Versions) -> bool:
    """Return whether any of these zones has changed since it was read."""
    zone = tables.Zone
    query = zone.select(zone.name, zone.uuid, zone.revision).where(zone.deleted_at.is_null())
    names = tables.batches(print_domain(name) for name in versions)
    rows = (row for part in names for row in query.where(zone.name.in_(part)))
    now = {name_keys.domain_from(row.name): Version(row.uuid, row.revision) for row in rows}
    return any(now.get(name) != version for name, version in versions.items())


def mark_deleted(zone: Zone, **changes: Any) -> Zone:  # noqa: ANN401 - columns of several types
    """Mark a zone as deleted, and subtract it from its account's counter; its rows are kept."""
    after = update(zone, **changes)
    row = tables.Zone.get(tables.Zone.uuid == zone.uuid)
    _add_to_count(row.account_id, -1)
    return after


def mark_restored(zone: Zone, **changes: Any) -> Zone:  # noqa: ANN401 - columns of several types
    """Mark a deleted zone as existing, and add it to its account's counter."""
    after = update(zone, deleted_at=None, **changes)
    row = tables.Zone.get(tables.Zone.uuid == zone.uuid)
    _add_to_count(row.account_id, 1)
    return after


def get(uuid: UUID, scope: Scope) -> Zone | None:
    """Return the zone with that uuid, or None if it is deleted or outside of the scope."""
    row = _select().where(tables.Zone.uuid == uuid, *within(scope)).get_or_none()
    return from_row(row) if row else None


def get_by_name(name: Name, scope: Scope | None = None) -> Zone | None:
    """Return the zone of that name in the scope, by default of all, or None."""
    row = _select().where(tables.Zone.name == print_domain(name), *within(scope or Scope(None))).get_or_none()
    return from_row(row) if row else None


def get_any(uuid: UUID) -> Zone:
    """Return the zone with that uuid, deleted or not; it must exist."""
    return from_row(_select().where(tables.Zone.uuid == uuid).get())


def find(
    scope: Scope,
    page: Page,
    *,
    name: Name | None = None,
    search: str | None = None,
    state: DeploymentState | None = None,
    owner: str | None = None,
) -> tuple[list[Zone], int]:
    """Return a page of zones, ordered by domain, and their number on all pages; `owner` is a part of an email."""
    conditions = list(within(scope))
    if name is not None:
        conditions.append(tables.Zone.name == print_domain(name))
    if search:
        conditions.append(contains(search, tables.Zone.name, tables.Zone.comment))
    if state is not None:
        conditions.append(state_column() == state.value)
    if owner:
        account = tables.Account
        matching = account.select(account.id).where(pw.fn.instr(account.email, owner.lower()) > 0)
        conditions.append(tables.Zone.account.in_(matching))
    ids = _select_ids(state).where(*conditions).order_by(tables.Zone.name).limit(page.size).offset(page.offset)
    rows = _select().where(tables.Zone.id.in_([row.id for row in ids])).order_by(tables.Zone.name)
    zones = [from_row(row) for row in rows]
    if len(conditions) == len(list(within(scope))) and scope.zones is None:
        return zones, _counted(scope)
    return zones, _select_ids(state).where(*conditions).count()


def find_deleted(
    scope: Scope, deleted_after: datetime, page: Page, *, name: Name | None = None, search: str | None = None
) -> tuple[list[Zone], int]:
    """Return a page of the zones that were deleted after that time, newest first, and their number on all pages."""
    deleted_at = tables.Zone.deleted_at
    query = _select().where(deleted_at > deleted_after, *within_with_deleted(scope))
    if name is not None:
        query = query.where(tables.Zone.name == print_domain(name))
    if search:
        query = query.where(contains(search, tables.Zone.name, tables.Zone.comment))
    ordered = query.order_by(deleted_at.desc(), tables.Zone.id.desc())
    return [from_row(row) for row in ordered.limit(page.size).offset(page.offset)], query.count()


def get_deleted(uuid: UUID, scope: Scope, deleted_after: datetime) -> Zone | None:
    """Return the zone with that uuid if it was deleted after that time and is in the scope, else None."""
    of_scope = within_with_deleted(scope)
    row = _select().where(tables.Zone.uuid == uuid, tables.Zone.deleted_at > deleted_after, *of_scope).get_or_none()
    return from_row(row) if row else None


def count_of(account: UUID) -> int:
    """Return the number of an account's zones, from its counter."""
    return int(tables.Account.get(tables.Account.uuid == account).zone_count)


def neighbour_of_others(name: Name, account: UUID, deleted_after: datetime) -> Zone | None:
    """Return a zone of another account at, above or below that name, or None.

    A zone counts until it is deleted, and from then on if that was after `deleted_after` and it was not held; existing
    ones come first.
    """
    low, high = name_keys.below(name_keys.domain_key(name))
    labels = name.labels[:-1]
    at_or_above = [name_keys.domain_key(Name((*labels[count:], b""))) for count in range(len(labels))]
    zone = tables.Zone
    was_published = (zone.deleted_at > deleted_after) & ~is_held()
    row = (
        _select()
        .where(tables.Account.uuid != account, zone.deleted_at.is_null() | was_published)
        .where(zone.name_key.in_(at_or_above) | ((zone.name_key > low) & (zone.name_key < high)))
        .order_by(zone.deleted_at.is_null(False))
        .first()
    )
    return from_row(row) if row else None


def is_held() -> pw.Function:
    """Return the condition that a selected zone is held, or was when it was deleted."""
    hold = tables.Hold.alias()
    return pw.fn.EXISTS(hold.select(pw.SQL("1")).where(hold.zone == tables.Zone.id))


def last_deleted(name: Name) -> Zone | None:
    """Return the zone of that name that was deleted last, or None."""
    deleted_at = tables.Zone.deleted_at
    query = _select().where(tables.Zone.name_key == name_keys.domain_key(name), deleted_at.is_null(False))
    row = query.order_by(deleted_at.desc()).first()
    return from_row(row) if row else None


def deleted_among(uuids: Iterable[UUID]) -> set[UUID]:
    """Return those of these zones that are marked as deleted."""
    query = tables.Zone.select(tables.Zone.uuid).where(tables.Zone.deleted_at.is_null(False))
    return {row.uuid for part in tables.batches(uuids) for row in query.where(tables.Zone.uuid.in_(part))}


def past_serials(name: Name) -> list[int]:
    """Return the last serials of all zones that ever had that name, oldest first."""
    query = (
        tables.Zone.select(tables.Zone.serial).where(tables.Zone.name == print_domain(name)).order_by(tables.Zone.id)
    )
    return [row.serial for row in query]


def _select() -> pw.ModelSelect[tables.Zone]:
    return tables.Zone.select(tables.Zone, tables.Account.uuid).join(tables.Account)


def _select_ids(state: DeploymentState | None) -> pw.ModelSelect[tables.Zone]:
    """Select only ids of zones, which an index has; join their deployments if a state is a condition."""
    query = tables.Zone.select(tables.Zone.id)
    return query if state is None else query.join(tables.Deployment, pw.JOIN.LEFT_OUTER)


def within(scope: Scope) -> Iterable[pw.Expression]:
    """Yield the conditions that a zone is not deleted and in the scope."""
    yield tables.Zone.deleted_at.is_null()
    yield from within_with_deleted(scope)


def within_with_deleted(scope: Scope) -> Iterable[pw.Expression]:
    """Yield the conditions that a zone is in the scope, deleted or not."""
    if scope.account is not None:
        account = tables.Account.select(tables.Account.id).where(tables.Account.uuid == scope.account)
        yield tables.Zone.account == account
    if scope.zones is not None:
        by_uuid = tables.Zone.uuid.in_(list(scope.zones))
        yield by_uuid | tables.Zone.name.in_(list(scope.domains)) if scope.domains else by_uuid


def _counted(scope: Scope) -> int:
    """Return the number of zones in the scope, from the counters of accounts."""
    query = tables.Account.select(pw.fn.coalesce(pw.fn.sum(tables.Account.zone_count), 0))
    if scope.account is not None:
        query = query.where(tables.Account.uuid == scope.account)
    return int(query.scalar())


def _add_to_count(account_id: int, step: int) -> None:
    tables.Account.update(zone_count=tables.Account.zone_count + step).where(tables.Account.id == account_id).execute()


def _columns(zone: Zone) -> dict[str, Any]:
    columns = set(tables.Zone._meta.fields) & set(Zone.__dataclass_fields__) - {"account", "name"}
    return {name: getattr(zone, name) for name in columns}


def from_row(row: tables.Zone) -> Zone:
    """Return the zone of a row that was read with its account."""
    return Zone(
        uuid=row.uuid,
        name=name_keys.domain_from(row.name),
        account=row.account.uuid,
        serial=row.serial,
        revision=row.revision,
        default_ttl=row.default_ttl,
        protected=row.protected,
        comment=row.comment,
        record_count=row.record_count,
        created_at=row.created_at,
        updated_at=row.updated_at,
        queued_at=row.queued_at,
        deleted_at=row.deleted_at,
    )


def find_zone_of(name: Name, scope: Scope) -> Zone | None:
    """Return the zone of the scope that contains a full domain name, the longest match, or None."""
    labels = name.labels[:-1]
    keys = [name_keys.domain_key(Name((*labels[above:], b""))) for above in range(len(labels))]
    matching = _select().where(tables.Zone.name_key.in_(keys), *within(replace(scope, account=None)))
    if scope.account is not None:
        account = tables.Account.select(tables.Account.id).where(tables.Account.uuid == scope.account)
        matching = matching.where(tables.Zone.account + 0 == account)  # not by the index of an account's many zones
    row = matching.order_by(tables.Zone.name_key.desc()).first()
    return from_row(row) if row else None
