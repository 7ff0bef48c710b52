"""Faults between the nameservers: the lag is reported, other zones are not affected, and all recover afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.appliance import Appliance
from tests.live_zone import HEAL_SECONDS, NEW, OLD, LiveZone
from tests.pair import wait_for
from tests.proxy import SLOW_OCTETS, Fault, Proxy


@pytest.fixture(scope="module")
def proxied() -> Iterator[tuple[Appliance, Proxy]]:
    """An appliance with a proxy between secondary and primary, for UDP and TCP."""
    with Appliance() as own, Proxy(own.ports.dns) as proxy:
        first = LiveZone(own, "first.example")
        conf = own.state / "ns2" / "named.conf"
        conf.write_text(conf.read_text().replace(f"port {own.ports.dns} key", f"port {proxy.port} key"))
        first.restart("ns2/named.conf")
        wait_for(lambda: first.answers() == [{OLD}, {OLD}], "both answer")
        yield own, proxy


@pytest.fixture
def live_zone(proxied: tuple[Appliance, Proxy], request: pytest.FixtureRequest) -> LiveZone:
    """A live zone for one test."""
    name = re.sub(r"\W+", "-", request.node.name.removeprefix("test_").replace("_", "-")).strip("-").lower()
    return LiveZone(proxied[0], f"{name}.example")


@pytest.fixture
def proxy(proxied: tuple[Appliance, Proxy], live_zone: LiveZone) -> Iterator[Proxy]:
    """The proxy, without a fault before and after the test."""
    proxied[1].faulted = 0
    yield proxied[1]
    proxied[1].clear_fault()


@contextmanager
def lagging(live_zone: LiveZone) -> Iterator[None]:
    """Change the zone, check that the lag of the secondary is reported, and after the block that it recovers."""
    live_zone.change()
    wait_for(lambda: live_zone.answers() == [{NEW}, {OLD}], "only the primary has the change")
    problem = "nameserver ns2.appliance.test is lagging for "
    wait_for(lambda: problem in live_zone.problems(), "the lag is reported", HEAL_SECONDS)
    assert problem in live_zone.appliance.command("status", status=1)
    assert live_zone.deployment()["nameservers"][1]["state"] == "lagging"
    yield
    live_zone.wait_until_healed()
    wait_for(lambda: problem not in live_zone.problems(), "no lag is reported")
    assert problem not in live_zone.appliance.command("status", status=None)


def assert_other_zone_works(live_zone: LiveZone) -> None:
    """Create and change another zone, and wait until both nameservers serve it."""
    other = live_zone.api.zone(f"other-{live_zone.domain}")
    record = live_zone.api.record(other, "A", "www", "192.0.2.9")
    live_zone.appliance.wait_until_answered(record["fqdn"], "A", [b"\xc0\0\2\x09"])
    live_zone.api.wait_until_live(other)


def test_refused(live_zone: LiveZone, proxy: Proxy) -> None:
    proxy.refuse()
    with lagging(live_zone):
        proxy.accept()


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.STALL])
def test_one_zone_is_cut_or_stalls(live_zone: LiveZone, proxy: Proxy, fault: Fault) -> None:
    proxy.set_fault(fault, live_zone.domain)
    with lagging(live_zone):
        assert proxy.faulted
        assert_other_zone_works(live_zone)
        proxy.clear_fault()


def test_no_transfer_passes(live_zone: LiveZone, proxy: Proxy) -> None:
    proxy.set_fault(Fault.DROP)
    with lagging(live_zone):
        assert proxy.faulted
        proxy.clear_fault()
    assert_other_zone_works(live_zone)


def test_a_slow_transfer_holds_up_no_other(live_zone: LiveZone, proxy: Proxy) -> None:
    proxy.set_fault(Fault.SLOW, live_zone.domain)
    for number in range(24):
        live_zone.api.record(live_zone.zone, "TXT", f"large-{number}", "x" * SLOW_OCTETS)
    with lagging(live_zone):
        assert proxy.faulted
        assert_other_zone_works(live_zone)
