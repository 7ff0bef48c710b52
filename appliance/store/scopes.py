"""The conditions of a scope, for queries of zones and of what belongs to zones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import peewee as pw

from appliance.principal import Scope
from appliance.store import tables


def within(scope: Scope) -> Iterable[pw.Expression]:
    """Yield the conditions that a zone is not deleted and in the scope."""
    yield tables.Zone.deleted_at.is_null()
    yield from within_with_deleted(scope)


def within_with_deleted(scope: Scope) -> Iterable[pw.Expression]:
    """Yield the conditions that a zone is in the scope, deleted or not."""
    if scope.account is not None:
        yield tables.Zone.account == _id_of(scope)
    if scope.zones is not None:
        by_uuid = tables.Zone.uuid.in_(list(scope.zones))
        yield by_uuid | tables.Zone.name.in_(list(scope.domains)) if scope.domains else by_uuid


def within_by_no_index(scope: Scope) -> Iterable[pw.Expression]:
    """Yield the conditions of `within`, so that SQLite does not read all of an account's many zones for them."""
    yield from within(replace(scope, account=None))
    if scope.account is not None:
        yield tables.Zone.account + 0 == _id_of(scope)


def _id_of(scope: Scope) -> pw.ModelSelect[tables.Account]:
    return tables.Account.select(tables.Account.id).where(tables.Account.uuid == scope.account)
