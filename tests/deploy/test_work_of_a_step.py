"""What the loop does at each step does not grow with the zones that wait: lines and allocated bytes are counted."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import uuid4

from appliance.deploy.catalog_members import CatalogMembers
from appliance.deploy.context import new_context
from appliance.deploy.pending_zones import PendingZones
from appliance.deploy.publish_order import PublishOrder
from appliance.deploy.publishing.file_refresher import LONGEST_UNREST, REST
from appliance.deploy.reconciliation.reconciler import MOST_IN_STEP
from appliance.settings import DeployerSettings
from appliance.store import deployments
from tests.deploy.builders import name, zone_status
from tests.deploy.many_zones import many_zones
from tests.deploy.test_size import new_deployer

FEW, MANY = 100, 5_000


def executed_lines(action: Callable[[], object]) -> int:
    """Return how many lines of Python the action executes in this thread."""
    count, former = 0, sys.gettrace()

    def trace(_frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        nonlocal count
        count += event == "line"
        return trace

    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(former)
    return count


def test_a_new_zone_that_is_served_is_forgotten_without_a_look_at_the_others() -> None:
    def lines(zones: int) -> int:
        order = PublishOrder()
        for number in range(zones):
            order.begin(zone_status(f"www.customer{number}.example"))
        return executed_lines(lambda: order.end(name("www.customer0.example")))

    assert lines(FEW) == lines(MANY)


def test_a_step_examines_no_blocked_zones_while_nothing_they_wait_for_has_ended() -> None:
    def lines(zones: int) -> int:
        pending = PendingZones(0)
        for number in range(zones):
            pending.request(zone_status(f"www.customer{number}.example"))
            pending.request(zone_status(f"customer{number}.example"))
        while pending.take(0.0, 50):
            pass
        return executed_lines(lambda: (pending.take(0.0, 50), list(pending.next_starts())))

    assert lines(FEW) == lines(10 * FEW)


def test_a_step_without_a_change_of_the_catalog_copies_no_names_that_left_it() -> None:
    members = CatalogMembers()
    uuids = {uuid4(): name(f"zone{number}.example") for number in range(MANY)}
    members.learn({})
    for uuid, zone in uuids.items():
        members.join(uuid, zone)
    members.next_update()
    members.confirm()
    for uuid, zone in uuids.items():
        members.leave(uuid, zone)
    members.next_update()
    members.confirm()
    tracemalloc.start()
    try:
        assert members.next_update() is None
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MANY


def test_a_zone_that_waits_for_its_file_costs_no_look_at_the_others(tmp_path: Path) -> None:
    def lines(zones: int) -> int:
        times, editor = [0.0], many.workspace.editor
        clock = many.workspace.clock
        context = new_context(many.host, many.store, editor, DeployerSettings(), clock, lambda: times[0])
        refresher, changing = context.refresher, uuid4()
        with closing(context.verifier), closing(context.workers):
            for _ in range(zones):
                refresher.note(uuid4(), name("resting.example"), rest=LONGEST_UNREST)
            refresher.note(changing, name("changing.example"))
            times[0] = REST / 2
            refresher.note(changing, name("changing.example"))
            times[0] = REST
            count = executed_lines(refresher.start_if_due)
            assert refresher.next_start() == REST * 3 / 2
        return count

    with many_zones(tmp_path, 2) as many:
        assert lines(MANY) < MANY / 10


def test_the_status_of_a_zone_is_read_without_an_object_of_its_row(tmp_path: Path) -> None:
    with many_zones(tmp_path, FEW):
        deployments.statuses()
        assert executed_lines(deployments.statuses) < 120 * FEW


def test_a_reconciliation_is_carried_out_some_zones_a_step(tmp_path: Path) -> None:
    def most_lines(zones: int) -> int:
        folder = tmp_path / str(zones)
        folder.mkdir()
        steps = []
        with many_zones(folder, zones) as many:
            many.all_served()
            with new_deployer(many, folder) as deployer:
                while not deployer.reconciliations:
                    steps.append(executed_lines(deployer.step))
        return max(steps)

    assert most_lines(5 * MOST_IN_STEP) <= 1.1 * most_lines(2 * MOST_IN_STEP)
