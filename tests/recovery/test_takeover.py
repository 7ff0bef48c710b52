"""Takeover from the replaced store: no serial decreases, and no serial is used for two contents."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from appliance.compiler import compile_zone
from appliance.editing import RecordInput
from appliance.principal import Scope
from appliance.recovery.restore import restore
from appliance.store import (
    accounts,
    credentials,
    deployments,
    former_zones,
    holds,
    invitations,
    recovery_codes,
    sessions,
    tables,
    unknown_zones,
    zones,
)
from appliance.store.file import sqlite
from appliance.store.file.database import Store
from appliance.zones.model import Zone
from appliance.zones.names import parse_domain
from appliance.zones.ownership import HoldReason, Proof
from appliance.zones.serial import is_later, next_serial
from tests.deployed import store_live, store_proof
from tests.host_keys import host_keys
from tests.recovery.conftest import Again
from tests.workspace import APEX, Workspace, current_database, principal_of


def stored(zone: Zone) -> Zone:
    found = zones.get_by_name(zone.name)
    assert found
    return found


def test_an_unchanged_zone_keeps_its_serial(workspace: Workspace, again: Again) -> None:
    zone = workspace.zone()
    workspace.add(zone, "A", "www", "192.0.2.1")
    before = stored(zone)
    done = again(lambda: None)
    assert stored(zone) == before
    assert (done.takeover.zones, done.takeover.raised, done.unread) == (1, [], None)


def test_a_changed_zone_has_a_serial_after_the_later_one(workspace: Workspace, again: Again) -> None:
    zone = workspace.zone()

    def change_store() -> None:
        for number in range(5):
            workspace.add(zone, "A", f"h{number}", "192.0.2.1")

    done = again(change_store)
    assert stored(zone).serial == zone.serial + 6
    assert stored(zone).revision > zone.revision + 5
    assert done.takeover.raised == ["example.com"]


def test_content_that_was_changed_back_has_the_later_serial(workspace: Workspace, again: Again) -> None:
    zone = workspace.zone()
    again(lambda: workspace.editor.delete_record(workspace.owner, workspace.add(zone, "A", "www", "192.0.2.1").uuid))
    assert stored(zone).serial == zone.serial + 2


@pytest.mark.parametrize("is_created", [True, False])
def test_a_zone_whose_child_zones_differ_has_a_later_serial(
    workspace: Workspace, again: Again, *, is_created: bool
) -> None:
    """A child zone that was created since the backup, or deleted: the zone above was served with other delegations."""
    above, other = workspace.zone("example.com"), workspace.zone("other.example")
    child = None if is_created else workspace.zone("sub.example.com")
    contents: dict[int, bytes] = {}

    def change_store() -> None:
        if child:
            workspace.editor.delete_zone(workspace.owner, child.uuid)
        else:
            workspace.zone("sub.example.com")
        contents[stored(above).serial] = compile_zone(stored(above), APEX).content

    done = again(change_store)
    (served,) = contents
    assert is_later(stored(above).serial, served)
    assert compile_zone(stored(above), APEX).content.count(b"\nsub.") == (0 if is_created else 2)
    assert "example.com" in done.takeover.raised and stored(other).serial == other.serial


def test_a_zone_with_the_same_child_zones_keeps_its_serial(workspace: Workspace, again: Again) -> None:
    """One of them was held at the time of the backup and was released since."""
    operator = replace(workspace.owner, permissions=frozenset({"admin:*"}))
    above = workspace.zone("example.com")
    workspace.zone("open.example.com")
    child = workspace.zone("held.example.com")
    with workspace.store.writing():
        holds.insert(child.uuid, "a-token", HoldReason.ALWAYS, workspace.clock())
    serials: list[int] = []

    def change_store() -> None:
        workspace.editor.release_zone(operator, child.uuid)
        serials.append(stored(above).serial)

    again(change_store)
    assert [stored(above).serial] == serials


@pytest.mark.parametrize(
    "requested",
    [RecordInput("A", "www", "192.0.2.2"), RecordInput("A", "www", "192.0.2.1", comment="without a new serial")],
)
def test_no_revision_is_used_twice(workspace: Workspace, again: Again, requested: RecordInput) -> None:
    zone = workspace.zone()
    record = workspace.add(zone, "A", "www", "192.0.2.1")
    seen: list[tuple[int, int]] = []

    def revisions() -> tuple[int, int]:
        return stored(zone).revision, tables.Record.get(uuid=record.uuid).revision

    def change_store() -> None:
        workspace.editor.change_record(workspace.owner, record.uuid, lambda _zone, _before: requested)
        seen.append(revisions())

    again(change_store)
    assert all(now > then for now, then in zip(revisions(), seen[0], strict=True))


def test_a_zone_deleted_since_is_restored_with_a_later_serial(workspace: Workspace, again: Again) -> None:
    zone = workspace.zone()

    def change_store() -> None:
        workspace.add(zone, "A", "www", "192.0.2.1")
        workspace.editor.delete_zone(workspace.owner, zone.uuid)

    done = again(change_store)
    assert done.takeover.restored == ["example.com"]
    assert stored(zone).serial == zone.serial + 2


def test_a_zone_created_again_since_is_replaced_by_the_former_one(workspace: Workspace, again: Again) -> None:
    zone = workspace.zone()

    def change_store() -> None:
        workspace.editor.delete_zone(workspace.owner, zone.uuid)
        for number in range(3):
            workspace.add(workspace.zone() if not number else stored(zone), "A", f"h{number}", "192.0.2.1")

    again(change_store)
    assert (stored(zone).uuid, stored(zone).serial) == (zone.uuid, zone.serial + 5)


def test_a_zone_created_since_is_reported_and_not_deleted(workspace: Workspace, again: Again) -> None:
    done = again(lambda: workspace.zone("later.example"))
    assert done.takeover.not_in_backup == ["later.example"]
    assert [one.name for one in deployments.statuses()] == []


def test_a_deletion_in_the_backup_does_not_end_the_zone_that_has_the_name_now(
    workspace: Workspace, again: Again
) -> None:
    workspace.editor.delete_zone(workspace.owner, workspace.zone().uuid)
    done = again(workspace.zone)
    assert done.takeover.not_in_backup == ["example.com"]
    assert list(deployments.statuses()) == []


def test_deletions_and_their_serials_are_kept(workspace: Workspace, again: Again) -> None:
    gone: list[Zone] = []

    def change_store() -> None:
        zone = workspace.zone("brief.example")
        workspace.add(zone, "A", "www", "192.0.2.1")
        gone.append(workspace.editor.delete_zone(workspace.owner, zone.uuid))

    again(change_store)
    (standing,) = deployments.statuses()
    assert (standing.uuid, standing.deleted, standing.serial) == (gone[0].uuid, True, gone[0].serial)
    assert workspace.zone("brief.example").serial == gone[0].serial + 1


def test_a_deletion_of_a_lost_account_is_left_out(workspace: Workspace, again: Again) -> None:
    def change_store() -> None:
        newcomer = principal_of(accounts.create_account("new@example.org", workspace.clock()))
        zone = workspace.editor.create_zone(newcomer, "brief.example")
        workspace.editor.delete_zone(newcomer, zone.uuid)

    again(change_store)
    assert former_zones.past_serials(parse_domain("brief.example")) == []
    accounts.create_account("new@example.org", workspace.clock())


def test_revocations_are_kept(workspace: Workspace, again: Again) -> None:
    owner = accounts.find_account("owner@example.org")
    token, secret = accounts.create_token(owner, "old", ["dns:*"], workspace.clock())
    recovery_codes.replace_all(owner.uuid, ["used", "unused"], workspace.clock())

    def change_store() -> None:
        accounts.revoke_token(token.uuid, workspace.clock())
        accounts.disable_account("stranger@example.org", workspace.clock())
        credentials.set_password_hash(workspace.owner.account.uuid, "the newest", is_first=True)
        credentials.set_totp(workspace.owner.account.uuid, "the second factor")
        recovery_codes.use(workspace.owner.account.uuid, "used", workspace.clock())

    again(change_store)
    found = accounts.find_token(secret)
    assert found and found.revoked_at == workspace.clock()
    assert accounts.find_account("stranger@example.org").disabled_at == workspace.clock()
    known = credentials.get(workspace.owner.account.uuid)
    assert (known.password_hash, known.is_first, known.totp_secret) == ("the newest", True, "the second factor")
    valid = [code for code in ("used", "unused") if recovery_codes.use(owner.uuid, code, workspace.clock())]
    assert valid == ["unused"]


def test_sessions_and_invitations_are_deleted(workspace: Workspace, again: Again) -> None:
    owner = accounts.find_account("owner@example.org")
    sessions.begin(owner, "a cookie", workspace.clock(), "192.0.2.1", "a browser")
    invitations.add("guest@example.org", "a link", owner.email, workspace.clock(), is_admin=False)
    again(lambda: sessions.end_all(owner.uuid, workspace.clock()))
    assert workspace.rows()["session"] == workspace.rows()["invitation"] == []


def test_former_observations_are_deleted(workspace: Workspace, again: Again) -> None:
    zone = workspace.zone()
    store_live(zone.uuid, zone.serial, workspace.clock())
    store_proof(zone.uuid, zone.serial)
    unknown_zones.store([("label", zone.name)], workspace.clock())
    unknown_zones.allow_removals(workspace.clock())
    again(lambda: None)
    (standing,) = deployments.statuses()
    assert (standing.attempted, standing.live_serial, standing.proven) == (None, None, None)
    assert workspace.rows()["observation"] == workspace.rows()["heartbeat"] == workspace.rows()["unknown_zone"] == []
    assert workspace.rows()["update_listener"] == []


@pytest.mark.parametrize("damage", ["missing", "damaged", "emptied"])
def test_serials_are_raised_if_the_replaced_store_is_unreadable(
    workspace: Workspace, again: Again, damage: str
) -> None:
    """The new serial is later than any that a day of changes since the backup could have given."""
    zone = workspace.zone()
    path = workspace.store.path

    def change_store() -> None:
        for number in range(9):
            workspace.add(zone, "A", f"h{number}", "192.0.2.1")
        current_database().close()
        if damage == "missing":
            path.unlink()
        else:
            path.write_bytes(b"\xa5" * 8192 if damage == "damaged" else b"")

    done = again(change_store)
    assert stored(zone).serial == next_serial(zone.serial, date(2031, 5, 5))
    assert is_later(stored(zone).serial, zone.serial + 9)
    assert (done.kept is None, done.unread is None) == (damage == "missing", damage == "missing")


def test_the_former_store_is_kept_with_its_rows_and_mode(workspace: Workspace, again: Again) -> None:
    path = workspace.store.path
    path.chmod(0o640)
    done = again(lambda: workspace.zone("later.example"))
    assert done.kept
    with closing(sqlite.connect(done.kept)) as reader:
        assert reader.execute("select name from zone").fetchall() == [("later.example",)]
    assert path.stat().st_mode & 0o777 == 0o640
    others = {file.name for file in path.parent.iterdir()} - {path.name, done.kept.name, "backup.sqlite3"}
    assert all(name.endswith((".lock", "-wal", "-shm")) for name in others)


def test_a_restore_of_the_replaced_store_raises_serials_again(
    workspace: Workspace, again: Again, tmp_path: Path
) -> None:
    """The second restore reverts the first, and both raise the serials."""
    zone = workspace.zone()
    done = again(lambda: workspace.add(zone, "A", "www", "192.0.2.1"))
    first = stored(zone).serial
    assert done.kept
    current_database().close()
    restore(done.kept, workspace.store.path, host_keys(tmp_path), lambda: workspace.clock().replace(hour=13))
    store = Store(workspace.store.path)
    store.attach()
    with store.connection():
        back = zones.find(Scope(None), zones.Page())[0]
        assert [(one.serial, one.record_count) for one in back] == [(first + 1, 1)]


def test_a_zone_that_was_released_since_the_backup_stays_released(workspace: Workspace, again: Again) -> None:
    workspace.editor = replace(workspace.editor, proof=Proof.ALWAYS)
    released, held = workspace.zone("released.example"), workspace.zone("held.example")
    operator = replace(workspace.owner, permissions=frozenset({"admin:*"}))
    again(lambda: workspace.editor.release_zone(operator, released.uuid))
    assert list(holds.of_zones([released.uuid, held.uuid])) == [held.uuid]
