"""What the tests of restores share: a backup, changes since, and its restore over the changed store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.recovery.backup import back_up
from appliance.recovery.restore import RestoreResult, restore
from appliance.store.file.database import Store
from tests.host_keys import host_keys
from tests.workspace import Workspace, current_database

Again = Callable[[Callable[[], object]], RestoreResult]


@pytest.fixture
def again(workspace: Workspace, tmp_path: Path) -> Iterator[Callable[[Callable[[], object]], RestoreResult]]:
    """Return a function that backs up, changes the store and restores; the workspace then uses the restored store."""
    connections = ExitStack()

    def back_and_forth(change_store: Callable[[], object]) -> RestoreResult:
        file = tmp_path / "backup.sqlite3"
        back_up(workspace.store.path, file, host_keys(tmp_path), workspace.clock(), overwrite=True)
        change_store()
        current_database().close()
        done = restore(file, workspace.store.path, host_keys(tmp_path), workspace.clock)
        workspace.store = Store(workspace.store.path, busy_timeout=1, durable=False)
        workspace.store.attach()
        workspace.editor = replace(workspace.editor, store=workspace.store, announce=lambda: None)
        connections.enter_context(workspace.store.connection())
        return done

    with connections:
        yield back_and_forth
