"""A store that records the statements executed while its write lock is held."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from appliance.editing import Editor
from appliance.store.file.database import Store
from tests.workspace import Workspace


class ObservedStore(Store):
    """A store that knows whether a thread is in a write transaction."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.store.path, busy_timeout=5, durable=False)
        self.attach()
        self.lock = threading.local()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Run the block as the store does, and record that this thread holds the lock."""
        with super().writing():
            self.lock.held = True
            try:
                yield
            finally:
                self.lock.held = False

    def is_locked(self) -> bool:
        """Return whether this thread holds the write lock."""
        return getattr(self.lock, "held", False)


class Statements(logging.Handler):
    """The statements that Peewee executes, without BEGIN and COMMIT: all, and those under the write lock."""

    def __init__(self, store: ObservedStore) -> None:
        super().__init__()
        self.store = store
        self.all: list[str] = []
        self.locked: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Record a statement."""
        sql = str(record.msg[0])
        self.all.append(sql)
        if self.store.is_locked():
            self.locked.append(sql)


@contextmanager
def observed(workspace: Workspace) -> Iterator[tuple[Editor, Statements]]:
    """Yield an editor over the same file, and the statements that it executes."""
    store = ObservedStore(workspace)
    statements, logger = Statements(store), logging.getLogger("peewee")
    level = logger.level
    logger.addHandler(statements)
    logger.setLevel(logging.DEBUG)
    try:
        with store.connection():
            yield replace(workspace.editor, store=store, announce=lambda: None), statements
    finally:
        logger.removeHandler(statements)
        logger.setLevel(level)
