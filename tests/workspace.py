"""A workspace for tests: a store in a folder of its own, its editor, two accounts, and a clock that is set by hand."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.name

from appliance.editing import Editor, RecordInput
from appliance.principal import Account, Principal
from appliance.render.zone_file import Apex
from appliance.store import accounts
from appliance.store.file import sqlite
from appliance.store.file.binding import CurrentDatabase
from appliance.store.file.database import Store
from appliance.zones.model import Record, Zone
from appliance.zones.reserved import OwnNames

SERVERS = (dns.name.from_text("ns1.appliance.test."), dns.name.from_text("ns2.appliance.test."))
APEX = Apex(SERVERS, dns.name.from_text("hostmaster.appliance.test."), 3600, 300, 2419200, 300, 900)
OWN_NAMES = OwnNames(SERVERS, dns.name.from_text("catalog.appliance.test."))

Row = dict[str, Any]
"""Columns by name, as SQLite holds them."""
Rows = dict[str, list[Row]]
"""Rows by table."""


def read_rows(file: Path, query: str, parameters: Sequence[Any] = ()) -> list[Row]:
    """Return the rows of a query, as another process would read them now."""
    with closing(sqlite.connect(file)) as reader:
        return _rows(reader, query, parameters)


def read_all_rows(file: Path) -> Rows:
    """Return every row of every table, as another process would read them now."""
    with closing(sqlite.connect(file)) as reader:
        tables = [row["name"] for row in _rows(reader, "select name from sqlite_master where type = 'table'")]
        return {table: _rows(reader, f"select * from {table} order by 1") for table in tables}  # noqa: S608


def _rows(reader: sqlite.Connection, query: str, parameters: Sequence[Any] = ()) -> list[Row]:
    cursor = reader.execute(query, parameters)
    names: list[str] | None = None
    found = []
    for row in cursor:
        names = names or [name for name, _ in cursor.get_description()]
        found.append(dict(zip(names, row, strict=True)))
    return found


def current_database() -> Any:  # noqa: ANN401 - whatever a database has
    """Return the database in use in this thread, for what no function of the store offers."""
    return CurrentDatabase()


@dataclass
class Clock:
    """The time that the test sets."""

    now: datetime = datetime(2031, 5, 4, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **step: float) -> None:
        """Move the time forward; the arguments are those of `timedelta`."""
        self.now += timedelta(**step)


@dataclass
class Workspace:
    """An editor and its store. `owner` and `stranger` are principals of two accounts.

    `announced` has the time of each announcement.
    """

    store: Store
    clock: Clock
    editor: Editor
    owner: Principal
    stranger: Principal
    announced: list[datetime] = field(default_factory=list)

    def zone(self, domain: str = "example.com") -> Zone:
        """Create a zone of the owner."""
        return self.editor.create_zone(self.owner, domain)

    def add(
        self, zone: Zone, record_type: str, name: str, value: str, ttl: int | None = None, priority: int | None = None
    ) -> Record:
        """Create a record as the owner."""
        requested = RecordInput(record_type, name, value, ttl=ttl, priority=priority)
        return self.editor.create_record(self.owner, zone.uuid, requested)[1]

    def rows(self) -> Rows:
        """Return every row of every table, as another process would read them now."""
        return read_all_rows(self.store.path)

    def journal(self) -> list[tuple[str, int]]:
        """Return kind and serial of each row of the journal, in its order."""
        rows = read_rows(self.store.path, "select kind, serial from change order by id")
        return [(row["kind"], row["serial"]) for row in rows]

    def journaled(self) -> list[tuple[list[dict[str, object]], list[dict[str, object]]]]:
        """Return the removed and the added records of each row of the journal."""
        rows = read_rows(self.store.path, "select removed, added from change order by id")
        return [(json.loads(row["removed"]), json.loads(row["added"])) for row in rows]


def create_store(store: Store) -> None:
    """Create a store without rows; the migrations run once in a process, not for each store."""
    store.path.write_bytes(_empty_store())
    store.attach()


@functools.cache
def _empty_store() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite3"
        Store(path).create_or_migrate()
        return path.read_bytes()


def principal_of(account: Account) -> Principal:
    """Return a principal with all permissions for what the account has."""
    return Principal.of_account(account, "192.0.2.7")


@contextmanager
def open_workspace(folder: Path) -> Iterator[Workspace]:
    """Yield a workspace whose store is in that folder."""
    clock = Clock()
    store = Store(folder / "store.sqlite3", busy_timeout=1, durable=False)
    create_store(store)
    with store.connection():
        owner, stranger = (
            principal_of(accounts.create_account(email, clock()))
            for email in ("owner@example.org", "stranger@example.org")
        )
        editor = Editor(store, APEX, OWN_NAMES, 3600, clock)
        workspace = Workspace(store, clock, editor, owner, stranger)
        workspace.editor = replace(editor, announce=lambda: workspace.announced.append(clock()))
        yield workspace
