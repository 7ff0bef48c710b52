"""The first responses: one for each key, and none without its transaction."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from appliance.errors import IdempotencyConflict
from appliance.store import idempotency
from appliance.store.idempotency import Repeated, RequestKey, StoredResponse
from appliance.store.retention import purge_idempotency
from tests.workspace import Workspace

KEY = RequestKey(UUID(int=1), "/api/v1/dns-zones/", "k", "digest")
RESPONSE = StoredResponse(201, {"Location": "/x"}, '{"domain": "bücher.example"}')


def test_the_first_response_counts(workspace: Workspace) -> None:
    now = workspace.clock()
    assert idempotency.find(KEY, now) is None
    with workspace.store.writing():
        idempotency.insert(KEY, RESPONSE, now)
    assert idempotency.find(KEY, now) == RESPONSE
    with pytest.raises(IdempotencyConflict):
        idempotency.find(replace(KEY, digest="other"), now)
    for other in (replace(KEY, token=UUID(int=2)), replace(KEY, path="/"), replace(KEY, key="K")):
        assert idempotency.find(other, now) is None


def test_a_second_request_at_the_same_time_is_rolled_back(workspace: Workspace) -> None:
    now, zone = workspace.clock(), workspace.zone()
    with workspace.store.writing():
        idempotency.insert(KEY, RESPONSE, now)
    before = workspace.rows()
    with pytest.raises(Repeated):
        workspace.editor.change_many(
            workspace.owner, zone.uuid, [], alongside=lambda _: idempotency.insert(KEY, RESPONSE, now)
        )
    assert workspace.rows() == before


def test_old_responses_are_purged_in_small_steps(workspace: Workspace) -> None:
    for number in range(3):
        with workspace.store.writing():
            idempotency.insert(replace(KEY, key=str(number)), RESPONSE, workspace.clock())
    workspace.clock.forward(hours=24)
    with workspace.store.writing():
        idempotency.insert(KEY, RESPONSE, workspace.clock())
        assert [purge_idempotency(workspace.clock(), 2).rows for _ in range(3)] == [2, 1, 0]
    assert idempotency.find(KEY, workspace.clock()) == RESPONSE
