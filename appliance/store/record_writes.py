"""Changes of records as SQL statements, each for many rows.

The statements are prepared before the write lock is acquired, and executed while it is held.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.store import name_keys, tables
from appliance.zones.changes import Change, Create, Delete, Update
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_owner

ROWS_PER_STATEMENT = 500
"""Rows per statement."""

_FIELDS = (
    *("uuid", "owner", "owner_key", "rdtype", "ttl", "wire", "value", "priority", "line", "comment"),
    *("created_at", "updated_at", "expires_at", "revision"),
)
_COLUMNS = ", ".join(_FIELDS)
_ROW = f"({', '.join('?' * len(_FIELDS))})"
_INSERT = (
    f"insert into record (zone_id, {_COLUMNS})"  # noqa: S608 - names of columns
    " select (select id from zone where uuid = ?), * from (values {rows})"
)
_SET = ", ".join(f"{field} = changed.{field}" for field in _FIELDS[1:-1])
_UPDATE = (
    "with target (id) as (select id from zone where uuid = ?),"  # noqa: S608 - names of columns
    f" changed ({_COLUMNS}) as (values {{rows}})"
    f" update record set zone_id = (select id from target), {_SET}, revision = record.revision + 1"
    " from changed where record.uuid = changed.uuid"
)
_DELETE = "delete from record where uuid in ({rows})"
_SET_PLACEHOLDER = "update record set wire = cast('aside' || uuid as blob) where uuid in ({rows})"


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement with its parameters."""

    sql: str
    parameters: Sequence[Any]


def prepare(zone: Zone, changes: Iterable[Change], line_of: Callable[[Record], str]) -> list[Statement]:
    """Return the statements that store the changes; after them no two records of an RRset may be identical.

    An updated record of another zone moves into this one.
    Deletions come first. Where one record gets the data that another one had, the other's data is replaced by a
    placeholder first: the index of records is unique at every moment.
    """
    creates: list[Record] = []
    updates: list[Update] = []
    deletes: list[Record] = []
    for change in changes:
        match change:
            case Create(record):
                creates.append(record)
            case Update():
                updates.append(change)
            case Delete(record):
                deletes.append(record)
    return [
        *_by_uuid(_DELETE, deletes),
        *_by_uuid(_SET_PLACEHOLDER, _data_reused(updates)),
        *_by_row(_UPDATE, (zone.uuid.hex,), zone, [update.after for update in updates], line_of),
        *_by_row(_INSERT, (zone.uuid.hex,), zone, creates, line_of),
    ]


def execute(statements: Iterable[Statement]) -> None:
    """Execute the statements in the transaction of this thread."""
    database = tables.Record._meta.database
    for statement in statements:
        database.execute_sql(statement.sql, statement.parameters)


def _data_reused(updates: Sequence[Update]) -> list[Record]:
    """Return the records whose data another record gets."""
    new_holders = {update.after.key: update.after.uuid for update in updates} if len(updates) > 1 else {}
    return [
        update.before
        for update in updates
        if new_holders.get(update.before.key, update.before.uuid) != update.before.uuid
    ]


def _by_uuid(sql: str, records: Sequence[Record]) -> Iterator[Statement]:
    for part in _batches(records):
        yield Statement(sql.format(rows=", ".join("?" * len(part))), [record.uuid.hex for record in part])


def _by_row(
    sql: str, first: Sequence[Any], zone: Zone, records: Sequence[Record], line_of: Callable[[Record], str]
) -> Iterator[Statement]:
    for part in _batches(records):
        values = itertools.chain.from_iterable(_row(zone, record, line_of(record)) for record in part)
        yield Statement(sql.format(rows=", ".join([_ROW] * len(part))), [*first, *values])


def _batches(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    return (records[start : start + ROWS_PER_STATEMENT] for start in range(0, len(records), ROWS_PER_STATEMENT))


def _row(zone: Zone, record: Record, line: str) -> tuple[Any, ...]:
    """Return the values of `_FIELDS`, as the columns hold them."""
    moment = tables.Record.created_at.db_value
    return (
        record.uuid.hex,
        print_owner(record.owner, zone.name),
        name_keys.owner_key(record.owner, zone.name),
        record.rdtype.name,
        record.ttl,
        record.wire,
        record.value,
        record.priority,
        line,
        record.comment,
        moment(record.created_at),
        moment(record.updated_at),
        moment(record.expires_at),
        record.revision,
    )
