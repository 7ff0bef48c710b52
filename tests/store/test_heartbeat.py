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
