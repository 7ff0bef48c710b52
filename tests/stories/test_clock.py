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
from tests.pair import wait_for
from tests.scene import HEAL_SECONDS, OLD, Scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A zone of an appliance of its own."""
    with Appliance() as own:
        yield Scene(own)


@pytest.fixture
def clock(scene: Scene) -> Iterator[Clock]:
    """The clock of its API and deployer."""
    with stepped(scene.appliance) as clock:
        yield clock


def serial_of(scene: Scene) -> int:
    serial: int = scene.deployment()["serial"]
    return serial


@pytest.mark.parametrize("offset", ["-1d", "+10y"])
def test_a_step_and_back(scene: Scene, clock: Clock, offset: str) -> None:
    served = serial_of(scene)
    token = scene.appliance.token("healing@example.org")
    clock.step(offset)
    scene.api = scene.appliance.client(token)  # a connection from before may seem idle for years, and is ended
    scene.change()
    stepped_to = serial_of(scene)
    assert is_later(stepped_to, served)
    scene.wait_until_failed("the clocks differ")
    wait_for(lambda: "event=catalog-unread" in scene.appliance.log("deployer"), "the log tells of the catalog too")
    created = scene.api.zone("created.example")
    scene.api.record(created, "A", "www", "192.0.2.1")
    assert scene.answers() == [{OLD}, {OLD}]
    clock.step("+0")
    scene.api = scene.appliance.client(token)
    scene.wait_until_healed()
    scene.appliance.wait_until_answered("www.created.example", "A", [OLD])
    scene.api.wait_until_live(created)
    assert scene.deployment()["live_serial"] == stepped_to
    scene.api.expect(200, "PATCH", f"/dns-records/{scene.record['uuid']}/", {"value": "192.0.2.1"})
    assert is_later(serial_of(scene), stepped_to)
    wait_for(lambda: scene.answers() == [{OLD}, {OLD}], "both follow a later change", HEAL_SECONDS)
    wait_for(lambda: scene.appliance.get("/readyz").json()["degraded"] == [], "nothing is told any more", HEAL_SECONDS)


def test_a_deployer_that_stood_still_before_the_clock_was_set_back(scene: Scene, clock: Clock) -> None:
    def ready() -> bool:
        return scene.appliance.get("/readyz").status_code == 200

    clock.step("+1d")
    wait_for(ready, "the deployer signs under that clock")
    (pid,) = (pid for pid, line in scene.appliance.at_work().items() if " deployer --state" in line)
    with standing_still(pid):
        clock.step("+0")
        wait_for(lambda: not ready(), "its silence is told, though its last sign is still to come")
    wait_for(ready, "it turns again")
