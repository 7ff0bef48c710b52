"""The journal: in the order of the commits, whole, and enough to tell which zones changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from appliance.store import journal
from tests.desk import Desk


def test_an_empty_journal(desk: Desk) -> None:
    assert journal.last() == 0 and journal.zones_since(0) == (set(), 0)


def test_rows_stand_in_the_order_of_the_commits(desk: Desk) -> None:
    first, second = desk.zone("a.org"), desk.zone("b.org")
    place = journal.last()
    assert journal.zones_since(0) == ({first.uuid, second.uuid}, place)
    desk.clock.forward(hours=-5)
    desk.add(second, "A", "www", "192.0.2.1")
    assert journal.zones_since(place) == ({second.uuid}, place + 1)
    desk.editor.delete_zone(desk.owner, first.uuid)
    assert journal.zones_since(place) == ({first.uuid, second.uuid}, place + 2)
    assert journal.zones_since(place + 2) == (set(), place + 2)
    assert [kind for kind, _ in desk.journal()] == ["zone.create", "zone.create", "records", "zone.delete"]


def test_a_row_tells_who_from_where_and_what(desk: Desk) -> None:
    zone = desk.zone()
    desk.add(zone, "MX", "dev", "mail.example.org", priority=10)
    row = desk.rows()["change"][-1]
    assert row[5] == desk.owner.account.hex and row[6:8] == ("owner@example.org", "192.0.2.7")
    removed, added = (json.loads(str(text)) for text in row[10:])
    assert removed == [] and len(added) == 1
    kept = {key: added[0][key] for key in ("name", "record_type", "ttl", "value", "priority", "comment")}
    assert kept == {
        "name": "dev",
        "record_type": "MX",
        "ttl": 3600,
        "value": "mail.example.org",
        "priority": 10,
        "comment": "",
    }


def test_changes_are_counted_by_the_hour(desk: Desk) -> None:
    desk.clock.now = datetime(2031, 5, 4, 12, 30, tzinfo=UTC)
    assert journal.count_by_hour(desk.clock(), 3) == [0, 0, 0]
    zone = desk.zone()
    desk.clock.forward(minutes=29)
    desk.add(zone, "A", "www", "192.0.2.1")
    desk.clock.forward(minutes=1)
    desk.add(zone, "A", "www", "192.0.2.2")
    assert journal.count_by_hour(desk.clock(), 3) == [0, 2, 1]
    desk.clock.forward(hours=2)
    assert journal.count_by_hour(desk.clock(), 2) == [0, 0]
    assert journal.count_by_hour(desk.clock(), 5) == [0, 2, 1, 0, 0]
