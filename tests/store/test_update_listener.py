"""The last report of the listener for DNS UPDATE, as the store keeps it."""

from __future__ import annotations

from appliance.store import update_listener
from appliance.store.update_listener import UpdateListener
from tests.workspace import Workspace


def test_the_report_is_one_row_until_it_is_forgotten(workspace: Workspace) -> None:
    assert update_listener.last() is None
    update_listener.store(UpdateListener(workspace.clock(), {}))
    workspace.clock.forward(seconds=1)
    report = UpdateListener(workspace.clock(), {"NOERROR": 1, "REFUSED": 2})
    update_listener.store(report)
    assert update_listener.last() == report and len(workspace.rows()["update_listener"]) == 1
    update_listener.forget()
    assert update_listener.last() is None
