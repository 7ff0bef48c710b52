"""Faults between the nameservers: the lag is reported, other zones are not affected, and all recover afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.appliance import Appliance
from tests.live_zone import HEAL_SECONDS, NEW, OLD, LiveZone
from tests.pair import wait_for
from tests.proxy import SLOW_OCTETS, Fault, Proxy

ZONE = "healing.example"


@pytest.fixture
def live_zone() -> Iterator[LiveZone]:
    """A live zone on its own appliance."""
    with Appliance() as own:
        yield LiveZone(own)


@pytest.fixture
def proxy(live_zone: LiveZone) -> Iterator[Proxy]:
    """A proxy between secondary and primary, for UDP and TCP."""
    primary = live_zone.appliance.ports.dns
    conf = live_zone.appliance.state / "ns2" / "named.conf"
    with Proxy(primary) as proxy:
        conf.write_text(conf.read_text().replace(f"port {primary} key", f"port {proxy.port} key"))
        live_zone.restart("ns2/named.conf")
        wait_for(lambda: live_zone.answers() == [{OLD}, {OLD}], "both answer")
        yield proxy


@contextmanager
def lagging(live_zone: LiveZone) -> Iterator[None]:
    """Change the zone, check that the lag of the secondary is reported, and after the block that it recovers."""
    live_zone.change()
    wait_for(lambda: live_zone.answers() == [{NEW}, {OLD}], "only the primary has the change")
    problem = "nameserver ns2.appliance.test is lagging for "
    wait_for(lambda: problem in live_zone.appliance.command("status", status=1), "status reports it", HEAL_SECONDS)
    assert live_zone.deployment()["nameservers"][1]["state"] == "lagging"
    yield
    live_zone.wait_until_healed()
    wait_for(lambda: problem not in live_zone.appliance.command("status", status=None), "status reports no problem")


def assert_other_zone_works(live_zone: LiveZone, domain: str) -> None:
    """Create and change another zone, and wait until both nameservers serve it."""
    other = live_zone.api.zone(domain)
    record = live_zone.api.record(other, "A", "www", "192.0.2.9")
    live_zone.appliance.wait_until_answered(record["fqdn"], "A", [b"\xc0\0\2\x09"])
    live_zone.api.wait_until_live(other)


def test_refused(live_zone: LiveZone, proxy: Proxy) -> None:
    proxy.refuse()
    with lagging(live_zone):
        proxy.accept()


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.STALL])
def test_one_zone_is_cut_or_stalls(live_zone: LiveZone, proxy: Proxy, fault: Fault) -> None:
    proxy.set_fault(fault, ZONE)
    with lagging(live_zone):
        assert proxy.faulted
        assert_other_zone_works(live_zone, "innocent.example")
        proxy.clear_fault()


def test_no_transfer_passes(live_zone: LiveZone, proxy: Proxy) -> None:
    proxy.set_fault(Fault.DROP)
    with lagging(live_zone):
        assert proxy.faulted
        proxy.clear_fault()
    assert_other_zone_works(live_zone, "after.example")


def test_a_slow_transfer_holds_up_no_other(live_zone: LiveZone, proxy: Proxy) -> None:
    proxy.set_fault(Fault.SLOW, ZONE)
    for number in range(24):
        live_zone.api.record(live_zone.zone, "TXT", f"large-{number}", "x" * SLOW_OCTETS)
    with lagging(live_zone):
        assert proxy.faulted
        assert_other_zone_works(live_zone, "innocent.example")
