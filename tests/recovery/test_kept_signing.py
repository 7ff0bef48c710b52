"""A restore never turns DNSSEC off, and never uses an older report of a DS in place of a newer one."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.errors import StoreError
from appliance.recovery.restore import restore
from appliance.store import signing, zones
from appliance.store.file import sqlite
from appliance.zones.model import Zone
from appliance.zones.parent_checks import ParentFindings
from appliance.zones.serial import is_later
from appliance.zones.signing import DsReport, Signing, SigningState, Timing, may_unsign, state_of
from tests.host_keys import host_keys, place_keys
from tests.recovery.conftest import Again
from tests.signing import at_parent, key, signed, store_signing
from tests.workspace import Workspace

READY = key(ds=Timing.OMNIPRESENT)


def switch(workspace: Workspace, zone: Zone, *, wanted: bool) -> None:
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": wanted})


def sign(workspace: Workspace, zone: Zone, *, seen: int = 0) -> Zone:
    """Sign the zone, whose DS every nameserver of the parent has; `seen` is the latest serial of it."""
    switch(workspace, zone, wanted=True)
    with workspace.store.writing():
        store_signing(zone, signed(READY, parent=at_parent(zone.name, READY)))
        signing.store_signed_serial(zone.uuid, seen or zones.get_any(zone.uuid).serial)
    return zones.get_any(zone.uuid)


def known(zone: Zone) -> Signing:
    found = signing.get(zones.get_any(zone.uuid))
    assert found
    return found


def state(workspace: Workspace, zone: Zone) -> SigningState:
    return state_of(known(zone), zone.name, workspace.clock())


def test_a_zone_that_was_signed_since_stays_signed(workspace: Workspace, again: Again) -> None:
    zone = workspace.zone()
    served, before = zone.serial + 40, list[Zone]()
    done = again(lambda: before.append(sign(workspace, zone, seen=served)))
    after = zones.get_any(zone.uuid)
    assert after.dnssec and after.signed and after.signed_serial == served
    assert after.serial == before[0].serial and after.revision > zone.revision, "what is served is the same"
    assert done.takeover.kept_signed == ["example.com"]
    assert known(zone).keys == (READY,)
    assert state(workspace, zone) is SigningState.SECURED
    assert signing.due(workspace.clock(), 9) == [zone.uuid]


def test_a_change_follows_what_named_has_counted_on(workspace: Workspace, again: Again) -> None:
    zone = workspace.zone()
    served = zone.serial + 40

    def change() -> None:
        workspace.add(sign(workspace, zone, seen=served), "A", "www", "192.0.2.1")

    assert again(change).takeover.raised == ["example.com"]
    assert is_later(zones.get_any(zone.uuid).serial, served)


def test_an_unchanged_signed_zone_keeps_its_serial(workspace: Workspace, again: Again) -> None:
    zone = sign(workspace, workspace.zone())
    done = again(lambda: None)
    assert zones.get_any(zone.uuid) == zone
    assert (done.takeover.raised, done.takeover.kept_signed) == ([], [])
    assert known(zone).served == {}, "what was observed before is no evidence"


def test_reports_and_keys_since_the_backup_are_kept(workspace: Workspace, again: Again) -> None:
    zone = sign(workspace, workspace.zone())

    def change() -> None:
        switch(workspace, zone, wanted=False)
        with workspace.store.writing():
            signing.store_findings(zone.uuid, replace_parent(zone))
            signing.store_keys(zone.uuid, [READY, key(1)])
        workspace.editor.confirm_ds(workspace.owner, zone.uuid, DsReport.WITHDRAWN)

    again(change)
    found = known(zone)
    assert {one.report for one in found.confirmations.values()} == {DsReport.WITHDRAWN}
    assert {one.tag for one in found.keys} == {READY.tag, key(1).tag}
    assert zones.get_any(zone.uuid).dnssec, "as in the backup"
    assert found.gone_at is None and not may_unsign(found, workspace.clock() + timedelta(days=90))


def replace_parent(zone: Zone) -> ParentFindings:
    return ParentFindings(at_parent(zone.name), None, None, 3600)


def test_a_zone_that_was_unsigned_since_is_signed_again_from_the_beginning(workspace: Workspace, again: Again) -> None:
    zone = sign(workspace, workspace.zone())

    def end() -> None:
        with workspace.store.writing():
            zones.update(zones.get_any(zone.uuid), dnssec=False, signed=False)

    done = again(end)
    after = zones.get_any(zone.uuid)
    assert after.dnssec and after.signed and is_later(after.serial, zone.serial)
    assert state(workspace, zone) is SigningState.SIGNING, "what the backup knows of the parent is old"
    assert done.takeover.kept_signed == []


def test_without_the_replaced_store_keys_on_the_host_keep_a_zone_signed(
    workspace: Workspace, again: Again, tmp_path: Path
) -> None:
    zone, other = workspace.zone(), workspace.zone("other.example")
    place_keys(host_keys(tmp_path), zone, key())

    def damage() -> None:
        workspace.store.path.write_bytes(b"\xa5" * 8192)

    done = again(damage)
    assert done.unread and done.takeover.kept_signed == ["example.com"]
    assert zones.get_any(zone.uuid).signed and not zones.get_any(other.uuid).signed
    assert state(workspace, zone) is SigningState.SIGNING


def test_who_cannot_see_keys_restores_no_signed_zone_as_unsigned(
    workspace: Workspace, again: Again, tmp_path: Path
) -> None:
    host, zone, damaged = host_keys(tmp_path), workspace.zone(), b"\xa5" * 8192
    folder = host.folders.folder(zone.uuid)
    folder.parent.mkdir(parents=True)
    folder.write_text("no folder")
    with pytest.raises(StoreError, match=f"{zone.uuid} cannot be read: Not a directory"):
        again(lambda: workspace.store.path.write_bytes(damaged))
    assert workspace.store.path.read_bytes() == damaged, "nothing is changed"


def test_without_the_replaced_store_no_zone_above_has_a_ds_until_the_zone_is_seen_signed(
    workspace: Workspace, again: Again
) -> None:
    """It may have been turned off since the backup."""
    zone = sign(workspace, workspace.zone())
    with workspace.store.writing():
        signing.store_delegated(zone.uuid, [key().ds_of(zone.name)])
    again(lambda: workspace.store.path.write_bytes(b"\xa5" * 8192))
    assert known(zone).delegated == frozenset()


def test_with_the_replaced_store_left_over_keys_sign_nothing(
    workspace: Workspace, again: Again, tmp_path: Path
) -> None:
    zone = workspace.zone()
    place_keys(host_keys(tmp_path), zone, key())
    done = again(lambda: None)
    assert not zones.get_any(zone.uuid).signed and done.takeover.kept_signed == []


def test_old_reports_unsign_nothing_when_nothing_newer_is_known(workspace: Workspace, again: Again) -> None:
    zone = sign(workspace, workspace.zone())
    switch(workspace, zone, wanted=False)
    with workspace.store.writing():
        signing.store_findings(zone.uuid, replace_parent(zone))
    workspace.editor.confirm_ds(workspace.owner, zone.uuid, DsReport.WITHDRAWN)
    assert known(zone).gone_at
    workspace.clock.forward(days=60)
    assert may_unsign(known(zone), workspace.clock())
    again(lambda: workspace.store.path.write_bytes(b"\xa5" * 8192))
    assert not may_unsign(known(zone), workspace.clock())
    assert state(workspace, zone) is SigningState.DS_REMOVE


def test_keys_follow_a_zone_that_was_created_again(workspace: Workspace, again: Again, tmp_path: Path) -> None:
    host, zone = host_keys(tmp_path), workspace.zone()
    created: list[Zone] = []

    def replace_zone() -> None:
        workspace.editor.delete_zone(workspace.owner, zone.uuid)
        created.append(sign(workspace, workspace.zone()))
        place_keys(host, created[0], READY)

    done = again(replace_zone)
    assert done.takeover.kept_signed == ["example.com"] and done.without_keys == []
    assert zones.get_any(zone.uuid).signed and known(zone).keys == (READY,)
    assert host.folders.zones() == [zone.uuid]
    assert host.folders.has(zone.uuid, [READY.tag])


def test_a_restore_that_cannot_move_keys_is_repeated(workspace: Workspace, again: Again, tmp_path: Path) -> None:
    host, zone = host_keys(tmp_path), workspace.zone()

    def replace_zone() -> None:
        workspace.editor.delete_zone(workspace.owner, zone.uuid)
        place_keys(host, sign(workspace, workspace.zone()), READY)
        (host.folders.make(zone.uuid) / "notes").touch()
        obstacle.touch()

    obstacle = host.folders.folder(zone.uuid).with_name(f"{zone.uuid}.aside")
    with pytest.raises(StoreError):
        again(replace_zone)
    obstacle.unlink()
    restore(tmp_path / "backup.sqlite3", workspace.store.path, host, workspace.clock)
    assert host.folders.has(zone.uuid, [READY.tag])


def test_a_replaced_store_of_a_release_without_dnssec_is_read(workspace: Workspace, again: Again) -> None:
    zone = sign(workspace, workspace.zone())

    def downgrade() -> None:
        with closing(sqlite.connect(workspace.store.path)) as writer:
            writer.execute("drop table signing_key")

    again(downgrade)
    assert zones.get_any(zone.uuid).signed
