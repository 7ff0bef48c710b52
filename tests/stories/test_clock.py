"""The clock of API and deployer is stepped while they run, and later set right.

It then differs from that of the nameservers, which refuse what is signed at another time: nothing is published, that is
told, and all is live by itself once the clocks agree. What is stored meanwhile keeps serials that only rise.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appliance.zones.serial import is_later
from tests.appliance import Appliance
from tests.clock import Clock, stepped
from tests.doctor.faults import standing_still
from tests.live_zone import HEAL_SECONDS, OLD, LiveZone
from tests.pair import wait_for


@pytest.fixture
def live_zone() -> Iterator[LiveZone]:
    """A zone of an appliance of its own."""
    with Appliance() as own:
        yield LiveZone(own)


@pytest.fixture
def clock(live_zone: LiveZone) -> Iterator[Clock]:
    """The clock of its API and deployer."""
    with stepped(live_zone.appliance) as clock:
        yield clock


def serial_of(live_zone: LiveZone) -> int:
    serial: int = live_zone.deployment()["serial"]
    return serial


@pytest.mark.parametrize("offset", ["-1d", "+10y"])
def test_a_step_and_back(live_zone: LiveZone, clock: Clock, offset: str) -> None:
    served = serial_of(live_zone)
    token = live_zone.appliance.token("healing@example.org")
    clock.step(offset)
    live_zone.api = live_zone.appliance.client(token)  # a connection from before may seem idle for years, and is ended
    live_zone.change()
    stepped_to = serial_of(live_zone)
    assert is_later(stepped_to, served)
    live_zone.wait_until_failed("the clocks differ")
    wait_for(lambda: "event=catalog-unread" in live_zone.appliance.log("deployer"), "the log tells of the catalog too")
    created = live_zone.api.zone("created.example")
    live_zone.api.record(created, "A", "www", "192.0.2.1")
    assert live_zone.answers() == [{OLD}, {OLD}]
    clock.step("+0")
    live_zone.api = live_zone.appliance.client(token)
    live_zone.wait_until_healed()
    live_zone.appliance.wait_until_answered("www.created.example", "A", [OLD])
    live_zone.api.wait_until_live(created)
    assert live_zone.deployment()["live_serial"] == stepped_to
    live_zone.api.expect(200, "PATCH", f"/dns-records/{live_zone.record['uuid']}/", {"value": "192.0.2.1"})
    assert is_later(serial_of(live_zone), stepped_to)
    wait_for(lambda: live_zone.answers() == [{OLD}, {OLD}], "both follow a later change", HEAL_SECONDS)
    wait_for(
        lambda: live_zone.appliance.get("/readyz").json()["degraded"] == [], "nothing is told any more", HEAL_SECONDS
    )


def test_a_deployer_that_stood_still_before_the_clock_was_set_back(live_zone: LiveZone, clock: Clock) -> None:
    def ready() -> bool:
        return live_zone.appliance.get("/readyz").status_code == 200

    clock.step("+1d")
    wait_for(ready, "the deployer signs under that clock")
    (pid,) = (pid for pid, line in live_zone.appliance.at_work().items() if " deployer --state" in line)
    with standing_still(pid):
        clock.step("+0")
        wait_for(lambda: not ready(), "its silence is told, though its last sign is still to come")
    wait_for(ready, "it turns again")
