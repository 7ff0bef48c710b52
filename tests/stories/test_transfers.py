"""A spoiled way between the nameservers: the lag is told, other zones go on, and all is live soon after its end."""

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
    """A zone of an appliance of its own."""
    with Appliance() as own:
        yield LiveZone(own)


@pytest.fixture
def way(live_zone: LiveZone) -> Iterator[Proxy]:
    """Where the secondary asks its primary, for UDP and TCP."""
    primary = live_zone.appliance.ports.dns
    conf = live_zone.appliance.state / "ns2" / "named.conf"
    with Proxy(primary) as way:
        conf.write_text(conf.read_text().replace(f"port {primary} key", f"port {way.port} key"))
        live_zone.restart("ns2/named.conf")
        wait_for(lambda: live_zone.answers() == [{OLD}, {OLD}], "both answer")
        yield way


@contextmanager
def behind(live_zone: LiveZone) -> Iterator[None]:
    """The zone changes, its secondary stays behind, and that is told; all heals after the block."""
    live_zone.change()
    wait_for(lambda: live_zone.answers() == [{NEW}, {OLD}], "only the primary has the change")
    told = "nameserver ns2.appliance.test is behind with "
    wait_for(lambda: told in live_zone.appliance.command("status", status=1), "status tells", HEAL_SECONDS)
    assert live_zone.deployment()["nameservers"][1]["state"] == "lagging"
    yield
    live_zone.wait_until_healed()
    wait_for(lambda: told not in live_zone.appliance.command("status", status=None), "status is clean again")


def goes_on(live_zone: LiveZone, domain: str) -> None:
    """Another zone is created, changed, and live on both nameservers."""
    other = live_zone.api.zone(domain)
    record = live_zone.api.record(other, "A", "www", "192.0.2.9")
    live_zone.appliance.wait_until_answered(record["fqdn"], "A", [b"\xc0\0\2\x09"])
    live_zone.api.wait_until_live(other)


def test_refused(live_zone: LiveZone, way: Proxy) -> None:
    way.refuse()
    with behind(live_zone):
        way.accept()


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.STALL])
def test_one_zone_is_cut_or_stalls(live_zone: LiveZone, way: Proxy, fault: Fault) -> None:
    way.spoil(fault, ZONE)
    with behind(live_zone):
        assert way.spoiled
        goes_on(live_zone, "innocent.example")
        way.mend()


def test_no_transfer_passes(live_zone: LiveZone, way: Proxy) -> None:
    way.spoil(Fault.DROP)
    with behind(live_zone):
        assert way.spoiled
        way.mend()
    goes_on(live_zone, "after.example")


def test_a_slow_transfer_holds_up_no_other(live_zone: LiveZone, way: Proxy) -> None:
    way.spoil(Fault.SLOW, ZONE)
    for number in range(12):
        live_zone.api.record(live_zone.zone, "TXT", f"large-{number}", "x" * SLOW_OCTETS)
    with behind(live_zone):
        assert way.spoiled
        goes_on(live_zone, "innocent.example")
