"""Changes of records as few statements, however many changes there are.

The statements are put together before the write lock is taken, and are executed under it.
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

ROWS_EACH = 500
"""Rows of one statement."""

_FIELDS = (
    *("uuid", "owner", "owner_key", "rdtype", "ttl", "wire", "value", "priority", "line", "comment"),
    *("created_at", "updated_at"),
)
_COLUMNS = ", ".join(_FIELDS)
_ROW = f"({', '.join('?' * len(_FIELDS))})"
_INSERT = (
    f"insert into record (zone_id, revision, {_COLUMNS})"  # noqa: S608 - names of columns
    " select (select id from zone where uuid = ?), 1, * from (values {rows})"
)
_UPDATE = (
    f"with changed ({_COLUMNS}) as (values {{rows}}) update record set"  # noqa: S608 - names of columns
    f" {', '.join(f'{field} = changed.{field}' for field in _FIELDS[1:])}, revision = record.revision + 1"
    " from changed where record.uuid = changed.uuid"
)
_DELETE = "delete from record where uuid in ({rows})"
_SET_ASIDE = "update record set wire = cast('aside' || uuid as blob) where uuid in ({rows})"


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement with its parameters."""

    sql: str
    parameters: Sequence[Any]


def prepare(zone: Zone, changes: Iterable[Change], line_of: Callable[[Record], str]) -> list[Statement]:
    """Return the statements that store the changes; no two records of a set may be equal after them.

    Deletions come first. A content that moves from one record to another is set aside before it is taken.
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
        *_by_uuid(_SET_ASIDE, _in_the_way(updates)),
        *_by_row(_UPDATE, (), zone, [update.after for update in updates], line_of),
        *_by_row(_INSERT, (zone.uuid.hex,), zone, creates, line_of),
    ]


def execute(statements: Iterable[Statement]) -> None:
    """Execute the statements in the transaction of this thread."""
    database = tables.Record._meta.database
    for statement in statements:
        database.execute_sql(statement.sql, statement.parameters)


def _in_the_way(updates: Sequence[Update]) -> list[Record]:
    """Return the records whose content another record takes."""
    takers = {update.after.key: update.after.uuid for update in updates} if len(updates) > 1 else {}
    return [
        update.before for update in updates if takers.get(update.before.key, update.before.uuid) != update.before.uuid
    ]


def _by_uuid(sql: str, records: Sequence[Record]) -> Iterator[Statement]:
    for part in _parts(records):
        yield Statement(sql.format(rows=", ".join("?" * len(part))), [record.uuid.hex for record in part])


def _by_row(
    sql: str, first: Sequence[Any], zone: Zone, records: Sequence[Record], line_of: Callable[[Record], str]
) -> Iterator[Statement]:
    for part in _parts(records):
        values = itertools.chain.from_iterable(_row(zone, record, line_of(record)) for record in part)
        yield Statement(sql.format(rows=", ".join([_ROW] * len(part))), [*first, *values])


def _parts(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    return (records[start : start + ROWS_EACH] for start in range(0, len(records), ROWS_EACH))


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
    )
