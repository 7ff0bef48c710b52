"""What is stored of the DNSSEC of zones: all of it comes back, users' writes are not lost, deleted zones wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from appliance.store import signing, zones
from appliance.zones.model import Zone
from appliance.zones.parent_checks import ParentFindings
from appliance.zones.signing import (
    DEFAULT_DS_TTL,
    DsReport,
    Signing,
    Timing,
)
from tests.signing import at_parent, key
from tests.workspace import Workspace, read_rows

SERVED = "ns1.appliance.test"


def signed_zone(workspace: Workspace, domain: str = "example.com") -> Zone:
    zone = workspace.zone(domain)
    return workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})


def known(zone: Zone) -> Signing:
    found = signing.get(zones.get_any(zone.uuid))
    assert found
    return found


def test_a_zone_that_never_was_signed_has_nothing_stored(workspace: Workspace) -> None:
    assert signing.get(workspace.zone()) is None
    assert signing.due(workspace.clock(), 9) == []


def test_keys_keep_their_backup_and_leave_with_their_names(workspace: Workspace) -> None:
    zone, other = signed_zone(workspace), signed_zone(workspace, "other.example")
    with workspace.store.writing():
        signing.store_keys(zone.uuid, [key(0), key(1)])
        signing.store_keys(other.uuid, [key(1)])
        signing.mark_backed_up([key(0).public_key], workspace.clock())
        signing.store_keys(zone.uuid, [key(0, Timing.OMNIPRESENT)])
    (kept,) = known(zone).keys
    assert kept == replace(key(0, Timing.OMNIPRESENT), backed_up_at=workspace.clock())
    assert known(other).keys == (key(1),)
    assert signing.key_tags(zone.uuid) == {key(0).tag}


def test_due_zones_are_those_that_wait_longest_and_are_not_deleted(workspace: Workspace) -> None:
    first, deleted = signed_zone(workspace), signed_zone(workspace, "deleted.example")
    workspace.clock.forward(seconds=1)
    second = signed_zone(workspace, "second.example")
    workspace.editor.delete_zone(workspace.owner, deleted.uuid)
    assert signing.due(workspace.clock(), 9) == [first.uuid, second.uuid]
    assert signing.due(workspace.clock(), 1) == [first.uuid]
    assert signing.due(workspace.clock() - timedelta(seconds=1), 9) == [first.uuid]


def test_what_a_user_does_during_a_check_is_not_put_off(workspace: Workspace) -> None:
    zone, began = signed_zone(workspace), workspace.clock()
    later = began + timedelta(hours=1)
    with workspace.store.writing():
        signing.put_off(zone.uuid, later, began)
    assert signing.due(later - timedelta(seconds=1), 9) == []
    workspace.clock.forward(seconds=1)
    with workspace.store.writing():
        signing.confirm(zone, known(zone), DsReport.PUBLISHED, [7], workspace.clock())
        signing.put_off(zone.uuid, later, began)
    assert signing.due(workspace.clock(), 9) == [zone.uuid]


def test_a_clock_that_was_set_back_keeps_no_zone_waiting(workspace: Workspace) -> None:
    zone, year = signed_zone(workspace), timedelta(days=365)
    with workspace.store.writing():
        signing.put_off(zone.uuid, workspace.clock() + signing.LONGEST_PAUSE, workspace.clock())
    before = workspace.clock() - year
    assert signing.due(before, 9) == [zone.uuid]
    with workspace.store.writing():
        signing.put_off(zone.uuid, before + signing.LONGEST_PAUSE, before)
    assert signing.due(before, 9) == [] and signing.due(before + signing.LONGEST_PAUSE, 9) == [zone.uuid]


def test_turning_it_on_again_begins_anew_but_keeps_the_keys(workspace: Workspace) -> None:
    zone, now = signed_zone(workspace), workspace.clock()
    with workspace.store.writing():
        signing.store_keys(zone.uuid, [key(0)])
        signing.store_findings(zone.uuid, ParentFindings(at_parent(zone.name, at=now), now, now, 172_800))
        signing.begin(zone, now + timedelta(hours=1))
    found = known(zone)
    assert (found.keys, found.parent, found.gone_at, found.ds_ttl) == ((key(0),), None, None, DEFAULT_DS_TTL)


def test_the_serial_of_the_signed_zone_counts_for_the_next_edit(workspace: Workspace) -> None:
    zone = signed_zone(workspace)
    with workspace.store.writing():
        signing.store_signed_serial(zone.uuid, zone.serial + 40)
    workspace.add(zone, "A", "www", "192.0.2.1")
    (row,) = read_rows(workspace.store.path, "select serial from zone")
    assert row["serial"] == zone.serial + 41
