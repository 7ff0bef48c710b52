"""What the deployer saw, as rows: the moment of the last answer apart from the moment at which it changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from appliance.addresses import Nameserver
from appliance.deploy.host import PrimaryHost
from appliance.deploy.reachability import Reachability
from appliance.deploy.recorder import Recorder
from appliance.deploy.worker_pool import WorkerPool
from appliance.store import deployments
from appliance.zones.deployment import NameserverState, Observation
from appliance.zones.model import Zone
from tests.workspace import Workspace


@dataclass
class Observer:
    """A recorder over the workspace, whose monotonic clock goes with the workspace's."""

    workspace: Workspace
    reach: Reachability
    recorder: Recorder
    primary: Nameserver
    secondary: Nameserver

    def pass_over(self, *zones: Zone, silent_about: tuple[Zone, ...] = ()) -> None:
        """One reconciliation in which both answer about all zones, but for the secondary about some."""
        began = self.workspace.clock()
        self.reach.answered([self.primary, self.secondary], began.timestamp())
        self.workspace.clock.forward(seconds=2)
        for zone in zones:
            served: dict[Nameserver, int | None] = {self.primary: zone.serial, self.secondary: zone.serial}
            if zone in silent_about:
                del served[self.secondary]
            self.recorder.seen(zone.uuid, zone.serial, served)
        self.recorder.confirm([self.primary, self.secondary], began)

    def last_seen(self, zone: Zone) -> Observation:
        """What the API shows of the secondary."""
        self.recorder.flush()
        names = [self.primary.name, self.secondary.name]
        return deployments.of_zones([zone], names)[zone.uuid].nameservers[1]


@pytest.fixture
def observer(host: PrimaryHost, workspace: Workspace) -> Iterator[Observer]:
    """An observer over the pair's nameservers."""
    reach, lanes = Reachability(workspace.clock().timestamp()), WorkerPool(workspace.store)
    recorder = Recorder(host, workspace.store, lanes, workspace.clock, lambda: workspace.clock().timestamp(), reach)
    yield Observer(workspace, reach, recorder, *host.nameservers)
    lanes.close()


def test_a_reconciliation_confirms_what_has_not_changed(observer: Observer, workspace: Workspace) -> None:
    zone = workspace.zone()
    observer.pass_over(zone)
    first = observer.last_seen(zone)
    workspace.clock.forward(minutes=1)
    asked_at, rows = workspace.clock(), workspace.rows()["observation"]
    observer.pass_over(zone)
    assert observer.last_seen(zone).checked_at == asked_at
    assert observer.last_seen(zone).changed_at == first.changed_at
    assert workspace.rows()["observation"] == rows


def test_a_zone_that_was_not_answered_keeps_its_moment(observer: Observer, workspace: Workspace) -> None:
    answered, dropped = workspace.zone("answered.example"), workspace.zone("dropped.example")
    observer.pass_over(answered, dropped)
    confirmed = observer.last_seen(dropped).checked_at
    workspace.clock.forward(minutes=1)
    observer.pass_over(answered, dropped)
    last = observer.last_seen(dropped).checked_at
    assert confirmed and last and last > confirmed
    for _ in range(2):
        workspace.clock.forward(minutes=1)
        observer.pass_over(answered, dropped, silent_about=(dropped,))
        seen = observer.last_seen(dropped)
        assert (seen.state, seen.serial, seen.checked_at) == (NameserverState.LAGGING, None, last)
    newest = observer.last_seen(answered).checked_at
    assert newest and newest > last
    asked_at = workspace.clock()
    observer.pass_over(answered, dropped)
    seen = observer.last_seen(dropped)
    assert (seen.state, seen.checked_at, seen.changed_at) == (NameserverState.LIVE, asked_at, workspace.clock())


def test_a_zone_that_moved_meanwhile_and_was_not_answered_keeps_its_moment(
    observer: Observer, workspace: Workspace
) -> None:
    zone = workspace.zone()
    observer.pass_over(zone)
    before = observer.last_seen(zone)
    workspace.clock.forward(minutes=1)
    observer.recorder.unanswered(zone.uuid, [observer.secondary])
    observer.recorder.confirm([observer.primary, observer.secondary], workspace.clock())
    seen = observer.last_seen(zone)
    assert (seen.state, seen.serial, seen.checked_at) == (NameserverState.LIVE, zone.serial, before.checked_at)
    workspace.clock.forward(minutes=1)
    asked_at = workspace.clock()
    observer.pass_over(zone)
    assert observer.last_seen(zone).checked_at == asked_at
    assert observer.last_seen(zone).changed_at == before.changed_at


def test_a_silent_nameserver_keeps_the_moment_of_its_last_answer(observer: Observer, workspace: Workspace) -> None:
    zone = workspace.zone()
    observer.pass_over(zone)
    last = observer.last_seen(zone).checked_at
    observer.reach.asked(observer.secondary, workspace.clock().timestamp())
    workspace.clock.forward(minutes=1)
    observer.recorder.seen(zone.uuid, zone.serial, {observer.primary: zone.serial})
    observer.recorder.confirm([observer.primary], workspace.clock())
    seen = observer.last_seen(zone)
    assert (seen.state, seen.checked_at, seen.changed_at) == (NameserverState.UNREACHABLE, last, workspace.clock())
