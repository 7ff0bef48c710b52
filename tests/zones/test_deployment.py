"""Where a zone has come to, from what is wanted, what was tried and what was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.zones.deployment import Deployment, State, reaches
from tests.zones.records import NOW

WANTED = 2031050405
NEW = Deployment(
    serial=WANTED, attempted=None, live_serial=None, live_at=None, queued_at=NOW, error=None, nameservers=()
)


@pytest.mark.parametrize(
    ("attempted", "live_serial", "error", "state"),
    [
        (None, None, None, State.PENDING),
        (WANTED - 1, None, None, State.PENDING),
        (WANTED - 1, WANTED - 1, None, State.PENDING),
        (WANTED - 1, None, "check: refused", State.PENDING),
        (WANTED, None, None, State.DEPLOYING),
        (WANTED, WANTED - 1, None, State.DEPLOYING),
        (WANTED + 1, WANTED - 1, None, State.DEPLOYING),
        (WANTED, WANTED - 1, "check: refused", State.FAILED),
        (WANTED, None, "check: refused", State.FAILED),
        (WANTED, WANTED, None, State.LIVE),
        (WANTED, WANTED + 1, None, State.LIVE),
        (WANTED, WANTED, "an error of before", State.LIVE),
        (None, WANTED, None, State.LIVE),
    ],
)
def test_the_state_of_a_zone(attempted: int | None, live_serial: int | None, error: str | None, state: State) -> None:
    assert replace(NEW, attempted=attempted, live_serial=live_serial, error=error).state is state


def test_a_deleted_zone_is_live_when_its_removal_was_seen() -> None:
    assert replace(NEW, deleted=True, live_serial=WANTED).state is State.PENDING
    assert replace(NEW, deleted=True, removed=True).state is State.LIVE


def test_a_later_serial_reaches_an_earlier_one_over_the_wrap() -> None:
    assert reaches(1, 2**32 - 1) and reaches(5, 5) and not reaches(2**32 - 1, 1) and not reaches(None, 1)
