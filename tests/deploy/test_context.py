"""New parts work on the same host, store and time, and know nothing yet."""

from __future__ import annotations

from appliance.deploy.context import new_context
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publisher import FilePublisher
from appliance.settings import DeployerSettings
from tests.workspace import Workspace


def test_new_parts_know_nothing(host: PrimaryHost, workspace: Workspace) -> None:
    parts = new_context(
        host, workspace.store, workspace.editor, DeployerSettings(reconcile_interval=7), workspace.clock, lambda: 100.0
    )
    try:
        assert not (parts.zones or parts.verifier or parts.membership.is_changing)
        assert parts.recorder.is_idle
        assert not parts.recorder.is_loaded
        assert (parts.pace.period, parts.pace.due) == (7, 100.0)
        assert parts.publisher == FilePublisher(host, workspace.store, workspace.editor.raise_serial)
    finally:
        parts.lanes.close()
        parts.verifier.close()
