"""A secondary that is away while zones change, come and go, and a primary that is silent to its secondary."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.appliance import Appliance
from tests.pair import wait_for
from tests.scene import HEAL_SECONDS, Scene

GOING, COMING = "going.example", "coming.example"


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A zone of an appliance of its own."""
    with Appliance() as own:
        yield Scene(own)


@contextmanager
def away(scene: Scene) -> Iterator[None]:
    """The secondary has ended, and does not start as long as the block runs."""
    conf = scene.appliance.state / "ns2" / "named.conf"
    text = conf.read_text()
    conf.write_text("options { no-such-option yes; };")
    former = scene.appliance.child("ns2/named.conf")
    assert former
    os.kill(former, signal.SIGKILL)
    yield
    conf.write_text(text)


def rcodes(scene: Scene, domain: str) -> list[str | None]:
    return [scene.appliance.rcode(domain, server) for server in (1, 2)]


def test_a_secondary_that_comes_back_has_everything(scene: Scene) -> None:
    going = scene.api.zone(GOING)
    scene.api.wait_until_live(going)
    told = "nameserver ns2.appliance.test is unreachable"
    with away(scene):
        scene.change()
        scene.api.expect(204, "DELETE", f"/dns-zones/{going['uuid']}/")
        scene.api.zone(COMING)
        wait_for(lambda: told in scene.appliance.command("status", status=1), "status tells", HEAL_SECONDS)
        wait_for(lambda: rcodes(scene, GOING) == ["REFUSED", None], "the primary has dropped it")
        wait_for(lambda: rcodes(scene, COMING) == ["NOERROR", None], "the primary has the new one")
    scene.wait_until_healed()
    wait_for(lambda: rcodes(scene, GOING) == ["REFUSED"] * 2, "both have dropped it", HEAL_SECONDS)
    wait_for(lambda: rcodes(scene, COMING) == ["NOERROR"] * 2, "both have the new one", HEAL_SECONDS)
    wait_for(
        lambda: scene.appliance.command("status", status=None).count("What to do") == 0, "nothing is told any more"
    )


def test_a_secondary_that_found_its_primary_silent_takes_changes_after(scene: Scene) -> None:
    """BIND 9.18 remembers for ten minutes that a primary was not reached."""
    with scene.appliance.without("ns1/named.conf"):
        scene.restart("ns2/named.conf")
        silent = "retry limit for primary 127.0.0.1"
        wait_for(lambda: silent in scene.appliance.log("ns2"), "the secondary has given its primary up", HEAL_SECONDS)
        scene.change()
    scene.wait_until_healed()
