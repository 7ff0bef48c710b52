"""Where a zone has come to, from what is wanted, what was tried and what was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.zones.deployment import Deployment, DeploymentState, reaches
from tests.zones.records import NOW

WANTED = 2031050405
NEW = Deployment(
    serial=WANTED, attempted=None, live_serial=None, live_at=None, queued_at=NOW, error=None, nameservers=()
)


@pytest.mark.parametrize(
    ("attempted", "live_serial", "error", "state"),
    [
        (None, None, None, DeploymentState.PENDING),
        (WANTED - 1, None, None, DeploymentState.PENDING),
        (WANTED - 1, WANTED - 1, None, DeploymentState.PENDING),
        (WANTED - 1, None, "check: refused", DeploymentState.PENDING),
        (WANTED, None, None, DeploymentState.DEPLOYING),
        (WANTED, WANTED - 1, None, DeploymentState.DEPLOYING),
        (WANTED + 1, WANTED - 1, None, DeploymentState.DEPLOYING),
        (WANTED, WANTED - 1, "check: refused", DeploymentState.FAILED),
        (WANTED, None, "check: refused", DeploymentState.FAILED),
        (WANTED, WANTED, None, DeploymentState.LIVE),
        (WANTED, WANTED + 1, None, DeploymentState.LIVE),
        (WANTED, WANTED, "an error of before", DeploymentState.LIVE),
        (None, WANTED, None, DeploymentState.LIVE),
    ],
)
def test_the_state_of_a_zone(
    attempted: int | None, live_serial: int | None, error: str | None, state: DeploymentState
) -> None:
    assert replace(NEW, attempted=attempted, live_serial=live_serial, error=error).state is state


def test_a_deleted_zone_is_live_when_its_removal_was_seen() -> None:
    assert replace(NEW, deleted=True, live_serial=WANTED).state is DeploymentState.PENDING
    assert replace(NEW, deleted=True, removed=True).state is DeploymentState.LIVE


def test_a_later_serial_reaches_an_earlier_one_over_the_wrap() -> None:
    assert reaches(1, 2**32 - 1) and reaches(5, 5) and not reaches(2**32 - 1, 1) and not reaches(None, 1)
