"""Deployments, observations and heartbeats: stored by the deployer, read by others."""

from __future__ import annotations

from contextlib import closing

from appliance.store import deployments, statistics
from appliance.store.file import sqlite
from appliance.zones.deployment import Deployment, DeploymentState, NameserverState, Observation
from appliance.zones.model import Zone
from tests.deployed import store_attempt, store_live, store_observations, store_proof
from tests.workspace import Workspace

NAMES = ("ns1.appliance.test", "ns2.appliance.test")


def deployment(zone: Zone) -> Deployment:
    return deployments.of_zones([zone], NAMES)[zone.uuid]


def test_a_zone_goes_from_pending_to_live(workspace: Workspace) -> None:
    zone = workspace.zone()
    assert deployment(zone).state is DeploymentState.PENDING
    assert [seen.nameserver for seen in deployment(zone).nameservers] == list(NAMES)
    store_attempt(zone.uuid, zone.serial, None)
    assert deployment(zone).state is DeploymentState.DEPLOYING
    store_attempt(zone.uuid, zone.serial, "check: refused")
    assert deployment(zone).state is DeploymentState.FAILED and deployment(zone).error == "check: refused"
    store_live(zone.uuid, zone.serial, workspace.clock())
    assert (deployment(zone).state, deployment(zone).error, deployment(zone).live_at) == (
        DeploymentState.LIVE,
        None,
        workspace.clock(),
    )


def test_observations_are_stored_for_each_nameserver(workspace: Workspace) -> None:
    zone = workspace.zone()
    seen = Observation(NAMES[1], zone.serial, NameserverState.LIVE, workspace.clock(), workspace.clock())
    store_observations(zone.uuid, [seen, Observation(NAMES[0], 5, NameserverState.LAGGING, workspace.clock())])
    newer = Observation(NAMES[0], None, NameserverState.UNREACHABLE, workspace.clock(), workspace.clock())
    store_observations(zone.uuid, [newer])
    assert deployment(zone).nameservers == [newer, seen]


def test_a_removed_zone_has_no_status(workspace: Workspace) -> None:
    kept, gone = workspace.zone("a.org"), workspace.zone("b.org")
    workspace.add(kept, "A", "@", "192.0.2.1")
    workspace.editor.delete_zone(workspace.owner, gone.uuid)
    assert [(one.uuid, one.deleted, one.removed) for one in deployments.statuses()] == [
        (kept.uuid, False, False),
        (gone.uuid, True, False),
    ]
    deployments.store_removed(gone.uuid, workspace.clock())
    (standing,) = deployments.statuses()
    assert standing.record_count == 1 and standing.attempted is None and standing.name == kept.name
    assert [one.removed for one in deployments.statuses([gone.uuid])] == [True]


def test_zones_are_counted_by_state(workspace: Workspace) -> None:
    zones = [workspace.zone(f"{letter}.org") for letter in "abcde"]
    store_live(zones[0].uuid, zones[0].serial, workspace.clock())
    store_attempt(zones[1].uuid, zones[1].serial, "check: refused")
    store_attempt(zones[2].uuid, zones[2].serial, None)
    workspace.editor.delete_zone(workspace.owner, zones[4].uuid)
    assert statistics.count_by_state() == {"live": 1, "failed": 1, "deploying": 1, "pending": 1}
    assert {late.name for late in statistics.late_zones(10)} == {zone.name for zone in zones[1:]}
    assert len(statistics.late_zones(2)) == 2


def test_statuses_leave_no_read_open_during_a_write(workspace: Workspace) -> None:
    zones = [workspace.zone(domain) for domain in ("one.example", "two.example")]
    with closing(sqlite.connect(workspace.store.path)) as other:
        for standing in deployments.statuses([zone.uuid for zone in zones]):
            other.execute("update account set is_admin = 1")
            deployments.store_removed(standing.uuid, workspace.clock())
    assert all(deployment(zone).removed for zone in zones)


def test_a_proven_serial_stays_until_it_is_in_doubt_or_the_zone_is_removed(workspace: Workspace) -> None:
    zone = workspace.zone()

    def proven() -> int | None:
        (status,) = deployments.statuses([zone.uuid])
        return status.proven

    assert proven() is None
    store_proof(zone.uuid, 7)
    store_attempt(zone.uuid, zone.serial, "check: refused")
    store_live(zone.uuid, zone.serial, workspace.clock())
    assert proven() == 7
    store_proof(zone.uuid, None)
    assert proven() is None
    store_proof(zone.uuid, 8)
    deployments.store_removed(zone.uuid, workspace.clock())
    assert proven() is None
