"""What is purged and what stays, in small transactions, and never after the clock was set."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from appliance.deploy.background import running
from appliance.deploy.due_changes import DueChanges
from appliance.deploy.maintenance import MOST_AT_ONCE, Maintenance
from appliance.editing import CreateRecord, RecordInput, with_fields
from appliance.errors import PublishFailed
from appliance.principal import Scope
from appliance.store import accounts, audit, deployments, drafts, invitations, sessions
from appliance.store.file import sqlite
from appliance.store.retention import purges
from appliance.store.zones import Page
from tests.pair import wait_for
from tests.workspace import Workspace, current_database

DAY = timedelta(days=1)


@pytest.fixture
def hour(workspace: Workspace) -> Callable[[], None]:
    """Lets an hour pass on both clocks, and purges."""
    maintenance = Maintenance(workspace.store, workspace.clock, lambda: workspace.clock().timestamp())
    maintenance.purge()

    def pass_an_hour() -> None:
        workspace.clock.forward(hours=1)
        maintenance.purge()

    return pass_an_hour


def records(workspace: Workspace) -> list[str]:
    with closing(sqlite.connect(workspace.store.path)) as reader:
        rows = reader.execute("select zone.name from record join zone on zone.id = record.zone_id order by 1")
        return [name for (name,) in rows]


def test_contents_of_deleted_zones_go_after_30_days(workspace: Workspace, hour: Callable[[], None]) -> None:
    lives, recent, gone = (workspace.zone(domain) for domain in ("lives.org", "recent.org", "gone.org"))
    for zone in (lives, recent, gone):
        workspace.add(zone, "A", "www", "192.0.2.1")
    workspace.editor.delete_zone(workspace.owner, gone.uuid)
    workspace.clock.forward(days=29, hours=22)
    workspace.editor.delete_zone(workspace.owner, recent.uuid)
    hour()
    assert records(workspace) == ["gone.org", "lives.org", "recent.org"]
    journal = workspace.rows()["change"]
    hour()
    hour()
    assert records(workspace) == ["lives.org", "recent.org"]
    (status,) = deployments.statuses([gone.uuid])
    assert status.serial > gone.serial and status.deleted
    assert workspace.rows()["change"] == journal


def test_sessions_invitations_and_drafts_go_when_they_are_over(workspace: Workspace, hour: Callable[[], None]) -> None:
    zone, account = workspace.zone(), workspace.owner.account.uuid
    known = next(one for one in accounts.list_accounts() if one.uuid == account)
    with workspace.store.writing():
        for secret in ("ended", "expired"):
            sessions.begin(known, secret, workspace.clock(), "192.0.2.1", "a browser")
        sessions.end(sessions.of_account(account, workspace.clock())[0].uuid, workspace.clock())
        invitations.add("a@example.org", "one", "me", workspace.clock(), is_admin=False)
        drafts.put(zone, account, [{"action": "delete"}], workspace.clock())

    def left() -> tuple[int, int, int]:
        rows = workspace.rows()
        return len(rows["session"]), len(rows["invitation"]), len(rows["draft"])

    for days, expected in ((29, (2, 1, 1)), (2, (2, 1, 0)), (7, (2, 0, 0)), (51, (2, 0, 0)), (2, (0, 0, 0))):
        workspace.clock.forward(days=days)
        hour()
        hour()
        assert left() == expected


def test_decided_changes_go_and_pending_ones_stay(workspace: Workspace, hour: Callable[[], None]) -> None:
    due = DueChanges(workspace.store, workspace.editor, workspace.clock)
    decided, pending, gone = (workspace.zone(domain) for domain in ("decided.org", "pending.org", "gone.org"))
    for zone in (decided, pending, gone):
        requests = [CreateRecord(RecordInput("A", "www", "192.0.2.1"))]
        workspace.editor.change_many(workspace.owner, zone.uuid, requests, confirm_within=timedelta(minutes=1))
    for zone in (pending, gone):
        workspace.editor.delete_zone(workspace.owner, zone.uuid)
    workspace.clock.forward(minutes=1)
    due.step()

    def left() -> int:
        return len(workspace.rows()["pending_change"])

    for days, expected in ((29, 3), (1, 1)):
        workspace.clock.forward(days=days)
        if expected == 3:
            workspace.editor.undelete_zone(workspace.owner, pending.uuid)
        hour()
        hour()
        assert left() == expected
    due.step()
    assert records(workspace) == [], "reverted once it exists again"
    workspace.clock.forward(days=30)
    hour()
    assert left() == 0


def test_a_session_that_is_not_over_stays(workspace: Workspace, hour: Callable[[], None]) -> None:
    known = next(one for one in accounts.list_accounts() if one.uuid == workspace.owner.account.uuid)
    workspace.clock.forward(days=100)
    with workspace.store.writing():
        sessions.begin(known, "living", workspace.clock(), "192.0.2.1", "a browser")
    hour()
    assert sessions.find("living", workspace.clock())


def test_each_transaction_is_small(
    workspace: Workspace, hour: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    zone, count = workspace.zone(), 3 * MOST_AT_ONCE + 1
    with closing(sqlite.connect(workspace.store.path)) as writer, writer:
        writer.executemany(
            "insert into record (uuid, zone_id, owner, owner_key, rdtype, ttl, wire, value, line, comment, revision,"
            " created_at, updated_at) select ?, id, '', ?, 'A', 60, '', '', '', '', 1, 0, 0 from zone",
            [(f"uuid{number}", f"owner{number}") for number in range(count)],
        )
    workspace.editor.delete_zone(workspace.owner, zone.uuid)
    workspace.clock.forward(days=31)
    with caplog.at_level(logging.DEBUG, "peewee"):
        hour()
    statements = [record.args or record.msg for record in caplog.records if record.name == "peewee"]
    deletes = [one for one in map(str, statements) if 'DELETE FROM "record"' in one]
    assert not records(workspace) and len(deletes) == 4
    assert len(statements) <= 3 * (4 + 3) + 2
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "peewee"):
        hour()
    assert len([record for record in caplog.records if record.name == "peewee"]) <= 3 * 4 + 2


def test_the_journal_keeps_who_and_when_and_how_many(workspace: Workspace) -> None:
    keep = purges(730 * DAY)
    maintenance = Maintenance(workspace.store, workspace.clock, lambda: workspace.clock().timestamp(), keep)
    maintenance.purge()
    zone = workspace.zone("example.org")
    first = workspace.add(zone, "A", "www", "192.0.2.1")
    workspace.editor.change_record(
        workspace.owner, first.uuid, lambda zone, record: with_fields(record, zone, {"ttl": 60})
    )
    workspace.editor.delete_record(workspace.owner, first.uuid)
    workspace.clock.forward(days=729)
    workspace.add(zone, "TXT", "new", "recent")
    maintenance.purge()
    before, entries = workspace.rows()["change"], audit.find(Scope(None), Page())
    workspace.clock.forward(days=1)
    maintenance.purge()
    assert workspace.rows()["change"] == before, "the last hours before the limit"
    workspace.clock.forward(hours=1)
    maintenance.purge()
    after = workspace.rows()["change"]
    assert audit.find(Scope(None), Page()) == entries
    emptied = [row for row in after if row["content_removed_at"] is not None]
    counts = [(row["kind"], row["added_count"], row["changed_count"], row["removed_count"]) for row in emptied]
    assert counts == [("zone.create", 0, 0, 0), ("records", 1, 0, 0), ("records", 1, 1, 1), ("records", 0, 0, 1)]
    assert {(row["removed"], row["added"], row["settings"]) for row in emptied} == {("[]", "[]", None)}
    assert after[4:] == before[4:] and after[4]["content_removed_at"] is None
    kept = ("uuid", "zone_id", "kind", "serial", "account", "actor", "address", "comment", "created_at", "format")
    assert [[row[name] for name in kept] for row in after] == [[row[name] for name in kept] for row in before]
    maintenance.purge()
    assert workspace.rows()["change"] == after


COPY_CHANGES = """
insert into change (
    uuid, zone_id, kind, serial, account, actor, address, comment, created_at, format, removed, added
)
select
    change.uuid || '-' || value, zone_id, kind, serial, account, actor, address, comment, created_at, format, removed,
    added
from change, json_each('[1, 2, 3, 4, 5]') where change.kind = 'records'
"""


def test_the_journal_is_purged_in_small_steps(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    zone, count = workspace.zone("example.org"), 2000
    workspace.add(zone, "A", "www", "192.0.2.1")
    lists = [
        json.dumps([{"uuid": number, "value": "x" * 500} for number in range(first, first + count)])
        for first in (0, 10)
    ]
    with closing(sqlite.connect(workspace.store.path)) as writer, writer:
        writer.execute("update change set removed = ?, added = ? where kind = 'records'", lists)
        writer.execute(COPY_CHANGES)
        writer.execute("update change set added_count = null, changed_count = null, removed_count = null")  # older rows
    workspace.clock.forward(days=731)
    keep = purges(730 * DAY)
    maintenance = Maintenance(workspace.store, workspace.clock, lambda: workspace.clock().timestamp(), keep)
    maintenance.purge()
    steps = itertools.count()
    with workspace.store.connection(), caplog.at_level(logging.DEBUG, "peewee"):
        current_database().connection().set_progress_handler(lambda: next(steps) < 0, 1000)
        maintenance.purge()
    statements = [str(record.args or record.msg) for record in caplog.records]
    rows = [row for row in workspace.rows()["change"] if row["kind"] == "records"]
    assert [(row["added_count"], row["changed_count"], row["removed_count"]) for row in rows] == [
        (2000, 1990, 2000)
    ] * 6
    assert len([one for one in statements if 'UPDATE "change"' in one]) == 3, "three pairs of 4 MB"
    assert 10 < next(steps) < 6 * 2 * count * 100 / 1000, "steps of SQLite: linear in the number of records"


def test_the_numbers_of_records_are_stored_with_the_change(workspace: Workspace) -> None:
    zone = workspace.zone("example.org")
    first = workspace.add(zone, "A", "www", "192.0.2.1")
    workspace.editor.change_record(
        workspace.owner, first.uuid, lambda zone, record: with_fields(record, zone, {"ttl": 60})
    )
    workspace.editor.delete_record(workspace.owner, first.uuid)
    counts = [(row["added_count"], row["changed_count"], row["removed_count"]) for row in workspace.rows()["change"]]
    assert counts == [(0, 0, 0), (1, 0, 0), (1, 1, 1), (0, 0, 1)]


def test_the_journal_may_be_kept_for_ever() -> None:
    assert "journal" not in purges(timedelta(0)) and "journal" in purges(DAY)


@pytest.mark.parametrize("step", [365 * DAY, -365 * DAY])
def test_a_clock_that_was_set_deletes_nothing(workspace: Workspace, step: timedelta) -> None:
    zone = workspace.zone("kept.org")
    workspace.add(zone, "A", "www", "192.0.2.1")
    workspace.editor.delete_zone(workspace.owner, zone.uuid)
    seconds, start, files_purged = 0.0, workspace.clock(), list[datetime]()
    maintenance = Maintenance(workspace.store, workspace.clock, lambda: seconds, purge_files=files_purged.append)
    for moved in (timedelta(hours=1), step, timedelta(hours=1) - step):
        maintenance.purge()
        assert records(workspace) == ["kept.org"]
        workspace.clock.now += moved
        seconds += 3600
    maintenance.purge()
    assert records(workspace) == ["kept.org"]
    assert files_purged == [start + timedelta(hours=1)], "before the clock was set"


def test_files_that_cannot_be_removed_are_tried_again(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    def purge_files(_: datetime) -> None:
        raise PublishFailed("remove: Input/output error")

    maintenance = Maintenance(
        workspace.store, workspace.clock, lambda: workspace.clock().timestamp(), purge_files=purge_files
    )
    for _ in range(3):
        maintenance.step()
        workspace.clock.forward(hours=1)
    assert caplog.messages == ["event=files-not-removed reason='remove: Input/output error'"] * 2


def test_it_runs_in_a_thread_that_ends_with_the_block(workspace: Workspace) -> None:
    looked: list[float] = []

    def monotonic() -> float:
        looked.append(0.0)
        return 0.0

    with running(Maintenance(workspace.store, workspace.clock, monotonic)):
        wait_for(lambda: looked, "the first run")
