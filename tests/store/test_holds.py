"""Held zones: what is due, what a release includes, and what reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.store import deployments, holds, statistics
from appliance.zones.deployment import DeploymentState
from appliance.zones.model import Zone
from appliance.zones.ownership import LONGEST_PAUSE, HoldReason
from tests.workspace import Workspace


def held(workspace: Workspace, domain: str) -> Zone:
    """Create a zone and hold it."""
    zone = workspace.zone(domain)
    with workspace.store.writing():
        holds.insert(zone.uuid, "a-token", HoldReason.UNCHECKED, workspace.clock())
    return zone


def due(workspace: Workspace) -> list[str]:
    return [hold.domain.to_text(omit_final_dot=True) for hold in holds.due(workspace.clock(), 10)]


def test_what_waits_longest_is_due_first_and_deleted_zones_never(workspace: Workspace) -> None:
    for domain in ("a.example", "b.example"):
        held(workspace, domain)
        workspace.clock.forward(seconds=1)
    zone = held(workspace, "c.example")
    workspace.editor.delete_zone(workspace.owner, zone.uuid)
    assert due(workspace) == ["a.example", "b.example"]
    hold = holds.due(workspace.clock(), 1)[0]
    checked = replace(hold, reason=HoldReason.DELEGATED, problem="none", checks=1, checked_at=workspace.clock())
    with workspace.store.writing():
        holds.store_check(checked, workspace.clock() + timedelta(seconds=5))
    assert due(workspace) == ["b.example"] and holds.get(hold.zone) == checked
    assert len(holds.due(None, 10)) == 2 and holds.get(zone.uuid), "a deleted zone keeps its hold"


def test_a_zone_that_was_checked_with_a_clock_ahead_is_due_once_it_is_right(workspace: Workspace) -> None:
    held(workspace, "a.example")
    hold = holds.due(workspace.clock(), 1)[0]
    with workspace.store.writing():
        holds.store_check(hold, workspace.clock() + timedelta(days=365))
    assert due(workspace) == ["a.example"]
    with workspace.store.writing():
        holds.store_check(hold, workspace.clock() + LONGEST_PAUSE)
    assert due(workspace) == []


def test_the_deployer_and_problems_know_nothing_of_a_held_zone(workspace: Workspace) -> None:
    zone = held(workspace, "example.com")
    assert deployments.statuses() == deployments.statuses([zone.uuid]) == [] == statistics.late_zones(9)
    deployment = deployments.of_zones([zone], [])[zone.uuid]
    assert deployment.state == DeploymentState.PENDING and "example.com" in (deployment.error or "")
    deleted = workspace.editor.delete_zone(workspace.owner, zone.uuid)
    assert [one.uuid for one in deployments.statuses()] == [zone.uuid], "its removal is verified"
    assert deployments.of_zones([deleted], [])[zone.uuid].error is None


@pytest.mark.parametrize("domain", ["example.com", "a.example.com", "b.a.example.com"])
def test_a_release_includes_the_held_zones_below(workspace: Workspace, domain: str) -> None:
    zones = {text: held(workspace, text) for text in ("b.a.example.com", "a.example.com", "example.com", "x.example")}
    with workspace.store.writing():
        released = holds.release(zones[domain])
    assert {zone.name for zone in released} == {
        one.name for one in zones.values() if one.name.is_subdomain(zones[domain].name)
    }
    assert {zone.name for zone in zones.values() if not holds.get(zone.uuid)} == {zone.name for zone in released}
