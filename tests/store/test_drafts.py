"""Drafts: one for each account and zone, in order, deleted when it is empty."""

from __future__ import annotations

from appliance.store import drafts
from tests.workspace import Workspace


def test_a_draft_is_of_one_account_and_one_zone(workspace: Workspace) -> None:
    zone, other = workspace.zone(), workspace.zone("example.net")
    mine, theirs = workspace.owner.account.uuid, workspace.stranger.account.uuid
    changes: list[dict[str, object]] = [
        {"action": "delete", "uuid": "b"},
        {"action": "create", "value": "é", "ttl": None},
    ]
    with workspace.store.writing():
        drafts.put(zone, mine, changes, workspace.clock())
    assert drafts.of(zone, mine) == changes
    assert not drafts.of(other, mine) and not drafts.of(zone, theirs)
    with workspace.store.writing():
        drafts.put(zone, mine, changes[:1], workspace.clock())
        drafts.put(zone, theirs, [], workspace.clock())
    assert drafts.of(zone, mine) == changes[:1]
    with workspace.store.writing():
        drafts.put(zone, mine, [], workspace.clock())
    assert not drafts.of(zone, mine) and workspace.rows()["draft"] == []
