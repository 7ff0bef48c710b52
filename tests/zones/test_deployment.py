"""The state of a deployment, from the desired, attempted and observed serials."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.zones.deployment import Deployment, DeploymentState, NameserverState, Observation, reaches
from tests.zones.records import NOW

DESIRED = 2031050405
NEW = Deployment(
    serial=DESIRED, attempted=None, live_serial=None, live_at=None, queued_at=NOW, error=None, nameservers=()
)


@pytest.mark.parametrize(
    ("attempted", "live_serial", "error", "state"),
    [
        (None, None, None, DeploymentState.PENDING),
        (DESIRED - 1, None, None, DeploymentState.PENDING),
        (DESIRED - 1, DESIRED - 1, None, DeploymentState.PENDING),
        (DESIRED - 1, None, "check: refused", DeploymentState.PENDING),
        (DESIRED, None, None, DeploymentState.DEPLOYING),
        (DESIRED, DESIRED - 1, None, DeploymentState.DEPLOYING),
        (DESIRED + 1, DESIRED - 1, None, DeploymentState.DEPLOYING),
        (DESIRED, DESIRED - 1, "check: refused", DeploymentState.FAILED),
        (DESIRED, None, "check: refused", DeploymentState.FAILED),
        (DESIRED, DESIRED, None, DeploymentState.LIVE),
        (DESIRED, DESIRED + 1, None, DeploymentState.LIVE),
        (DESIRED, DESIRED, "an earlier error", DeploymentState.LIVE),
        (None, DESIRED, None, DeploymentState.LIVE),
    ],
)
def test_the_state_of_a_zone(
    attempted: int | None, live_serial: int | None, error: str | None, state: DeploymentState
) -> None:
    assert replace(NEW, attempted=attempted, live_serial=live_serial, error=error).state is state


@pytest.mark.parametrize("state", [NameserverState.LAGGING, NameserverState.UNREACHABLE])
def test_a_zone_that_a_nameserver_no_longer_serves_is_not_live(state: NameserverState) -> None:
    seen = Observation("ns1", DESIRED, NameserverState.LIVE, NOW, NOW)
    served = replace(NEW, attempted=DESIRED, live_serial=DESIRED, nameservers=[seen])
    never_queried = Observation("ns2", None, NameserverState.LAGGING, None, answered=False)
    assert replace(served, nameservers=[seen, never_queried]).state is DeploymentState.LIVE
    assert replace(served, nameservers=[seen, Observation("ns2", None, state, NOW, NOW)]).state is (
        DeploymentState.DEPLOYING
    )


def test_a_deleted_zone_is_live_once_its_removal_is_observed() -> None:
    assert replace(NEW, deleted=True, live_serial=DESIRED).state is DeploymentState.PENDING
    assert replace(NEW, deleted=True, removed=True).state is DeploymentState.LIVE


def test_a_later_serial_reaches_an_earlier_one_over_the_wrap() -> None:
    assert reaches(1, 2**32 - 1) and reaches(5, 5) and not reaches(2**32 - 1, 1) and not reaches(None, 1)
