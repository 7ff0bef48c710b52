"""When files are refreshed: after a rest, paced, and never while a change of the zone is on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count

import pytest

from appliance.deploy.context import DeployerContext, new_context
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.file_refresher import (
    CALM,
    LONGEST_UNREST,
    REST,
    RETRY_AFTER,
    WAIT_PER_SECOND,
    FileRefresher,
)
from appliance.deploy.publishing.pipeline import deploy_zones
from appliance.deploy.rollout import RolloutEvent
from appliance.nameserver.checks import ZoneChecker
from appliance.settings import DeployerSettings
from appliance.store import deployments
from appliance.store.deployments import ZoneStatus
from appliance.zones.deployment import Method
from tests.deploy.jobs import handle_jobs_until
from tests.deployed import store_attempt
from tests.pair import Pair, program
from tests.workspace import Workspace

NUMBERS = count()


@dataclass
class Scene:
    """A refresher whose time the test sets, and a zone that the primary serves from a file."""

    context: DeployerContext
    times: list[float]
    status: ZoneStatus

    @property
    def refresher(self) -> FileRefresher:
        """The refresher of the context."""
        return self.context.refresher

    def note(self) -> None:
        """Note a change of the zone."""
        self.refresher.note(self.status.uuid, self.status.name)

    def pass_by(self, seconds: float) -> None:
        """Let so many seconds pass, and start what is due."""
        self.times[0] += seconds
        self.refresher.start_if_due()

    def run_until(self, condition: Callable[[], object], what: str) -> None:
        """Handle the ends of jobs until the condition is true."""
        handle_jobs_until(self.context, condition, what)

    def count(self, label: str) -> float:
        """Return how many refreshes ended so."""
        return self.context.figures.values.get("file_refreshes", {}).get(label, 0)

    def spoil(self) -> None:
        """Let the live file be another one."""
        self.context.host.files.path(self.status.uuid).write_bytes(b"$ORIGIN .\n")

    def is_right(self) -> bool:
        """Return True if the live file is the one published."""
        published = self.status.published
        return published is not None and self.context.host.files.digest(self.status.uuid) == published.digest


@pytest.fixture
def scene(host: PrimaryHost, pair: Pair, workspace: Workspace) -> Iterator[Scene]:
    """A zone of a new name whose file was published."""
    zone = workspace.zone(f"refresher{next(NUMBERS)}.test")
    (attempt,) = deploy_zones([(zone.uuid, zone.name)], host, workspace.store, workspace.editor)
    pair.wait_for_serial(pair.primary, zone.name, attempt.serial)
    store_attempt(zone.uuid, attempt.serial, None, attempt.published)
    times, settings = [1000.0], DeployerSettings(quiet_time=0)
    context = new_context(host, workspace.store, workspace.editor, settings, workspace.clock, lambda: times[0])
    with closing(context.verifier), closing(context.workers):
        yield Scene(context, times, deployments.statuses([zone.uuid])[0])


def test_a_zone_rests_before_its_file_is_refreshed(scene: Scene) -> None:
    scene.spoil()
    scene.note()
    scene.pass_by(REST / 2)
    scene.note()
    scene.pass_by(REST / 2)
    assert scene.refresher.is_idle and not scene.is_right()
    scene.pass_by(REST / 2)
    scene.run_until(lambda: scene.count("done"), "it is refreshed after its rest")
    assert scene.is_right() and scene.refresher.next_start() is None


def test_a_zone_that_never_rests_is_refreshed_too(scene: Scene) -> None:
    scene.spoil()
    for _ in range(round(LONGEST_UNREST)):
        scene.note()
        scene.pass_by(1)
    scene.run_until(lambda: scene.count("done"), "it is refreshed nevertheless")


def test_it_waits_until_no_zone_changes_but_not_for_ever(scene: Scene, workspace: Workspace) -> None:
    other = workspace.zone(f"restless{next(NUMBERS)}.test")
    scene.spoil()
    scene.note()
    for _ in range(round(LONGEST_UNREST - 1)):
        scene.refresher.note(other.uuid, other.name)
        scene.pass_by(1)
    assert not scene.refresher.is_idle and scene.count("done") == 0
    scene.pass_by(1)
    scene.run_until(lambda: scene.count("done"), "it is refreshed nevertheless")


def test_a_zone_that_was_refreshed_at_once_lets_no_other_wait_for_ever(scene: Scene, workspace: Workspace) -> None:
    other = workspace.zone(f"restless{next(NUMBERS)}.test")
    scene.note()
    scene.refresher.note_altered(scene.status.uuid, scene.status.name)
    scene.pass_by(CALM)
    scene.run_until(lambda: scene.count("done"), "it is refreshed at once")
    latest = scene.times[0] + LONGEST_UNREST
    for _ in range(round(LONGEST_UNREST)):
        scene.refresher.note(other.uuid, other.name)
        scene.times[0] += 1
    scene.refresher.note(other.uuid, other.name)
    start = scene.refresher.next_start()
    assert start is not None and start <= latest


def test_what_is_published_then_is_stored(scene: Scene, workspace: Workspace) -> None:
    published = scene.status.published
    assert published
    store_attempt(
        scene.status.uuid, scene.status.serial, None, replace(published, digest="former", method=Method.UPDATE)
    )
    scene.spoil()
    scene.refresher.note_altered(scene.status.uuid, scene.status.name)
    assert not scene.refresher.is_idle
    scene.pass_by(0)
    scene.run_until(lambda: scene.refresher.is_idle, "it is refreshed at once")
    scene.context.recorder.flush()
    assert deployments.publication_of(scene.status.uuid) == replace(published, method=Method.UPDATE)


def test_a_change_cancels_it_and_no_change_waits_but_for_the_rename(scene: Scene) -> None:
    zones, name = scene.context.zones, scene.status.name
    scene.spoil()
    scene.note()
    zones.request(scene.status)
    scene.pass_by(REST)
    scene.run_until(lambda: scene.refresher.next_start() is None and scene.refresher.is_idle, "it has ended")
    assert scene.count("done") == 0 and not scene.is_right()
    assert [one.name for one in zones.take(scene.times[0], 1)] == [name]
    zones.advance(name, RolloutEvent.REFUSED)
    assert zones.hold(name) and not zones.hold(name)
    zones.request(scene.status)
    assert zones.take(scene.times[0], 1) == [] and len(zones) == 1
    zones.release(name)
    assert [one.name for one in zones.take(scene.times[0], 1)] == [name]
    assert not zones.hold(name), "a rollout holds it"


def test_a_zone_waits_fifty_times_as_long_as_its_refresh_took(scene: Scene) -> None:
    scene.note()
    scene.pass_by(REST)
    scene.times[0] += 4
    scene.run_until(lambda: scene.count("done"), "it is refreshed")
    scene.note()
    assert scene.refresher.next_start() == scene.times[0] + 4 * WAIT_PER_SECOND


def test_a_refused_file_is_a_fault_until_it_is_accepted(scene: Scene) -> None:
    working = scene.refresher.host
    scene.refresher.host = replace(working, checker=ZoneChecker("/nowhere/named-checkzone", program("named-checkconf")))
    scene.spoil()
    scene.note()
    scene.pass_by(REST)
    scene.run_until(lambda: scene.count("failed"), "it is refused")
    (fault,) = scene.refresher.faults
    assert "is older than what is served" in fault.text and "cannot be started" in fault.text
    assert not scene.is_right() and scene.refresher.is_idle
    scene.refresher.host = working
    scene.pass_by(RETRY_AFTER)
    scene.run_until(lambda: scene.count("done"), "it is accepted")
    assert scene.refresher.faults == [] and scene.is_right()


def test_the_file_of_a_deleted_zone_is_no_fault(scene: Scene, workspace: Workspace) -> None:
    missing = ZoneChecker("/nowhere/named-checkzone", program("named-checkconf"))
    scene.refresher.host = replace(scene.refresher.host, checker=missing)
    scene.note()
    scene.pass_by(REST)
    scene.run_until(lambda: scene.count("failed"), "it is refused")
    assert scene.refresher.faults
    workspace.editor.delete_zone(workspace.owner, scene.status.uuid)
    scene.pass_by(RETRY_AFTER)
    scene.run_until(lambda: not scene.refresher.faults, "it is no longer reported")
