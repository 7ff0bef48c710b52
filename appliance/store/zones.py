"""Rows of zones. Rows of deleted zones are kept: their serials must never be used again, and they can be restored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import peewee as pw
from dns.name import Name

from appliance.errors import InvalidName
from appliance.principal import Scope
from appliance.store import name_keys, tables
from appliance.store.prepared import PreparedSelect, PreparedWrite
from appliance.store.scopes import within, within_by_no_index
from appliance.store.search import contains
from appliance.store.zone_states import not_live, state_column, with_state
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
    name, columns = print_domain(zone.name), {column: getattr(zone, column) for column in _COLUMNS}
    try:
        _insert(zone.account, name=name, name_key=name_keys.domain_key(zone.name), **columns)
    except pw.IntegrityError:
        raise InvalidName(f"the zone {name} already exists", "domain") from None
    _add_to_count(zone.account, 1)


@PreparedWrite
def _insert(account: UUID, /, **columns: object) -> pw.ModelInsert:
    row = tables.Account.select(tables.Account.id).where(tables.Account.uuid == account)
    return tables.Zone.insert(account=row, **columns)


def update(before: Zone, **changes: Any) -> Zone:  # noqa: ANN401 - columns of several types
    """Store changes of a zone, and return it as it is now."""
    after = replace(before, **changes)
    _update(before.uuid, **changes)
    return after


@PreparedWrite
def _update(uuid: UUID, /, **changes: object) -> pw.ModelUpdate:
    return tables.Zone.update(changes).where(tables.Zone.uuid == uuid)


def replace_if_unchanged(before: Zone, after: Zone, scope: Scope) -> bool:
    """Store a changed zone; return False, and store nothing, if it has changed or left the scope since it was read."""
    changed = {name: value for name in _COLUMNS if (value := getattr(after, name)) != getattr(before, name)}
    return bool(_update_if_unchanged(before.uuid, before.revision, before.serial, scope, **changed))


@PreparedWrite
def _update_if_unchanged(uuid: UUID, revision: int, serial: int, scope: Scope, /, **changed: object) -> pw.ModelUpdate:
    zone = tables.Zone
    unchanged = zone.revision == revision, zone.serial == serial  # a raised serial leaves the revision as it is
    return zone.update(changed).where(zone.uuid == uuid, *unchanged, *within(scope))


def have_changed(versions: Versions) -> bool:
    """Return whether any of these zones has changed since it was read."""
    names = tables.batches(print_domain(name) for name in versions)
    rows = (row for part in names for row in _revisions(frozenset(part)))
    now = {name_keys.domain_from(row.name): Version(row.uuid, row.revision) for row in rows}
    return any(now.get(name) != version for name, version in versions.items())


@PreparedSelect
def _revisions(names: frozenset[str]) -> pw.ModelSelect[tables.Zone]:
    zone = tables.Zone
    return zone.select(zone.name, zone.uuid, zone.revision).where(zone.deleted_at.is_null(), zone.name.in_(list(names)))


def mark_deleted(zone: Zone, **changes: Any) -> Zone:  # noqa: ANN401 - columns of several types
    """Mark a zone as deleted, and subtract it from its account's counter; its rows are kept."""
    _add_to_count(zone.account, -1)
    return update(zone, **changes)


def mark_restored(zone: Zone, **changes: Any) -> Zone:  # noqa: ANN401 - columns of several types
    """Mark a deleted zone as existing, and add it to its account's counter."""
    _add_to_count(zone.account, 1)
    return update(zone, deleted_at=None, **changes)


def get(uuid: UUID, scope: Scope) -> Zone | None:
    """Return the zone with that uuid, or None if it is deleted or outside of the scope."""
    row = _with_uuid.first(uuid, scope)
    return from_row(row) if row else None


@PreparedSelect
def _with_uuid(uuid: UUID, scope: Scope) -> pw.ModelSelect[tables.Zone]:
    return select().where(tables.Zone.uuid == uuid, *within(scope))


def get_by_name(name: Name, scope: Scope | None = None) -> Zone | None:
    """Return the zone of that name in the scope, by default of all, or None."""
    row = _named.first(print_domain(name), scope or Scope(None))
    return from_row(row) if row else None


@PreparedSelect
def _named(name: str, scope: Scope) -> pw.ModelSelect[tables.Zone]:
    return select().where(tables.Zone.name == name, *within(scope))


def get_any(uuid: UUID) -> Zone:
    """Return the zone with that uuid, deleted or not; it must exist."""
    (row,) = _existing(uuid)
    return from_row(row)


@PreparedSelect
def _existing(uuid: UUID) -> pw.ModelSelect[tables.Zone]:
    return select().where(tables.Zone.uuid == uuid)


def known(uuids: Iterable[UUID]) -> set[UUID]:
    """Return those of these uuids that are zones of the database, also deleted and held ones."""
    query = tables.Zone.select(tables.Zone.uuid)
    return {row.uuid for part in tables.batches(uuids) for row in query.where(tables.Zone.uuid.in_(part))}


def first_signed() -> Zone | None:
    """Return a zone that is published signed, or None."""
    row = select().where(tables.Zone.signed, tables.Zone.deleted_at.is_null()).first()
    return from_row(row) if row else None


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
    conditions = list(_conditions(name, search, owner))
    ids: Iterable[tables.Zone]
    if state is not None or conditions:
        ids, total = _find_ids(scope, page, state, conditions)
    else:
        ids, total = _ids_on_page(scope, page.size, page.offset), count_within(scope)
    parts = tables.batches(row.id for row in ids)
    return [from_row(row) for part in parts for row in _with_ids(frozenset(part))], total


def _conditions(name: Name | None, search: str | None, owner: str | None) -> Iterator[pw.Expression]:
    if name is not None:
        yield tables.Zone.name == print_domain(name)
    if search:
        yield contains(search, tables.Zone.name, tables.Zone.comment)
    if owner:
        account = tables.Account
        named = account.select(account.id).where(pw.fn.instr(account.email, owner.lower()) > 0)
        yield tables.Zone.account.in_(named)


def _find_ids(
    scope: Scope, page: Page, state: DeploymentState | None, conditions: Sequence[pw.Expression]
) -> tuple[Iterable[tables.Zone], int]:
    """Return the zones of a page that meet the conditions, with their ids alone, and their number on all pages.

    Most zones are live: of the others only those are read that may be in another state.
    """
    if state is None or state is DeploymentState.LIVE:
        matching, order = tables.Zone.select(tables.Zone.id).where(*within(scope), *conditions), tables.Zone.name
        if state is not None:
            matching = with_state(matching).where(state_column() == state.value)
        ids = matching.order_by(order).limit(page.size).offset(page.offset)
        return ids, matching.count() if conditions else count_within(scope) - not_live(scope).count()
    matching = not_live(scope).where(state_column() == state.value, *conditions)
    by_name = matching.order_by(pw.SQL("+t1.name")).limit(page.size).offset(page.offset)
    return by_name, matching.count()


def count_within(scope: Scope) -> int:
    """Return the number of zones of the scope: where it is all those of an account, or of all, from the counters."""
    counted = _zones_of_accounts.value(scope.account) if scope.zones is None else _count_within.value(scope)
    return int(counted)


@PreparedSelect
def _ids_on_page(scope: Scope, size: int, offset: int) -> pw.ModelSelect[tables.Zone]:
    ids = tables.Zone.select(tables.Zone.id).where(*within(scope))
    return ids.order_by(tables.Zone.name).limit(size).offset(offset)


@PreparedSelect
def _count_within(scope: Scope) -> pw.ModelSelect[tables.Zone]:
    return tables.Zone.select(pw.fn.count(tables.Zone.id)).where(*within(scope))


@PreparedSelect
def _with_ids(ids: frozenset[int]) -> pw.ModelSelect[tables.Zone]:
    return select().where(tables.Zone.id.in_(list(ids))).order_by(tables.Zone.name)


def count_of(account: UUID) -> int:
    """Return the number of an account's zones, from its counter."""
    return int(_zones_of_accounts.value(account))


def is_held() -> pw.Function:
    """Return the condition that a selected zone is held, or was when it was deleted."""
    hold = tables.Hold.alias()
    return pw.fn.EXISTS(hold.select(pw.SQL("1")).where(hold.zone == tables.Zone.id))


def select() -> pw.ModelSelect[tables.Zone]:
    """Select zones with their accounts, for `from_row`."""
    return tables.Zone.select(tables.Zone, tables.Account.uuid).join(tables.Account)


@PreparedSelect
def _zones_of_accounts(account: UUID | None) -> pw.ModelSelect[tables.Account]:
    """Select the number of zones of an account, or of all, from their counters."""
    counted = tables.Account.select(pw.fn.coalesce(pw.fn.sum(tables.Account.zone_count), 0))
    return counted if account is None else counted.where(tables.Account.uuid == account)


@PreparedWrite
def _add_to_count(account: UUID, step: int) -> pw.ModelUpdate:
    counter = tables.Account.zone_count
    return tables.Account.update(zone_count=counter + step).where(tables.Account.uuid == account)


_COLUMNS = sorted(set(tables.Zone._meta.fields) & set(Zone.__dataclass_fields__) - {"account", "name"})


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
        dnssec=row.dnssec,
        signed=row.signed,
        signed_serial=row.signed_serial,
    )


def find_zone_of(name: Name, scope: Scope) -> Zone | None:
    """Return the zone of the scope that contains a full domain name, the longest match, or None."""
    labels = name.labels[:-1]
    keys = [name_keys.domain_key(Name((*labels[above:], b""))) for above in range(len(labels))]
    row = _longest_match.first(frozenset(keys), scope)
    return from_row(row) if row else None


@PreparedSelect
def _longest_match(keys: frozenset[str], scope: Scope) -> pw.ModelSelect[tables.Zone]:
    matching = select().where(tables.Zone.name_key.in_(list(keys)), *within_by_no_index(scope))
    return matching.order_by(tables.Zone.name_key.desc()).limit(1)
