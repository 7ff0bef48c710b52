"""What the deployer did and saw, as others read it."""

from __future__ import annotations

from contextlib import closing

from appliance.store import deployments, statistics
from appliance.store.file import sqlite
from appliance.zones.deployment import Deployment, DeploymentState, NameserverState, Observation
from appliance.zones.model import Zone
from tests.desk import Desk

NAMES = ("ns1.appliance.test", "ns2.appliance.test")


def deployment(zone: Zone) -> Deployment:
    return deployments.of_zones([zone], NAMES)[zone.uuid]


def test_a_zone_goes_from_pending_to_live(desk: Desk) -> None:
    zone = desk.zone()
    assert deployment(zone).state is DeploymentState.PENDING
    assert [seen.nameserver for seen in deployment(zone).nameservers] == list(NAMES)
    deployments.store_attempt(zone.uuid, zone.serial, None)
    assert deployment(zone).state is DeploymentState.DEPLOYING
    deployments.store_attempt(zone.uuid, zone.serial, "check: refused")
    assert deployment(zone).state is DeploymentState.FAILED and deployment(zone).error == "check: refused"
    deployments.store_live(zone.uuid, zone.serial, desk.clock())
    assert (deployment(zone).state, deployment(zone).error, deployment(zone).live_at) == (
        DeploymentState.LIVE,
        None,
        desk.clock(),
    )


def test_what_was_seen_is_kept_for_each_nameserver(desk: Desk) -> None:
    zone = desk.zone()
    seen = Observation(NAMES[1], zone.serial, NameserverState.LIVE, desk.clock(), desk.clock())
    deployments.store_observations(zone.uuid, [seen, Observation(NAMES[0], 5, NameserverState.LAGGING, desk.clock())])
    newer = Observation(NAMES[0], None, NameserverState.UNREACHABLE, desk.clock(), desk.clock())
    deployments.store_observations(zone.uuid, [newer])
    assert deployment(zone).nameservers == [newer, seen]


def test_standings_end_with_the_removal(desk: Desk) -> None:
    kept, gone = desk.zone("a.org"), desk.zone("b.org")
    desk.add(kept, "A", "@", "192.0.2.1")
    desk.editor.delete_zone(desk.owner, gone.uuid)
    assert [(one.uuid, one.deleted, one.removed) for one in deployments.statuses()] == [
        (kept.uuid, False, False),
        (gone.uuid, True, False),
    ]
    deployments.store_removed(gone.uuid, desk.clock())
    (standing,) = deployments.statuses()
    assert standing.record_count == 1 and standing.attempted is None and standing.name == kept.name
    assert [one.removed for one in deployments.statuses([gone.uuid])] == [True]


def test_living_zones_are_counted_by_state(desk: Desk) -> None:
    zones = [desk.zone(f"{letter}.org") for letter in "abcde"]
    deployments.store_live(zones[0].uuid, zones[0].serial, desk.clock())
    deployments.store_attempt(zones[1].uuid, zones[1].serial, "check: refused")
    deployments.store_attempt(zones[2].uuid, zones[2].serial, None)
    desk.editor.delete_zone(desk.owner, zones[4].uuid)
    assert statistics.count_by_state() == {"live": 1, "failed": 1, "deploying": 1, "pending": 1}
    assert {late.name for late in statistics.late_zones(10)} == {zone.name for zone in zones[1:]}
    assert len(statistics.late_zones(2)) == 2


def test_the_sign_of_life_is_one_row(desk: Desk) -> None:
    assert deployments.turned_at() is None
    for _ in range(2):
        desk.clock.forward(seconds=1)
        deployments.store_heartbeat(deployments.Heartbeat(desk.clock(), None, 0, 0))
    assert deployments.turned_at() == desk.clock() and len(desk.rows()["turn"]) == 1


def test_standings_leave_no_read_open_under_a_write(desk: Desk) -> None:
    zones = [desk.zone(domain) for domain in ("one.example", "two.example")]
    with closing(sqlite.connect(desk.store.path)) as other:
        for standing in deployments.statuses([zone.uuid for zone in zones]):
            other.execute("update account set is_admin = 1")
            deployments.store_removed(standing.uuid, desk.clock())
    assert all(deployment(zone).removed for zone in zones)
