"""Deleted zones brought back: what they have, under which serial, and when they are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.editing import RecordInput
from appliance.errors import InvalidName, NotFound, NotPermitted, QuotaReached, RecordsHidden
from appliance.principal import EVERYTHING, TokenLimits
from appliance.settings import QuotaSettings
from appliance.store import delegations, deployments, former_zones, records, versions, zones
from appliance.store.zones import Page
from appliance.zones.model import Zone
from tests.workspace import Workspace


def deleted(workspace: Workspace, domain: str = "example.com") -> Zone:
    """Return a zone that was deleted, with a record and settings."""
    zone = workspace.zone(domain)
    workspace.add(zone, "A", "www", "192.0.2.1")
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"comment": "ours", "default_ttl": 60})
    return workspace.editor.delete_zone(workspace.owner, zone.uuid)


def count(workspace: Workspace) -> int:
    """Return the number of zones of the owner, as its counter has it."""
    return zones.count_of(workspace.owner.account.uuid)


def test_a_zone_comes_back_as_it_was_under_a_later_serial(workspace: Workspace) -> None:
    zone = deleted(workspace)
    kept = records.of_zone(zone)
    with workspace.store.writing():
        deployments.store_removed(zone.uuid, workspace.clock())
    workspace.clock.forward(days=29)
    restored = workspace.editor.undelete_zone(workspace.owner, zone.uuid)
    assert (restored.uuid, restored.comment, restored.default_ttl, restored.deleted_at) == (zone.uuid, "ours", 60, None)
    assert restored.serial > zone.serial and restored.revision > zone.revision and count(workspace) == 1
    assert zones.get_any(zone.uuid) == restored and records.of_zone(restored) == kept
    assert workspace.journal()[-1] == ("zone.restore", restored.serial)
    assert not deployments.statuses([zone.uuid])[0].removed
    assert versions.records_of(restored, versions.find(restored, Page())[0][-1]) == []
    workspace.clock.forward(days=40)
    assert deployments.removed_before([zone.uuid], workspace.clock()) == []


def test_its_serial_is_later_than_those_of_zones_that_had_the_name_since(workspace: Workspace) -> None:
    zone = deleted(workspace)
    newer = workspace.zone()
    workspace.editor.raise_serial(newer.uuid, newer.serial + 1000)
    workspace.editor.delete_zone(workspace.owner, newer.uuid)
    assert workspace.editor.undelete_zone(workspace.owner, zone.uuid).serial > newer.serial + 1000


def test_after_30_days_and_for_others_there_is_no_such_zone(workspace: Workspace) -> None:
    zone, living = deleted(workspace), workspace.zone("other.example")
    for principal, uuid in ((workspace.stranger, zone.uuid), (workspace.owner, living.uuid)):
        with pytest.raises(NotFound, match="less than 30 days ago"):
            workspace.editor.undelete_zone(principal, uuid)
    workspace.clock.forward(days=30)
    with pytest.raises(NotFound):
        workspace.editor.undelete_zone(workspace.owner, zone.uuid)
    assert count(workspace) == 1


def test_a_name_that_is_no_longer_free_is_refused(workspace: Workspace) -> None:
    zone = deleted(workspace)
    workspace.zone()
    before = workspace.rows()
    with pytest.raises(InvalidName, match=r"the zone example\.com already exists"):
        workspace.editor.undelete_zone(workspace.owner, zone.uuid)
    assert workspace.rows() == before


def test_tokens_and_quotas_hold_as_for_a_new_zone(workspace: Workspace) -> None:
    zone = deleted(workspace)
    limited = replace(workspace.owner, limits=TokenLimits(record_names=("www",)))
    with pytest.raises(NotPermitted):
        workspace.editor.undelete_zone(limited, zone.uuid)
    workspace.zone("other.example")
    with pytest.raises(QuotaReached):
        replace(workspace.editor, quotas=QuotaSettings(zones=1)).undelete_zone(workspace.owner, zone.uuid)
    own = replace(workspace.owner, limits=TokenLimits(zones=frozenset({zone.uuid})))
    assert workspace.editor.undelete_zone(own, zone.uuid).uuid == zone.uuid


def test_its_delegation_comes_back_unless_it_would_hide_data(workspace: Workspace) -> None:
    above = workspace.zone()
    child = deleted(workspace, "dev.example.com")
    record = workspace.add(above, "A", "www.dev", "192.0.2.1")
    with pytest.raises(RecordsHidden, match=r"A www\.dev\.example\.com; delete them$"):
        workspace.editor.undelete_zone(workspace.owner, child.uuid)
    workspace.editor.delete_record(workspace.owner, record.uuid)
    serial = zones.get_any(above.uuid).serial
    workspace.editor.undelete_zone(workspace.owner, child.uuid)
    now = zones.get(above.uuid, EVERYTHING)
    assert now and now.serial > serial and [one.uuid for one in delegations.of_zone(now)] == [child.uuid]
    assert workspace.journal()[-2:] == [
        ("zone.restore", zones.get_any(child.uuid).serial),
        ("zone.delegation", now.serial),
    ]
    workspace.editor.create_record(workspace.owner, child.uuid, RecordInput("A", "new", "192.0.2.1"))


def test_deleted_zones_are_listed_newest_first(workspace: Workspace) -> None:
    first, second = deleted(workspace, "a.example"), deleted(workspace, "b.example")
    workspace.zone("c.example")
    before = workspace.clock() - timedelta(days=30)
    found, total = former_zones.find(workspace.owner.scope, before, Page())
    assert ([one.uuid for one in found], total) == ([second.uuid, first.uuid], 2)
    assert former_zones.find(workspace.owner.scope, before, Page(), name=first.name)[1] == 1
    assert former_zones.find(workspace.owner.scope, before, Page(), search="b.ex")[0] == [second]
    assert former_zones.find(workspace.stranger.scope, before, Page()) == ([], 0)
    assert former_zones.find(EVERYTHING, workspace.clock(), Page()) == ([], 0)
