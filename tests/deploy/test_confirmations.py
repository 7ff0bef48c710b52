"""Observations in the store: the moment of the last answer apart from that of the last change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from appliance.addresses import Nameserver
from appliance.deploy.host import PrimaryHost
from appliance.deploy.recorder import Recorder
from appliance.deploy.verification.reachability import Reachability
from appliance.deploy.worker_pool import WorkerPool
from appliance.queries.soa import SoaResponse
from appliance.store import deployments
from appliance.zones.deployment import NameserverState, Observation
from appliance.zones.model import Zone
from tests.deploy.builders import answered, expected
from tests.workspace import Workspace


def answers(zone: Zone, *servers: Nameserver) -> dict[Nameserver, SoaResponse]:
    """Return the answers of nameservers that serve the zone."""
    return {server: answered(server, str(zone.name), zone.serial) for server in servers}


@dataclass
class Observer:
    """A recorder of the workspace's zones; both of its clocks follow the workspace's."""

    workspace: Workspace
    reachability: Reachability
    recorder: Recorder
    primary: Nameserver
    secondary: Nameserver

    def reconcile(self, *zones: Zone, silent_about: tuple[Zone, ...] = ()) -> None:
        """Record a reconciliation in which both answer for all zones, except the secondary for some."""
        began = self.workspace.clock()
        self.reachability.note_answers([self.primary, self.secondary], began.timestamp())
        self.workspace.clock.forward(seconds=2)
        for zone in zones:
            servers = [self.primary] if zone in silent_about else [self.primary, self.secondary]
            self.recorder.observed(zone.uuid, zone.serial, answers(zone, *servers))
        self.recorder.confirm([self.primary, self.secondary], began)

    def last_seen(self, zone: Zone) -> Observation:
        """Return the observation of the secondary that the API shows."""
        self.recorder.flush()
        names = [self.primary.name, self.secondary.name]
        return deployments.of_zones([zone], names)[zone.uuid].nameservers[1]


@pytest.fixture
def observer(host: PrimaryHost, workspace: Workspace) -> Iterator[Observer]:
    """An observer of the pair's nameservers."""
    reachability, workers = Reachability(workspace.clock().timestamp()), WorkerPool(workspace.store)
    recorder = Recorder(
        host, workspace.store, workers, workspace.clock, lambda: workspace.clock().timestamp(), reachability, expected
    )
    yield Observer(workspace, reachability, recorder, *host.nameservers)
    workers.close()


def test_a_reconciliation_confirms_what_has_not_changed(observer: Observer, workspace: Workspace) -> None:
    zone = workspace.zone()
    observer.reconcile(zone)
    first = observer.last_seen(zone)
    workspace.clock.forward(minutes=1)
    asked_at, rows = workspace.clock(), workspace.rows()["observation"]
    observer.reconcile(zone)
    assert observer.last_seen(zone).checked_at == asked_at
    assert observer.last_seen(zone).changed_at == first.changed_at
    assert workspace.rows()["observation"] == rows


def test_a_zone_that_was_not_answered_keeps_its_moment(observer: Observer, workspace: Workspace) -> None:
    answered, dropped = workspace.zone("answered.example"), workspace.zone("dropped.example")
    observer.reconcile(answered, dropped)
    confirmed = observer.last_seen(dropped).checked_at
    workspace.clock.forward(minutes=1)
    observer.reconcile(answered, dropped)
    last = observer.last_seen(dropped).checked_at
    assert confirmed and last and last > confirmed
    for _ in range(2):
        workspace.clock.forward(minutes=1)
        observer.reconcile(answered, dropped, silent_about=(dropped,))
        seen = observer.last_seen(dropped)
        assert (seen.state, seen.serial, seen.checked_at) == (NameserverState.LAGGING, None, last)
    newest = observer.last_seen(answered).checked_at
    assert newest and newest > last
    asked_at = workspace.clock()
    observer.reconcile(answered, dropped)
    seen = observer.last_seen(dropped)
    assert (seen.state, seen.checked_at, seen.changed_at) == (NameserverState.LIVE, asked_at, workspace.clock())


def test_a_zone_that_moved_meanwhile_and_was_not_answered_keeps_its_moment(
    observer: Observer, workspace: Workspace
) -> None:
    zone = workspace.zone()
    observer.reconcile(zone)
    before = observer.last_seen(zone)
    workspace.clock.forward(minutes=1)
    observer.recorder.unanswered(zone.uuid, [observer.secondary])
    observer.recorder.confirm([observer.primary, observer.secondary], workspace.clock())
    seen = observer.last_seen(zone)
    assert (seen.state, seen.serial, seen.checked_at) == (NameserverState.LIVE, zone.serial, before.checked_at)
    workspace.clock.forward(minutes=1)
    asked_at = workspace.clock()
    observer.reconcile(zone)
    assert observer.last_seen(zone).checked_at == asked_at
    assert observer.last_seen(zone).changed_at == before.changed_at


def test_a_silent_nameserver_keeps_the_moment_of_its_last_answer(observer: Observer, workspace: Workspace) -> None:
    zone = workspace.zone()
    observer.reconcile(zone)
    last = observer.last_seen(zone).checked_at
    observer.reachability.note_query(observer.secondary, workspace.clock().timestamp())
    workspace.clock.forward(minutes=1)
    observer.recorder.observed(zone.uuid, zone.serial, answers(zone, observer.primary))
    observer.recorder.confirm([observer.primary], workspace.clock())
    seen = observer.last_seen(zone)
    assert (seen.state, seen.checked_at, seen.changed_at) == (NameserverState.UNREACHABLE, last, workspace.clock())
