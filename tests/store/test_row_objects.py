"""Objects of rows: the same as Peewee's own, for every kind of query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import peewee as pw
import pytest

from appliance.store import records, tables, zones
from appliance.store.prepared import PreparedSelect
from tests.api.conftest import counted
from tests.workspace import Workspace


def with_deployments() -> pw.ModelSelect[tables.Zone]:
    return tables.Zone.select(tables.Zone, tables.Deployment).join(tables.Deployment, pw.JOIN.LEFT_OUTER)


def some_columns() -> pw.ModelSelect[tables.Record]:
    row = tables.Record
    return row.select(row.owner, row.wire, row.expires_at, tables.Zone.name, tables.Zone.protected).join(tables.Zone)


def counted_by_type() -> pw.ModelSelect[tables.Record]:
    row = tables.Record
    return row.select(row.rdtype.alias("kind"), pw.fn.count(row.id).alias("number")).group_by(row.rdtype)


def with_expressions() -> pw.ModelSelect[tables.Zone]:
    row = tables.Zone
    upper, later = pw.fn.upper(row.comment).alias("shown"), pw.fn.abs(row.created_at).alias("later")
    return row.select(row.name, upper, later, row.serial.alias("wanted"), tables.Account.email).join(tables.Account)


QUERIES: list[Callable[[], Any]] = [
    zones.select,
    records.with_zones,
    tables.Record.select,
    some_columns,
    with_deployments,
    counted_by_type,
    with_expressions,
]


def shown(row: pw.Model) -> object:
    """Return the values and joined rows of a row, but not its foreign keys, which Peewee forgets without an id."""
    keys = {field.name for field in row._meta.fields.values() if isinstance(field, pw.ForeignKeyField)}
    values = {name: value for name, value in row.__data__.items() if name not in keys}
    others = {name: value for name, value in vars(row).items() if not name.startswith("_")}
    return type(row), values, others, {name: one and shown(one) for name, one in row.__rel__.items()}


@pytest.mark.parametrize("query", QUERIES)
def test_objects_are_those_of_peewee(workspace: Workspace, query: Callable[[], Any]) -> None:
    zone = workspace.zone()
    workspace.add(zone, "MX", "@", "mail.example.net", priority=10)
    workspace.add(zone, "A", "www", "192.0.2.1")
    prepared: PreparedSelect[[], pw.Model] = PreparedSelect(query)
    expected = [shown(row) for row in query()]
    assert [shown(row) for row in prepared()] == [shown(row) for row in prepared()] == expected != []
    assert not any(row.dirty_fields for row in prepared())


def test_a_joined_row_has_its_key_and_is_not_read_again(workspace: Workspace) -> None:
    zone = workspace.zone()
    read = PreparedSelect(zones.select)
    with counted() as statements:
        (row,) = read()
        assert (row.uuid, row.account.uuid) == (zone.uuid, zone.account) and row.account_id
    assert len(statements) == 1
