"""One SQLite file: connections, transactions, and its failures as StoreError.

WAL mode with `synchronous=FULL`: an acknowledged change survives a power failure. Every writing transaction acquires
the write lock when it begins (`BEGIN IMMEDIATE`): SQLite fails a transaction at once, without waiting, that has read
and then writes after another one has written.
"""

from __future__ import annotations

import fcntl
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import NoReturn

import apsw
from playhouse import migrations

from appliance.errors import ReadTimeout, StoreError
from appliance.files import create_shared, open_shared
from appliance.store.file import schema, sqlite
from appliance.store.file.binding import in_use, is_in_use
from appliance.store.file.failures import Translation, first_failure
from appliance.store.file.keeper import Identity, Keeper
from appliance.store.file.turnstile import Turnstile
from appliance.store.file.write_queue import WriteQueue

MAX_LOG_SIZE = 8 * 2**20
"""Octets to which SQLite cuts the write-ahead log when it begins it again. It can do that once no reader needs the log
any longer, with the second write after that."""

CHECKPOINT_PAGES = 1000
"""Pages of the write-ahead log after which a commit of the deployer copies them into the file, which takes some
milliseconds. Commits that somebody waits for do so only after twice as many: the deployer commits after each of them.
"""

_NOTHING = nullcontext()


class _Thread(threading.local):
    """The connection of a thread: its file, whether it was left open for the next block, and whether it has failed."""

    identity: Identity | None = None
    is_idle = False
    has_failed = False


class Store:
    """The database of one appliance.

    `busy_timeout`: seconds for which a writer waits for another. `durable` False: a power failure may lose the last
    commits. Only the deployer uses that, since it can query again what its rows hold. `max_waiting`: threads that may
    wait to write while another program holds the write lock. `read_timeout`: seconds that a statement outside of a
    writing transaction may take, 0 for any. `monotonic`: seconds of a monotonic clock.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_timeout: int = 5,
        durable: bool = True,
        max_waiting: int = 1000,
        read_timeout: float = 0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._queue = WriteQueue(max_waiting)
        self._turnstile = Turnstile(path.with_suffix(".lock"))
        self._monotonic = monotonic
        self._failed_write: tuple[float, StoreError] | None = None
        self._keeper: Keeper | None = None
        self._thread = _Thread()
        self._idle: weakref.WeakSet[sqlite.Connection] = weakref.WeakSet()
        self._timer = sqlite.StatementTimer(read_timeout, monotonic)
        self._translating_errors = Translation(self._raise_translated, sqlite.FAILURES)
        self._translating_all = Translation(self._raise_translated, (*sqlite.FAILURES, OSError))
        self._db = sqlite.Database(
            None,
            self._timer,
            busy_timeout,
            lock_type="IMMEDIATE",
            pragmas={
                "journal_mode": "wal",
                "journal_size_limit": MAX_LOG_SIZE,
                "wal_autocheckpoint": CHECKPOINT_PAGES * (2 if durable else 1),
                "foreign_keys": 1,
                "synchronous": "full" if durable else "normal",
            },
        )

    def create_or_migrate(self) -> None:
        """Create the store or apply the missing migrations; several processes may call this at once.

        Raise StoreError if a newer release wrote the store. Raise it too if the store is missing or empty although the
        lock file beside it says that it was created before: it must be restored, since an empty store in its place
        would withdraw every zone.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._translating_all, open_shared(self.path.with_suffix(".lock")) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.seek(0)
            if lock.read() and not (self.path.exists() and self.path.stat().st_size):
                raise StoreError(f"database {self.path} is missing or empty: restore a backup of it")
            sqlite.refuse_special(self.path)
            with suppress(FileExistsError):
                create_shared(self.path)  # SQLite gives its own files the permissions of this one
            schema.refuse_newer_file(self.path)
            self._db.init(sqlite.address(self.path))
            migrations.run(self._db, str(schema.MIGRATIONS))
            self._db.close()
            lock.truncate(0)
            lock.write("the store was created\n")
        self.attach()

    def attach(self) -> None:
        """Use the existing file. It is never created: a missing file is a StoreError at the first connection.

        Raise StoreError if a newer release wrote the file.
        """
        schema.refuse_newer_file(self.path)
        self._db.init(sqlite.address(self.path))

    def keep(self) -> None:
        """Use the existing file and hold it open until `close`; a damaged or replaced file is a StoreError."""
        self.attach()
        self._keeper = Keeper(self.path, self._close_idle)

    def close(self) -> None:
        """Close the file until the next connection, for threads that have ended as well as for this one.

        When the last process closes it, SQLite removes the log.
        """
        self._close_idle()
        self._turnstile.close()
        if self._keeper:
            self._keeper.close()

    def connection(self) -> AbstractContextManager[None]:
        """Connect this thread for the block; within it the tables read and write this store.

        A nested block shares the connection. Raise StoreError if a statement fails.
        """
        is_nested = is_in_use(self._db) and not self._db.is_closed()
        return self.translating_errors() if is_nested else self._opened_connection()

    @contextmanager
    def _opened_connection(self) -> Iterator[None]:
        opened = self._connect()
        try:
            with in_use(self._db), self.translating_errors():
                yield
        finally:
            if opened:
                self._db.close()

    @contextmanager
    def kept_connection(self) -> Iterator[None]:
        """Connect this thread for the block, as `connection` does, and leave it connected for its next such block.

        The connection is opened again if the store has failed since, and closed if the block fails, if a statement in
        it failed, or if it leaves a transaction open. Within `connection` the block shares the connection.
        """
        if not (self._db.is_closed() or self._thread.is_idle):
            with self.connection():
                yield
            return
        try:
            self._resume()
            with in_use(self._db), self.translating_errors():
                yield
            self._thread.is_idle = self._suspend()
        finally:
            if not self._thread.is_idle:
                self._db.close()

    def refresh(self) -> bool:
        """Reconnect this thread if the store has failed since it connected; return whether it did.

        Raise StoreError if the file is missing, damaged, or not the one that this process opened first.
        """
        with self._translating_all:
            if self._keeper is None or (self._keeper.is_kept(self._thread.identity) and not self._db.is_closed()):
                return False
        self.reconnect()
        return True

    def reconnect(self) -> None:
        """Reconnect this thread: a connection that was opened while the disk failed may stay read-only."""
        self._db.close()
        self._connect()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Run the block in one transaction: all of it is durably stored at its end, or nothing is."""
        try:
            with self._writing(self._busy_timeout):
                yield
        except StoreError as failed:
            self._failed_write = (self._monotonic(), failed)
            raise
        self._failed_write = None

    def raise_failed_write(self, since: float) -> None:
        """Raise the StoreError of the last write of this process if it failed at or after `since` (of `monotonic`)."""
        failed = self._failed_write
        if failed is not None and failed[0] >= since:
            raise StoreError(str(failed[1]))

    @contextmanager
    def writing_if_free(self) -> Iterator[None]:
        """Run the block as `writing` does; raise StoreError at once if another writer holds the write lock."""
        with self._writing(0):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Run the block on a snapshot: all of its reads see the same state of the store. A nested block shares it."""
        with (
            self.connection(),
            self._translating_all,
            _NOTHING if self._db.transaction_depth() else self._db.transaction("DEFERRED"),
        ):
            yield

    def translating_errors(self) -> AbstractContextManager[None]:
        """Raise failures of SQLite in the block as StoreError, except IntegrityError: the caller handles that."""
        return self._translating_errors

    def _raise_translated(self, failed: Exception) -> NoReturn:
        self._thread.has_failed = True
        if self._keeper and "readonly" in str(failed):
            self._keeper.forget(self._thread.identity)
        first = first_failure(failed)
        if isinstance(first, apsw.InterruptError):
            raise ReadTimeout(self._timer.limit) from failed
        raise StoreError(f"database {self.path.name} cannot be used: {first}") from failed

    @contextmanager
    def _writing(self, patience: float) -> Iterator[None]:
        """Begin a writing transaction within `patience` seconds, spent on threads and other programs together."""
        with (
            self.connection(),
            self._translating_all,
            self._queue.turn(patience) as left,
            self._timer.exempt(),
            ExitStack() as transaction,
        ):
            if self._db.in_transaction():
                transaction.enter_context(self._db.atomic())
            else:
                with self._turnstile.held(left) as still_left, self._db.waiting(still_left):
                    transaction.enter_context(self._db.atomic())
            yield

    def _resume(self) -> None:
        """Connect this thread, over the idle connection that the block before left open if it is still good."""
        if self._thread.is_idle:
            self._thread.is_idle = False
            try:
                self._idle.remove(self._db.connection())
            except KeyError:  # another thread has closed it
                self._db.close()
        self.refresh()
        self._connect()
        self._thread.has_failed = False

    def _suspend(self) -> bool:
        """Leave the connection of this thread open for its next block; return False if it must not be used again."""
        if self._thread.has_failed or self._db.is_closed() or self._db.connection().txn_state() != apsw.SQLITE_TXN_NONE:
            return False
        self._idle.add(self._db.connection())
        return True

    def _close_idle(self) -> None:
        with suppress(KeyError):
            while True:
                self._idle.pop().close()

    def _connect(self) -> bool:
        """Connect this thread; return False if it is connected already."""
        if not self._db.is_closed():
            return False
        with self._translating_all:
            sqlite.refuse_special(self.path)
            if self._keeper:
                self._thread.identity = self._keeper.keep()
                self._db.database = self._keeper.address(self._thread.identity)
            return bool(self._db.connect())

    def version(self) -> int:
        """Return a number that changes when another connection has written (`PRAGMA data_version`)."""
        with self._translating_all:
            return int(self._db.execute_sql("pragma data_version").fetchone()[0])
