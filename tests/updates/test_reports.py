"""The reports of the listener: at once, again after each interval, and none after its end."""

from __future__ import annotations

from appliance.store import update_listener
from appliance.updates.reports import ResponseCounts, reporting
from tests.pair import wait_for
from tests.workspace import Workspace


def test_it_reports_what_was_answered_until_it_ends(workspace: Workspace) -> None:
    counts = ResponseCounts()
    counts.count("NOERROR")

    def reported() -> dict[str, int]:
        report = update_listener.last()
        return dict(report.responses) if report else {}

    with reporting(workspace.store, counts, workspace.clock, interval=0.01):
        wait_for(lambda: reported() == {"NOERROR": 1}, "the first report")
        for _ in range(2):
            counts.count("REFUSED")
        wait_for(lambda: reported() == {"NOERROR": 1, "REFUSED": 2}, "a later report")
    assert update_listener.last() is None


def test_a_locked_store_gets_the_report_later(workspace: Workspace) -> None:
    counts = ResponseCounts()
    with reporting(workspace.store, counts, workspace.clock, interval=0.01):
        with workspace.store.writing():
            counts.count("NOERROR")
        wait_for(lambda: (report := update_listener.last()) and report.responses, "it continues")
