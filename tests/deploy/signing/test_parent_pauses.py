"""When the parent of a signed zone is checked: often while something is awaited, daily once it is secured."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.deploy.signing.parent_pauses import CHECK_WHEN_SECURED, LONGEST_WAIT, is_check_due, parent_pause
from appliance.zones.signing import BETWEEN_CHECKS, SigningState
from tests.signing import AT, at_parent, key, signed
from tests.workspace import Workspace

SECOND = timedelta(seconds=1)


def test_the_parent_of_a_secured_zone_is_checked_daily_and_after_what_a_user_does(workspace: Workspace) -> None:
    zone = workspace.zone()
    assert is_check_due(zone, signed(key()), AT), "it never was"
    known = signed(key(), parent=at_parent(zone.name, key(), at=AT + SECOND))
    due = AT + SECOND + CHECK_WHEN_SECURED
    assert not is_check_due(zone, known, due - SECOND) and is_check_due(zone, known, due)
    assert is_check_due(zone, replace(known, since=AT + 2 * SECOND), AT + 3 * SECOND)
    assert is_check_due(zone, known, AT), "the clock was set back"


@pytest.mark.parametrize("state", [SigningState.DS_WAIT, SigningState.DS_READY])
def test_the_longer_a_ds_is_awaited_the_longer_are_the_pauses(state: SigningState) -> None:
    pauses = [parent_pause(signed(key()), state, AT + timedelta(hours=hours)) for hours in (0, 12, 99)]
    assert pauses == [BETWEEN_CHECKS, timedelta(minutes=30), LONGEST_WAIT]


def test_the_second_check_without_a_ds_follows_soon() -> None:
    gone = replace(signed(key()), gone_since=AT)
    assert parent_pause(gone, SigningState.SECURED, AT) == BETWEEN_CHECKS
    assert parent_pause(signed(key()), SigningState.DS_REMOVE, AT) == BETWEEN_CHECKS
