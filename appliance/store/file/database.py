"""One SQLite file: opening it, transactions, and its failures as StoreError.

WAL and `synchronous=FULL`: a change that was acknowledged survives a power cut. Every transaction that
writes takes the write lock at its beginning: SQLite fails a transaction that read first and wants to write
while another one wrote, without waiting.
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import peewee as pw
from playhouse import migrations

from appliance.errors import StoreError
from appliance.files import create_shared, open_shared
from appliance.store.file import sqlite
from appliance.store.file.binding import in_use
from appliance.store.file.keeper import Keeper
from appliance.store.file.write_queue import WriteQueue

MIGRATIONS = Path(__file__).parent.parent / "migrations"


class Store:
    """The file that says what should be served.

    `busy_timeout` is how many seconds a writer waits for another. `durable` False lets a power cut take the
    last commits: right for the deployer alone, whose rows tell what can be asked again. While another program holds
    the store up, at most `seats` threads wait to write.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_timeout: int = 5,
        durable: bool = True,
        seats: int = 1000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._turns = WriteQueue(seats)
        self._monotonic = monotonic
        self._failed_write: tuple[float, StoreError] | None = None
        self._keeper: Keeper | None = None
        self._here = threading.local()
        self._db = sqlite.Database(
            None,
            lock_type="IMMEDIATE",
            pragmas={"journal_mode": "wal", "foreign_keys": 1, "synchronous": "full" if durable else "normal"},
        )

    def create_or_migrate(self) -> None:
        """Bring the file to the newest tables; safe from several processes at once.

        A store that was never there is made. One that was, as the lock file beside it tells, and is missing or empty
        now is a StoreError: it is to be restored, and a new one in its place would be taken for the truth.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _told(self.path), open_shared(self.path.with_suffix(".lock")) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.seek(0)
            if lock.read() and not (self.path.exists() and self.path.stat().st_size):
                raise StoreError(f"the store {self.path} is missing or empty: restore a backup of it")
            with suppress(FileExistsError):
                create_shared(self.path)  # SQLite gives its own files the rights of this one
            self._db.init(sqlite.address(self.path), timeout=self._busy_timeout)
            migrations.run(self._db, str(MIGRATIONS))
            self._db.close()
            lock.truncate(0)
            lock.write("the store was made\n")
        self.attach()

    def attach(self) -> None:
        """Use the file as it is: it is never made anew, so a missing store is an error and no empty store."""
        self._db.init(sqlite.address(self.path), timeout=self._busy_timeout)

    def keep(self) -> None:
        """Use the file as it is, for as long as this process lives: damage is found first, another file is an error."""
        self.attach()
        self._keeper = Keeper(self.path)

    def close(self) -> None:
        """Let go of the file until the next connection; the last process to do so leaves it whole, without a log."""
        if self._keeper:
            self._keeper.close()

    @contextmanager
    def connection(self) -> Iterator[None]:
        """Connect this thread for as long as the block runs, and have the tables read and write this store there.

        A block within another one shares its connection. A statement that fails is a StoreError.
        """
        opened = self._connect()
        try:
            with in_use(self._db), self.failing():
                yield
        finally:
            if opened:
                self._db.close()

    def refresh(self) -> bool:
        """Connect this thread again where the store has failed since, and return True then.

        Raise StoreError when the file is missing, damaged, or not the one that this process began with.
        """
        with _told(self.path):
            if self._keeper is None or (self._keeper.keep() is self._here.identity and not self._db.is_closed()):
                return False
        self.renew()
        return True

    def renew(self) -> None:
        """Connect this thread again: a connection from when the disk failed may stay read-only as long as it lives."""
        self._db.close()
        self._connect()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: all of the block is durably stored when it ends, or nothing is."""
        try:
            with self._writing(self._busy_timeout):
                yield
        except StoreError as failed:
            self._failed_write = (self._monotonic(), failed)
            raise
        self._failed_write = None

    def raise_failed_write(self, since: float) -> None:
        """Raise the StoreError of the last write of this process, when it failed after that moment of `monotonic`."""
        failed = self._failed_write
        if failed is not None and failed[0] >= since:
            raise StoreError(str(failed[1]))

    @contextmanager
    def trying(self) -> Iterator[None]:
        """One transaction as `writing` makes it, of which nothing stays."""
        with suppress(_Undone), self.writing():
            yield
            raise _Undone

    @contextmanager
    def writing_if_free(self) -> Iterator[None]:
        """As `writing`, but it is a StoreError at once when another writer is at work."""
        with self._writing(0):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Reads that all see one state of the store."""
        with self.connection(), _told(self.path), self._db.atomic("DEFERRED"):
            yield

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Failures of statements outside of a transaction as StoreError."""
        try:
            yield
        except pw.IntegrityError:
            raise
        except sqlite.FAILURES as failed:
            self._forget(failed)
            raise StoreError(f"the store {self.path.name} cannot be used: {_first(failed)}") from failed

    @contextmanager
    def _writing(self, patience: float) -> Iterator[None]:
        """A writing transaction that begins within so many seconds, other threads and programs waited for together."""
        with self.connection(), _told(self.path), self._turns.taken(patience) as left:
            if left < self._busy_timeout:
                self._db.execute_sql(f"pragma busy_timeout = {round(left * 1000)}")
            try:
                with self._db.atomic():
                    yield
            except pw.OperationalError as failed:
                self._forget(failed)
                raise
            finally:
                if left < self._busy_timeout:
                    self._db.execute_sql(f"pragma busy_timeout = {self._busy_timeout * 1000}")

    def _forget(self, failed: Exception) -> None:
        if self._keeper and "readonly" in str(failed):
            self._keeper.forget()

    def _connect(self) -> bool:
        """Connect this thread; False when it is connected already."""
        with _told(self.path):
            if self._keeper and self._db.is_closed():
                self._here.identity = self._keeper.keep()
                self._db.database = self._keeper.address(self._here.identity)
            return bool(self._db.connect(reuse_if_open=True))

    def assert_writable(self) -> None:
        """Raise StoreError when no write could be stored now."""
        with self.writing():
            self._db.execute_sql("update heartbeat set id = id where id = 0")

    def version(self) -> int:
        """A number that moves when another connection has written (`PRAGMA data_version`)."""
        with _told(self.path):
            return int(self._db.execute_sql("pragma data_version").fetchone()[0])


class _Undone(Exception):
    """Ends a transaction that was only tried."""


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Failures of SQLite as StoreError; a broken unique index is the caller's to tell."""
    try:
        yield
    except pw.IntegrityError:
        raise
    except (*sqlite.FAILURES, OSError) as failed:
        raise StoreError(f"the store {path.name} cannot be used: {_first(failed)}") from failed


def _first(failed: BaseException) -> BaseException:
    """What went wrong first: SQLite has undone a transaction that found the disk full, and cannot do so again."""
    while failed.__context__ is not None:
        failed = failed.__context__
    return failed
