"""What starts together, what starts alone, what is kept for the newest, and what follows each end."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest
from dns.name import Name

from appliance.addresses import Nameserver
from appliance.deploy.context import DeployerContext, new_context
from appliance.deploy.dispatcher import LARGE_ZONE, LARGEST_BATCH, SMALL_BATCH, Dispatcher
from appliance.deploy.host import PrimaryHost
from appliance.deploy.pipeline import Attempt
from appliance.deploy.publisher import Expectation, SerialServed
from appliance.deploy.rollout import Stage
from appliance.deploy.worker_pool import ZONE_WORKERS
from appliance.errors import CommandFailed
from appliance.settings import DeployerSettings
from appliance.store import deployments
from tests.deploy.builders import standing
from tests.pair import wait_for
from tests.workspace import Workspace


@dataclass
class Publisher:
    """A publisher that waits for its gate and remembers what came; zones of `refused` fail."""

    gate: threading.Event = field(default_factory=threading.Event)
    published: list[list[str]] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def publish(self, zones: Sequence[tuple[UUID, Name]]) -> list[Attempt]:
        """All of them at serial 7."""
        self.published.append([str(name) for _, name in zones])
        self.gate.wait(30)
        return [Attempt(uuid, name, 7, "check: no" if str(name) in self.refused else None) for uuid, name in zones]

    def withdraw(self, name: Name) -> None:
        """Refuse it, or remember it."""
        self.gate.wait(30)
        if str(name) in self.refused:
            raise CommandFailed(("delzone",), "no")
        self.withdrawn.append(str(name))

    def restore(self, uuid: UUID, name: Name) -> None:
        """Nothing is there to be restored."""

    def expected(self, serial: int | None, nameserver: Nameserver) -> Expectation:
        """Any serial."""
        return SerialServed(serial or 0)


class Launching:
    """A launcher with its parts, and a publisher of the test's own."""

    def __init__(self, host: PrimaryHost, workspace: Workspace) -> None:
        self.publisher = Publisher()
        parts = new_context(
            host, workspace.store, workspace.editor, DeployerSettings(quiet_time=0), workspace.clock, time.monotonic
        )
        self.parts: DeployerContext = replace(parts, publisher=self.publisher)
        self.launcher = Dispatcher(self.parts)
        self._poll = select.poll()
        self._poll.register(self.parts.lanes, select.POLLIN)

    def end(self) -> None:
        """Wait until a job has ended."""
        self._poll.poll(30_000)
        self.parts.lanes.take_ends()


@pytest.fixture
def launching(host: PrimaryHost, workspace: Workspace) -> Iterator[Launching]:
    """A launcher whose publisher has an open gate."""
    made = Launching(host, workspace)
    made.publisher.gate.set()
    try:
        yield made
    finally:
        made.publisher.gate.set()
        made.parts.lanes.close()
        made.parts.verifier.close()


def test_a_mass_change_leaves_a_worker_for_the_newest(launching: Launching) -> None:
    launching.publisher.gate.clear()
    for number in range(1000):
        launching.parts.zones.want(standing(f"zone-{number}.example"))
    launching.launcher.launch_ready()
    wait_for(lambda: len(launching.publisher.published) == ZONE_WORKERS, "all workers are busy")
    sizes = sorted(map(len, launching.publisher.published))
    assert sizes == [SMALL_BATCH, *[LARGEST_BATCH] * (ZONE_WORKERS - 1)]
    launching.launcher.launch_ready()
    assert len(launching.parts.zones) == 1000
    newest = [f"zone-{number}.example." for number in range(999, 999 - SMALL_BATCH, -1)]
    assert newest in launching.publisher.published


def test_large_zones_start_alone(launching: Launching) -> None:
    launching.parts.zones.want(standing("large.example", records=LARGE_ZONE))
    for number in range(3):
        launching.parts.zones.want(standing(f"small-{number}.example"))
    launching.launcher.launch_ready()
    wait_for(lambda: len(launching.publisher.published) == 2, "both are published")
    assert ["large.example."] in launching.publisher.published


def test_what_was_handed_over_is_awaited_and_what_was_refused_is_free(
    launching: Launching, workspace: Workspace
) -> None:
    good, bad = workspace.zone("good.example"), workspace.zone("bad.example")
    launching.publisher.refused.add("bad.example.")
    for zone in deployments.statuses():
        launching.parts.zones.want(zone)
    launching.launcher.launch_ready()
    launching.end()
    assert launching.parts.zones.stage(good.name) is Stage.LOADING
    assert launching.parts.zones.stage(bad.name) is None
    assert len(launching.parts.verifier) == 1
    launching.parts.recorder.flush()
    errors = {zone.name: zone.error for zone in deployments.statuses()}
    assert errors == {good.name: None, bad.name: "check: no"}


def test_a_removal_is_awaited_and_one_that_was_refused_is_stored(launching: Launching, workspace: Workspace) -> None:
    gone, stays = workspace.zone("gone.example"), workspace.zone("stays.example")
    for zone in (gone, stays):
        workspace.editor.delete_zone(workspace.owner, zone.uuid)
    launching.publisher.refused.add("stays.example.")
    for standing_ in deployments.statuses():
        launching.parts.zones.want(standing_)
    launching.launcher.launch_ready()
    launching.end()
    assert launching.publisher.withdrawn == ["gone.example."]
    assert launching.parts.zones.stage(gone.name) is Stage.AWAITING_REMOVAL
    assert launching.parts.zones.stage(stays.name) is None
    launching.parts.recorder.flush()
    errors = {zone.name: zone.error for zone in deployments.statuses()}
    assert errors[gone.name] is None
    assert (errors[stays.name] or "").startswith("withdraw: ")
