"""What is purged and what stays, in transactions of a bounded size, and never by a clock that was set."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest

from appliance.deploy.maintenance import MOST_AT_ONCE, Maintenance, maintained
from appliance.store import accounts, deployments, drafts, invitations, sessions
from appliance.store.file import sqlite
from tests.desk import Desk
from tests.pair import wait_for

DAY = timedelta(days=1)


@pytest.fixture
def hour(desk: Desk) -> Callable[[], None]:
    """Lets an hour pass on both clocks, and purges."""
    maintenance = Maintenance(desk.store, desk.clock, lambda: desk.clock().timestamp())
    maintenance.purge()

    def pass_an_hour() -> None:
        desk.clock.forward(hours=1)
        maintenance.purge()

    return pass_an_hour


def records(desk: Desk) -> list[str]:
    with closing(sqlite.connect(desk.store.path)) as reader:
        rows = reader.execute("select zone.name from record join zone on zone.id = record.zone_id order by 1")
        return [name for (name,) in rows]


def test_contents_of_deleted_zones_go_after_30_days(desk: Desk, hour: Callable[[], None]) -> None:
    lives, recent, gone = (desk.zone(domain) for domain in ("lives.org", "recent.org", "gone.org"))
    for zone in (lives, recent, gone):
        desk.add(zone, "A", "www", "192.0.2.1")
    desk.editor.delete_zone(desk.owner, gone.uuid)
    desk.clock.forward(days=29, hours=22)
    desk.editor.delete_zone(desk.owner, recent.uuid)
    hour()
    assert records(desk) == ["gone.org", "lives.org", "recent.org"]
    journal = desk.rows()["change"]
    hour()
    hour()
    assert records(desk) == ["lives.org", "recent.org"]
    (standing,) = deployments.statuses([gone.uuid])
    assert standing.serial > gone.serial and standing.deleted
    assert desk.rows()["change"] == journal


def test_sessions_invitations_and_drafts_go_when_they_are_over(desk: Desk, hour: Callable[[], None]) -> None:
    zone, account = desk.zone(), desk.owner.account.uuid
    known = next(one for one in accounts.list_accounts() if one.uuid == account)
    with desk.store.writing():
        for secret in ("ended", "expired"):
            sessions.begin(known, secret, desk.clock(), "192.0.2.1", "a browser")
        sessions.end(sessions.of_account(account, desk.clock())[0].uuid, desk.clock())
        invitations.add("a@example.org", "one", "me", desk.clock(), is_admin=False)
        drafts.put(zone, account, [{"action": "delete"}], desk.clock())

    def left() -> tuple[int, int, int]:
        rows = desk.rows()
        return len(rows["session"]), len(rows["invitation"]), len(rows["draft"])

    for days, expected in ((29, (2, 1, 1)), (2, (2, 1, 0)), (7, (2, 0, 0)), (51, (2, 0, 0)), (2, (0, 0, 0))):
        desk.clock.forward(days=days)
        hour()
        hour()
        assert left() == expected


def test_a_session_that_is_not_over_stays(desk: Desk, hour: Callable[[], None]) -> None:
    known = next(one for one in accounts.list_accounts() if one.uuid == desk.owner.account.uuid)
    desk.clock.forward(days=100)
    with desk.store.writing():
        sessions.begin(known, "living", desk.clock(), "192.0.2.1", "a browser")
    hour()
    assert sessions.find("living", desk.clock())


def test_each_transaction_is_small(desk: Desk, hour: Callable[[], None], caplog: pytest.LogCaptureFixture) -> None:
    zone, count = desk.zone(), 3 * MOST_AT_ONCE + 1
    with closing(sqlite.connect(desk.store.path)) as writer, writer:
        writer.executemany(
            "insert into record (uuid, zone_id, owner, owner_key, rdtype, ttl, wire, value, line, comment, revision,"
            " created_at, updated_at) select ?, id, '', ?, 'A', 60, '', '', '', '', 1, 0, 0 from zone",
            [(f"uuid{number}", f"owner{number}") for number in range(count)],
        )
    desk.editor.delete_zone(desk.owner, zone.uuid)
    desk.clock.forward(days=31)
    with caplog.at_level(logging.DEBUG, "peewee"):
        hour()
    statements = [record.args or record.msg for record in caplog.records if record.name == "peewee"]
    deletes = [one for one in map(str, statements) if 'DELETE FROM "record"' in one]
    assert not records(desk) and len(deletes) == 4
    assert len(statements) <= 3 * (4 + 3) + 2
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "peewee"):
        hour()
    assert len([record for record in caplog.records if record.name == "peewee"]) <= 3 * 4 + 2


@pytest.mark.parametrize("step", [365 * DAY, -365 * DAY])
def test_a_clock_that_was_set_deletes_nothing(desk: Desk, step: timedelta) -> None:
    zone = desk.zone("kept.org")
    desk.add(zone, "A", "www", "192.0.2.1")
    desk.editor.delete_zone(desk.owner, zone.uuid)
    seconds = 0.0
    maintenance = Maintenance(desk.store, desk.clock, lambda: seconds)
    for moved in (timedelta(hours=1), step, timedelta(hours=1) - step):
        maintenance.purge()
        assert records(desk) == ["kept.org"]
        desk.clock.now += moved
        seconds += 3600
    maintenance.purge()
    assert records(desk) == ["kept.org"]


def test_it_runs_in_a_thread_that_ends_with_the_block(desk: Desk) -> None:
    looked: list[float] = []

    def monotonic() -> float:
        looked.append(0.0)
        return 0.0

    with maintained(Maintenance(desk.store, desk.clock, monotonic)):
        wait_for(lambda: looked, "the first run")
