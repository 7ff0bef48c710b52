"""The deployer's heartbeat, as the store keeps it."""

from __future__ import annotations

from appliance.store import heartbeat
from tests.workspace import Workspace


def test_the_heartbeat_is_one_row(workspace: Workspace) -> None:
    assert heartbeat.last_at() is None
    for _ in range(2):
        workspace.clock.forward(seconds=1)
        heartbeat.store(heartbeat.Heartbeat(workspace.clock(), None, 0, 0))
    assert heartbeat.last_at() == workspace.clock() and len(workspace.rows()["heartbeat"]) == 1


def test_figures_are_stored_with_it(workspace: Workspace) -> None:
    heartbeat.store(heartbeat.Heartbeat(workspace.clock(), None, 0, 0, {"published": {"file": 2}}))
    latest = heartbeat.last()
    assert latest is not None and latest.figures == {"published": {"file": 2}}
