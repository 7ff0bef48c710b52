"""Step the clock of API and deployer while they run, and later correct it.

Meanwhile the nameservers, whose clock is right, refuse signed messages: nothing is published, and the problem is
reported. Once the clocks agree everything becomes live by itself, and serials only increase.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appliance.zones.serial import is_later
from tests.appliance import Appliance
from tests.clock import Clock, stepped
from tests.doctor.faults import suspended
from tests.live_zone import HEAL_SECONDS, OLD, LiveZone
from tests.pair import wait_for


@pytest.fixture
def live_zone() -> Iterator[LiveZone]:
    """A live zone on its own appliance."""
    with Appliance() as own:
        yield LiveZone(own)


@pytest.fixture
def clock(live_zone: LiveZone) -> Iterator[Clock]:
    """The clock of the API and deployer of that appliance."""
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
    live_zone.api = live_zone.appliance.client(token)  # the old connection may seem idle for years and be closed
    live_zone.change()
    stepped_to = serial_of(live_zone)
    assert is_later(stepped_to, served)
    live_zone.wait_until_failed("the clocks differ")
    wait_for(lambda: "event=catalog-unread" in live_zone.appliance.log("deployer"), "the log reports the catalog too")
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
        lambda: live_zone.appliance.get("/readyz").json().get("degraded") == [], "no problem is reported", HEAL_SECONDS
    )


def test_a_suspended_deployer_is_reported_after_the_clock_was_set_back(live_zone: LiveZone, clock: Clock) -> None:
    def ready() -> bool:
        return live_zone.appliance.get("/readyz").status_code == 200

    clock.step("+1d")
    wait_for(ready, "the deployer writes heartbeats with that clock")
    (pid,) = (pid for pid, line in live_zone.appliance.running_processes().items() if " deployer --state" in line)
    with suspended(pid):
        clock.step("+0")
        wait_for(lambda: not ready(), "it is reported, though its last heartbeat is in the future")
    wait_for(ready, "it runs again")
