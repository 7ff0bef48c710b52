"""A new context shares one host, store and clock, and has no state."""

from __future__ import annotations

from appliance.deploy.context import new_context
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.publisher import FilePublisher
from appliance.settings import DeployerSettings
from tests.workspace import Workspace


def test_a_new_context_has_no_state(host: PrimaryHost, workspace: Workspace) -> None:
    context = new_context(
        host, workspace.store, workspace.editor, DeployerSettings(reconcile_interval=7), workspace.clock, lambda: 100.0
    )
    try:
        assert not (context.zones or context.verifier or context.members.is_changing)
        assert context.recorder.is_idle
        assert not context.recorder.is_loaded
        assert (context.schedule.interval, context.schedule.due) == (7, 100.0)
        assert context.publisher == FilePublisher(host, workspace.store, workspace.editor)
    finally:
        context.workers.close()
        context.verifier.close()
