"""A workspace for tests: a store in a folder of its own, its editor, two accounts, and a clock that stands still."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.name

from appliance.editing import Editor, RecordInput
from appliance.principal import Account, Principal
from appliance.render.zone_file import Apex
from appliance.store import accounts
from appliance.store.file import sqlite
from appliance.store.file.database import Store
from appliance.zones.model import Record, Zone
from appliance.zones.reserved import OwnNames

SERVERS = (dns.name.from_text("ns1.appliance.test."), dns.name.from_text("ns2.appliance.test."))
APEX = Apex(SERVERS, dns.name.from_text("hostmaster.appliance.test."), 3600, 300, 2419200, 300, 900)
OWN_NAMES = OwnNames(SERVERS, dns.name.from_text("catalog.appliance.test."))

Rows = dict[str, list[tuple[object, ...]]]


@dataclass
class Clock:
    """The time that a test says it is."""

    now: datetime = datetime(2031, 5, 4, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **step: float) -> None:
        """Let that much time pass: the arguments of `timedelta`."""
        self.now += timedelta(**step)


@dataclass
class Workspace:
    """An editor with what it works on. `owner` and `stranger` are principals of two accounts."""

    store: Store
    clock: Clock
    editor: Editor
    owner: Principal
    stranger: Principal
    announced: list[Rows] = field(default_factory=list)

    def zone(self, domain: str = "example.com") -> Zone:
        """A new zone of the owner."""
        return self.editor.create_zone(self.owner, domain)

    def add(
        self, zone: Zone, record_type: str, name: str, value: str, ttl: int | None = None, priority: int | None = None
    ) -> Record:
        """A new record, by the owner."""
        wanted = RecordInput(record_type, name, value, ttl=ttl, priority=priority)
        return self.editor.create_record(self.owner, zone.uuid, wanted)[1]

    def rows(self) -> Rows:
        """Every row of every table, as another process would read them now."""
        with closing(sqlite.connect(self.store.path)) as reader:
            tables = [name for (name,) in reader.execute("select name from sqlite_master where type = 'table'")]
            return {table: list(reader.execute(f"select * from {table} order by 1, 2")) for table in tables}  # noqa: S608

    def journal(self) -> list[tuple[str, int]]:
        """Kind and serial of each row of the journal, in its order."""
        with closing(sqlite.connect(self.store.path)) as reader:
            rows = reader.execute("select kind, serial from change order by id").fetchall()
        return [(str(kind), int(str(serial))) for kind, serial in rows]

    def journaled(self) -> list[tuple[list[dict[str, object]], list[dict[str, object]]]]:
        """Return the removed and the added records of each row of the journal."""
        with closing(sqlite.connect(self.store.path)) as reader:
            rows = reader.execute("select removed, added from change order by id").fetchall()
        return [(json.loads(str(removed)), json.loads(str(added))) for removed, added in rows]


def caller_of(account: Account) -> Principal:
    """A principal that may do everything with what the account has."""
    return Principal.of_account(account, "192.0.2.7")


@contextmanager
def open_workspace(folder: Path) -> Iterator[Workspace]:
    """A workspace whose store lies in that folder."""
    clock = Clock()
    store = Store(folder / "store.sqlite3", busy_timeout=1, durable=False)
    store.create_or_migrate()
    with store.connection():
        owner, stranger = (
            caller_of(accounts.create_account(email, clock()))
            for email in ("owner@example.org", "stranger@example.org")
        )
        editor = Editor(store, APEX, OWN_NAMES, 3600, clock)
        workspace = Workspace(store, clock, editor, owner, stranger)
        workspace.editor = replace(editor, announce=lambda: workspace.announced.append(workspace.rows()))
        yield workspace
