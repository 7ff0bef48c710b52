"""Parents are checked beside the steps, those of the accounts in turn, and a check that fails ends too."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import pytest

from appliance.deploy.signing.parent_lookups import MOST_AT_ONCE, ParentLookups, Pending
from appliance.zones.model import Zone
from appliance.zones.signing import ParentCheck
from tests.pair import wait_for
from tests.signing import AT
from tests.workspace import Workspace


class Parents:
    """Parents that answer when they are let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_answer = threading.Event()

    def check(self, zone: Zone, now: datetime) -> ParentCheck | None:
        """Answer once that is allowed."""
        self.asked.append(zone.name.to_text(omit_final_dot=True))
        assert self.may_answer.wait(30)
        if zone.name.to_text().startswith("broken"):
            raise ValueError("broken")
        return ParentCheck("example", now)


def begin(lookups: ParentLookups, *zones: Zone) -> None:
    for zone in zones:
        with pytest.raises(Pending):
            lookups(zone, AT)


def test_slow_parents_of_one_account_keep_no_other_account_waiting(workspace: Workspace) -> None:
    parents = Parents()
    lookups = ParentLookups(parents.check, lambda: AT)
    many = [workspace.zone(f"slow{number}.example") for number in range(MOST_AT_ONCE + 5)]
    other = replace(workspace.zone("other.test"), account=uuid4())
    begin(lookups, *many, other, *many)
    wait_for(lambda: len(parents.asked) == MOST_AT_ONCE, "as many are checked as may be")
    assert lookups.take_ended() == []
    parents.may_answer.set()
    ended: list[object] = []

    def have_ended() -> bool:
        ended.extend(lookups.take_ended())
        return len(ended) == len(many) + 1

    wait_for(have_ended, "all checks have ended")
    assert parents.asked.index("other.test") <= MOST_AT_ONCE + 1 and len(parents.asked) == len(many) + 1
    assert lookups(other, AT) == ParentCheck("example", AT)
    begin(lookups, other)


def test_a_check_that_fails_says_so(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    parents = Parents()
    parents.may_answer.set()
    zone, lookups = workspace.zone("broken.example"), ParentLookups(parents.check, lambda: AT)
    begin(lookups, zone)
    wait_for(lambda: lookups.take_ended() == [zone.uuid], "it has ended")
    found = lookups(zone, AT)
    assert found and found.ds is None and found.problem.startswith("the check failed")
    assert "event=signing-step-failed zone=broken.example" in caplog.text
