"""Thousands of zones at little cost: rows inserted in bulk, and nameservers that answer SOA queries alone.

What is counted are writing transactions and their rows, by thread, and the datagrams that a nameserver receives.
"""

from __future__ import annotations

import logging
import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from dns.name import Name
from dns.opcode import NOTIFY

from appliance.addresses import Endpoint, Nameserver
from appliance.deploy.host import PrimaryHost
from appliance.editing import Editor
from appliance.errors import CommandFailed
from appliance.keys import new_key
from appliance.nameserver.catalog import CatalogUpdates
from appliance.nameserver.checks import ZoneChecker
from appliance.nameserver.control import Control
from appliance.nameserver.signed_copies import SignedCopies
from appliance.nameserver.zone_files import ZoneFiles
from appliance.render.zone_file import zone_file
from appliance.store import accounts, deployments, tables
from appliance.store.file.database import Store
from tests.deploy.builders import CATALOG
from tests.many_zones import add_zones, make_all_live
from tests.pair import LOOPBACK, free_port
from tests.workspace import APEX, OWN_NAMES, Clock, Workspace, principal_of

MANY = 3_000
_SOA = b"\xc0\x0c\x00\x06\x00\x01\x00\x00\x01\x2c\x00\x16\x00\x00"
_UNSIGNED = 12 + 4 + 11
"""Octets of a query without a signature, besides the name: header, type and class, and the OPT record."""
_TIMERS = struct.pack(">4I", 3600, 300, 2419200, 300)


class SoaServer:
    """A nameserver that answers SOA queries alone; while `is_silent` it only counts them.

    `key_checks` are signed queries: they ask whether it accepts a key, and are not among the `queries`.
    """

    def __init__(self, name: str) -> None:
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind((LOOPBACK, 0))
        self.server = Nameserver(name, Endpoint(*self._socket.getsockname()))
        self.serials: dict[bytes, int] = {}
        self.queries: list[bytes] = []
        self.notifies = 0
        self.key_checks = 0
        self.is_silent = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def serve(self, zone: Name, serial: int) -> None:
        """Answer with this serial from now on."""
        self.serials[zone.to_digestable()] = serial

    def close(self) -> None:
        """End the thread by an empty datagram."""
        with socket.socket(type=socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            message, sender = self._socket.recvfrom(1000)
            if not message:
                return
            if message[2] & 0x78 == NOTIFY << 3:
                self.notifies += 1
                continue
            name = message[12 : message.index(b"\0", 12) + 1]
            if len(message) > _UNSIGNED + len(name):
                self.key_checks += 1
            else:
                self.queries.append(name)
            if not self.is_silent:
                self._socket.sendto(self._answer(message, name), sender)

    def _answer(self, message: bytes, name: bytes) -> bytes:
        serial = self.serials.get(name)
        question = name + message[12 + len(name) :][:4]
        if serial is None:
            return message[:2] + struct.pack(">5H", 0x8405, 1, 0, 0, 0) + question
        answer = _SOA + struct.pack(">I", serial) + _TIMERS
        return message[:2] + struct.pack(">5H", 0x8400, 1, 1, 0, 0) + question + answer


@dataclass
class Transaction:
    """A writing transaction: its thread, the rows of `observation` that it wrote, and whether it wrote zones."""

    thread: str
    observations: int = 0
    changes_zones: bool = False


class CountingStore(Store):
    """A store that keeps count of its writing transactions."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, busy_timeout=1, durable=False)
        self.transactions: list[Transaction] = []
        self._open = threading.local()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write as the store does; a nested transaction is not counted."""
        if getattr(self._open, "transaction", None):
            with super().writing():
                yield
            return
        self._open.transaction = Transaction(threading.current_thread().name)
        try:
            with super().writing():
                yield
            self.transactions.append(self._open.transaction)
        finally:
            self._open.transaction = None

    def note(self, statement: str, observations: int) -> None:
        """Count a statement that was executed in this thread."""
        transaction = getattr(self._open, "transaction", None)
        if transaction and statement.upper().startswith("INSERT") and '"observation"' in statement:
            transaction.observations += observations
        if transaction and statement.upper().startswith("UPDATE") and '"zone"' in statement:
            transaction.changes_zones = True


class _Statements(logging.Handler):
    """Hands Peewee's statements to the store; a row of `observation` is known by the name of its nameserver."""

    def __init__(self, store: CountingStore, names: Iterable[str]) -> None:
        super().__init__()
        self._store, self._names = store, frozenset(names)

    def emit(self, record: logging.LogRecord) -> None:
        said: tuple[str, Iterable[object] | None] = record.__dict__["msg"]
        statement, parameters = said
        count = sum(isinstance(one, str) and one in self._names for one in parameters or ())
        self._store.note(statement, count)


class _NoControl:
    """A control channel of a primary that has every zone."""

    def command(self, *words: str) -> str:
        if words[0] in {"showzone", "zonestatus"}:
            raise CommandFailed(words, "no matching zone")
        return ""


@dataclass
class ManyZones:
    """The store, the host and the nameservers of very many zones."""

    workspace: Workspace
    store: CountingStore
    host: PrimaryHost
    ns1: SoaServer
    ns2: SoaServer
    zones: list[deployments.ZoneStatus] = field(default_factory=list)

    def all_live(self) -> None:
        """Store that both nameservers serve every zone."""
        make_all_live(self.store, (self.ns1.server.name, self.ns2.server.name))
        self.zones = deployments.statuses()
        self.forget_counts()

    def all_served(self) -> None:
        """Let both nameservers serve every zone as stored, with the right files and observations."""
        self.all_live()
        for server in (self.ns1, self.ns2):
            server.serve(CATALOG, 1)
            for zone in self.zones:
                server.serve(zone.name, zone.serial)
        for zone in self.zones:
            self.host.files.path(zone.uuid).write_bytes(zone_file(zone.name, zone.serial, APEX, "", 0))

    def raise_all(self, statuses: Iterable[deployments.ZoneStatus]) -> None:
        """Give each of these zones the next serial, with a row in the journal."""
        with self.store.writing():
            ids = {row.uuid: row.id for row in tables.Zone.select(tables.Zone.id, tables.Zone.uuid)}
            changed = [ids[one.uuid] for one in statuses]
            tables.Zone.update(serial=tables.Zone.serial + 1).where(tables.Zone.id.in_(changed)).execute()
            rows: list[dict[str, object]] = [
                {
                    "uuid": uuid4(),
                    "zone": zone,
                    "kind": "zone.raise_serial",
                    "serial": 1,
                    "account": None,
                    "actor": "",
                    "address": "",
                    "comment": "",
                    "created_at": self.workspace.clock(),
                    "removed": [],
                    "added": [],
                }
                for zone in changed
            ]
            for start in range(0, len(rows), 500):
                tables.Change.insert_many(rows[start : start + 500]).execute()

    def forget_counts(self) -> None:
        """Count from zero."""
        self.store.transactions.clear()
        self.ns1.queries.clear()
        self.ns2.queries.clear()
        self.ns1.key_checks = self.ns2.key_checks = 0


@contextmanager
def many_zones(folder: Path, count: int = MANY) -> Iterator[ManyZones]:
    """Yield many small zones of one owner, which no nameserver serves yet."""
    ns1, ns2 = SoaServer("ns1.appliance.test"), SoaServer("ns2.appliance.test")
    try:
        store = CountingStore(folder / "store.sqlite3")
        store.create_or_migrate()
        with store.connection(), _counted(store, (ns1.server.name, ns2.server.name)):
            workspace = _workspace(store)
            add_zones(store, workspace.zone("first.example"), (f"zone-{number}.example" for number in range(count - 1)))
            yield ManyZones(workspace, store, _host(folder, ns1, ns2), ns1, ns2, deployments.statuses())
    finally:
        ns1.close()
        ns2.close()


def _workspace(store: Store) -> Workspace:
    clock = Clock()
    owner, stranger = (
        principal_of(accounts.create_account(email, clock())) for email in ("owner@example.org", "stranger@example.org")
    )
    return Workspace(store, clock, Editor(store, APEX, OWN_NAMES, 3600, clock), owner, stranger)


def _host(folder: Path, ns1: SoaServer, ns2: SoaServer) -> PrimaryHost:
    files = folder / "zones"
    files.mkdir()
    key = new_key("any")
    return PrimaryHost(
        apex=APEX,
        files=ZoneFiles(files),
        checker=ZoneChecker("/bin/true", "/bin/true"),
        control=Control(_NoControl()),
        catalog=CATALOG,
        updates=CatalogUpdates(Endpoint(LOOPBACK, free_port()), CATALOG, key),
        nameservers=(ns1.server, ns2.server),
        transfer_key=key,
        update_key=key,
        copies=SignedCopies("/bin/false", "/bin/false"),
    )


@contextmanager
def _counted(store: CountingStore, names: Iterable[str]) -> Iterator[None]:
    logger, handler = logging.getLogger("peewee"), _Statements(store, names)
    before, propagates = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False  # to no log of the test: a statement may hold thousands of rows
    try:
        yield
    finally:
        logger.setLevel(before)
        logger.propagate = propagates
        logger.removeHandler(handler)
