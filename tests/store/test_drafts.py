"""Drafts: one of each account and zone, kept in its order, gone when nothing is left of it."""

from __future__ import annotations

from appliance.store import drafts
from tests.desk import Desk


def test_a_draft_is_of_one_account_and_one_zone(desk: Desk) -> None:
    zone, other = desk.zone(), desk.zone("example.net")
    mine, theirs = desk.owner.account.uuid, desk.stranger.account.uuid
    changes: list[dict[str, object]] = [
        {"action": "delete", "uuid": "b"},
        {"action": "create", "value": "é", "ttl": None},
    ]
    with desk.store.writing():
        drafts.put(zone, mine, changes, desk.clock())
    assert drafts.of(zone, mine) == changes
    assert not drafts.of(other, mine) and not drafts.of(zone, theirs)
    with desk.store.writing():
        drafts.put(zone, mine, changes[:1], desk.clock())
        drafts.put(zone, theirs, [], desk.clock())
    assert drafts.of(zone, mine) == changes[:1]
    with desk.store.writing():
        drafts.put(zone, mine, [], desk.clock())
    assert not drafts.of(zone, mine) and desk.rows()["draft"] == []
