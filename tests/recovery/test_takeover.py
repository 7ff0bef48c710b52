"""A restored store beside the one that it replaces: no serial goes down, no content keeps the serial of another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from appliance.editing import RecordInput
from appliance.principal import Scope
from appliance.recovery.backup import back_up
from appliance.recovery.restore import Restored, restore
from appliance.store import accounts, credentials, deployments, invitations, sessions, tables, unknown_zones, zones
from appliance.store.file import sqlite
from appliance.store.file.database import Store
from appliance.zones.model import Zone
from appliance.zones.names import parse_domain
from appliance.zones.serial import is_later, next_serial
from tests.desk import Desk, caller_of


@pytest.fixture
def again(desk: Desk, tmp_path: Path) -> Iterator[Callable[[Callable[[], object]], Restored]]:
    """Back up, let something happen, restore; the desk then works on the restored store."""
    connections = ExitStack()

    def back_and_forth(happening: Callable[[], object]) -> Restored:
        file = tmp_path / "backup.sqlite3"
        back_up(desk.store.path, file, overwrite=True)
        happening()
        desk.store._db.close()
        done = restore(file, desk.store.path, desk.clock)
        desk.store = Store(desk.store.path, busy_timeout=1, durable=False)
        desk.store.attach()
        desk.editor = replace(desk.editor, store=desk.store, announce=lambda: None)
        connections.enter_context(desk.store.connection())
        return done

    with connections:
        yield back_and_forth


Again = Callable[[Callable[[], object]], Restored]


def stored(zone: Zone) -> Zone:
    found = zones.get_by_name(zone.name)
    assert found
    return found


def test_what_did_not_change_keeps_its_serial(desk: Desk, again: Again) -> None:
    zone = desk.zone()
    desk.add(zone, "A", "www", "192.0.2.1")
    before = stored(zone)
    done = again(lambda: None)
    assert stored(zone) == before
    assert (done.taken.zones, done.taken.lifted, done.unread) == (1, [], None)


def test_what_changed_goes_on_from_the_later_serial(desk: Desk, again: Again) -> None:
    zone = desk.zone()

    def happening() -> None:
        for number in range(5):
            desk.add(zone, "A", f"h{number}", "192.0.2.1")

    done = again(happening)
    assert stored(zone).serial == zone.serial + 6
    assert stored(zone).revision > zone.revision + 5
    assert done.taken.lifted == ["example.com"]


def test_content_that_came_back_by_itself_needs_the_later_serial_only(desk: Desk, again: Again) -> None:
    zone = desk.zone()
    again(lambda: desk.editor.delete_record(desk.owner, desk.add(zone, "A", "www", "192.0.2.1").uuid))
    assert stored(zone).serial == zone.serial + 2


@pytest.mark.parametrize(
    "wanted",
    [RecordInput("A", "www", "192.0.2.2"), RecordInput("A", "www", "192.0.2.1", comment="without a new serial")],
)
def test_no_revision_comes_back(desk: Desk, again: Again, wanted: RecordInput) -> None:
    zone = desk.zone()
    record = desk.add(zone, "A", "www", "192.0.2.1")
    seen: list[tuple[int, int]] = []

    def revisions() -> tuple[int, int]:
        return stored(zone).revision, tables.Record.get(uuid=record.uuid).revision

    def happening() -> None:
        desk.editor.change_record(desk.owner, record.uuid, lambda _zone, _before: wanted)
        seen.append(revisions())

    again(happening)
    assert all(now > then for now, then in zip(revisions(), seen[0], strict=True))


def test_a_zone_deleted_since_lives_again_with_a_later_serial(desk: Desk, again: Again) -> None:
    zone = desk.zone()

    def happening() -> None:
        desk.add(zone, "A", "www", "192.0.2.1")
        desk.editor.delete_zone(desk.owner, zone.uuid)

    done = again(happening)
    assert done.taken.revived == ["example.com"]
    assert stored(zone).serial == zone.serial + 2


def test_a_zone_made_anew_since_is_followed_by_the_former(desk: Desk, again: Again) -> None:
    zone = desk.zone()

    def happening() -> None:
        desk.editor.delete_zone(desk.owner, zone.uuid)
        for number in range(3):
            desk.add(desk.zone() if not number else stored(zone), "A", f"h{number}", "192.0.2.1")

    again(happening)
    assert (stored(zone).uuid, stored(zone).serial) == (zone.uuid, zone.serial + 5)


def test_a_zone_made_since_is_told_and_not_deleted(desk: Desk, again: Again) -> None:
    done = again(lambda: desk.zone("later.example"))
    assert done.taken.unknown == ["later.example"]
    assert [one.name for one in deployments.statuses()] == []


def test_a_deletion_in_the_backup_does_not_end_the_zone_that_has_the_name_now(desk: Desk, again: Again) -> None:
    desk.editor.delete_zone(desk.owner, desk.zone().uuid)
    done = again(desk.zone)
    assert done.taken.unknown == ["example.com"]
    assert list(deployments.statuses()) == []


def test_deletions_and_their_serials_are_kept(desk: Desk, again: Again) -> None:
    gone: list[Zone] = []

    def happening() -> None:
        zone = desk.zone("brief.example")
        desk.add(zone, "A", "www", "192.0.2.1")
        gone.append(desk.editor.delete_zone(desk.owner, zone.uuid))

    again(happening)
    (standing,) = deployments.statuses()
    assert (standing.uuid, standing.deleted, standing.serial) == (gone[0].uuid, True, gone[0].serial)
    assert desk.zone("brief.example").serial == gone[0].serial + 1


def test_a_deletion_of_a_lost_account_is_left_out(desk: Desk, again: Again) -> None:
    def happening() -> None:
        newcomer = caller_of(accounts.create_account("new@example.org", desk.clock()))
        zone = desk.editor.create_zone(newcomer, "brief.example")
        desk.editor.delete_zone(newcomer, zone.uuid)

    again(happening)
    assert zones.past_serials(parse_domain("brief.example")) == []
    accounts.create_account("new@example.org", desk.clock())


def test_what_was_taken_away_stays_so(desk: Desk, again: Again) -> None:
    owner = accounts.find_account("owner@example.org")
    token, secret = accounts.create_token(owner, "old", ["dns:*"], desk.clock())

    def happening() -> None:
        accounts.revoke_token(token.uuid, desk.clock())
        accounts.disable_account("stranger@example.org", desk.clock())
        credentials.set_password_hash(desk.owner.account.uuid, "the newest")
        credentials.set_totp(desk.owner.account.uuid, "the second factor")

    again(happening)
    found = accounts.find_token(secret)
    assert found and found.revoked_at == desk.clock()
    assert accounts.find_account("stranger@example.org").disabled_at == desk.clock()
    known = credentials.get(desk.owner.account.uuid)
    assert (known.password_hash, known.totp_secret) == ("the newest", "the second factor")


def test_nobody_is_signed_in_or_invited_any_more(desk: Desk, again: Again) -> None:
    owner = accounts.find_account("owner@example.org")
    sessions.begin(owner, "a cookie", desk.clock(), "192.0.2.1", "a browser")
    invitations.add("guest@example.org", "a link", owner.email, desk.clock(), is_admin=False)
    again(lambda: sessions.end_all(owner.uuid, desk.clock()))
    assert desk.rows()["session"] == desk.rows()["invitation"] == []


def test_former_answers_are_no_evidence(desk: Desk, again: Again) -> None:
    zone = desk.zone()
    deployments.store_live(zone.uuid, zone.serial, desk.clock())
    unknown_zones.note([("label", zone.name)], desk.clock())
    unknown_zones.allow_removals(desk.clock())
    again(lambda: None)
    (standing,) = deployments.statuses()
    assert (standing.attempted, standing.live_serial) == (None, None)
    assert desk.rows()["outcome"] == desk.rows()["turn"] == desk.rows()["stray"] == []


@pytest.mark.parametrize("fate", ["missing", "damaged", "emptied"])
def test_a_store_that_tells_nothing_is_leapt_over(desk: Desk, again: Again, fate: str) -> None:
    """A day's changes since the backup cannot have led to the serial that the restored zone has now."""
    zone = desk.zone()
    path = desk.store.path

    def happening() -> None:
        for number in range(9):
            desk.add(zone, "A", f"h{number}", "192.0.2.1")
        desk.store._db.close()
        if fate == "missing":
            path.unlink()
        else:
            path.write_bytes(b"\xa5" * 8192 if fate == "damaged" else b"")

    done = again(happening)
    assert stored(zone).serial == next_serial(zone.serial, date(2031, 5, 5))
    assert is_later(stored(zone).serial, zone.serial + 9)
    assert (done.kept is None, done.unread is None) == (fate == "missing", fate == "missing")


def test_the_former_store_is_kept_with_its_rows_and_mode(desk: Desk, again: Again) -> None:
    path = desk.store.path
    path.chmod(0o640)
    done = again(lambda: desk.zone("later.example"))
    assert done.kept
    with closing(sqlite.connect(done.kept)) as reader:
        assert reader.execute("select name from zone").fetchall() == [("later.example",)]
    assert path.stat().st_mode & 0o777 == 0o640
    others = {file.name for file in path.parent.iterdir()} - {path.name, done.kept.name, "backup.sqlite3"}
    assert all(name.endswith((".lock", "-wal", "-shm")) for name in others)


def test_a_restore_of_the_kept_store_goes_on_upwards(desk: Desk, again: Again) -> None:
    """There and back: the second restore undoes the first, and serials rise through both."""
    zone = desk.zone()
    done = again(lambda: desk.add(zone, "A", "www", "192.0.2.1"))
    first = stored(zone).serial
    assert done.kept
    desk.store._db.close()
    restore(done.kept, desk.store.path, lambda: desk.clock().replace(hour=13))
    store = Store(desk.store.path)
    store.attach()
    with store.connection():
        back = zones.find(Scope(None), zones.Page())[0]
        assert [(one.serial, one.record_count) for one in back] == [(first + 1, 1)]
