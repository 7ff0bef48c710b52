"""A spoiled way between the nameservers: the lag is told, other zones go on, and all is live soon after its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.appliance import Appliance
from tests.pair import wait_for
from tests.proxy import SLOW_OCTETS, Fault, Proxy
from tests.scene import HEAL_SECONDS, NEW, OLD, Scene

ZONE = "healing.example"


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A zone of an appliance of its own."""
    with Appliance() as own:
        yield Scene(own)


@pytest.fixture
def way(scene: Scene) -> Iterator[Proxy]:
    """Where the secondary asks its primary, for UDP and TCP."""
    primary = scene.appliance.ports.dns
    conf = scene.appliance.state / "ns2" / "named.conf"
    with Proxy(primary) as way:
        conf.write_text(conf.read_text().replace(f"port {primary} key", f"port {way.port} key"))
        scene.restart("ns2/named.conf")
        wait_for(lambda: scene.answers() == [{OLD}, {OLD}], "both answer")
        yield way


@contextmanager
def behind(scene: Scene) -> Iterator[None]:
    """The zone changes, its secondary stays behind, and that is told; all heals after the block."""
    scene.change()
    wait_for(lambda: scene.answers() == [{NEW}, {OLD}], "only the primary has the change")
    told = "nameserver ns2.appliance.test is behind with "
    wait_for(lambda: told in scene.appliance.command("status", status=1), "status tells", HEAL_SECONDS)
    assert scene.deployment()["nameservers"][1]["state"] == "lagging"
    yield
    scene.wait_until_healed()
    wait_for(lambda: told not in scene.appliance.command("status", status=None), "status is clean again")


def goes_on(scene: Scene, domain: str) -> None:
    """Another zone is created, changed, and live on both nameservers."""
    other = scene.api.zone(domain)
    record = scene.api.record(other, "A", "www", "192.0.2.9")
    scene.appliance.wait_until_answered(record["fqdn"], "A", [b"\xc0\0\2\x09"])
    scene.api.wait_until_live(other)


def test_refused(scene: Scene, way: Proxy) -> None:
    way.refuse()
    with behind(scene):
        way.accept()


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.STALL])
def test_one_zone_is_cut_or_stalls(scene: Scene, way: Proxy, fault: Fault) -> None:
    way.spoil(fault, ZONE)
    with behind(scene):
        assert way.spoiled
        goes_on(scene, "innocent.example")
        way.mend()


def test_no_transfer_passes(scene: Scene, way: Proxy) -> None:
    way.spoil(Fault.DROP)
    with behind(scene):
        assert way.spoiled
        way.mend()
    goes_on(scene, "after.example")


def test_a_slow_transfer_holds_up_no_other(scene: Scene, way: Proxy) -> None:
    way.spoil(Fault.SLOW, ZONE)
    for number in range(12):
        scene.api.record(scene.zone, "TXT", f"large-{number}", "x" * SLOW_OCTETS)
    with behind(scene):
        assert way.spoiled
        goes_on(scene, "innocent.example")
