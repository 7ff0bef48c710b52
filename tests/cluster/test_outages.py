"""Hosts that reboot, are switched off, or lose their power: what is answered meanwhile, and what is there after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cluster import questions
from tests.cluster.cluster import Cluster, serial, wait_until_answered, wait_until_content
from tests.cluster.host import Host
from tests.pair import wait_for


@pytest.mark.parametrize("name", ["ns1", "ns2"])
def test_everything_comes_back_after_a_reboot(cluster: Cluster, name: str) -> None:
    host, other = (cluster.lab.hosts[one] for one in (name, "ns2" if name == "ns1" else "ns1"))
    domain = f"reboot-{name}.example"
    make_zone(cluster, domain)
    with questions.of_dns(other, f"www.{domain}") as asked:
        host.reboot()
        wait_until_answered(host, f"www.{domain}", "A", "192.0.2.1")
    assert not asked.lost
    make_zone(cluster, f"after-{domain}")
    wait_until_content(cluster.ns1)


def test_ns2_answers_on_without_ns1(cluster: Cluster) -> None:
    make_zone(cluster, "without-ns1.example")
    with switched_off(cluster.ns1), questions.of_dns(cluster.ns2, "www.without-ns1.example") as asked:
        wait_for(lambda: asked.asked > 200, "two hundred questions")
    assert not asked.lost
    make_zone(cluster, "with-ns1-again.example")


def test_ns2_catches_up_with_what_it_missed(cluster: Cluster) -> None:
    zone = make_zone(cluster, "missed.example")
    with cluster.api() as api:
        deleted = api.zone("deleted-meanwhile.example")
        api.wait_until_live(deleted)
        with switched_off(cluster.ns2):
            api.record(zone, "A", "late", "192.0.2.2")
            api.zone("made-meanwhile.example")
            api.expect(204, "DELETE", f"/dns-zones/{deleted['uuid']}/")
            wait_until_answered(cluster.ns1, "late.missed.example", "A", "192.0.2.2")
            api.record(zone, "A", "later", "192.0.2.3")
        wait_until_answered(cluster.ns2, "late.missed.example", "A", "192.0.2.2", seconds=60)
        wait_until_answered(cluster.ns2, "later.missed.example", "A", "192.0.2.3", seconds=60)
        wait_until_answered(cluster.ns2, "deleted-meanwhile.example", "SOA", seconds=60)
        wait_for(lambda: serial(cluster.ns2, "made-meanwhile.example"), "ns2 has the new zone", 60)


def test_what_was_acknowledged_is_there_after_a_power_cut(cluster: Cluster) -> None:
    with cluster.api() as api:
        zone = api.zone("power-cut.example")
        stored = [api.record(zone, "A", f"host-{number}", "192.0.2.1")["name"] for number in range(20)]
        cluster.ns1.cut_power()
    cluster.ns1.boot()
    cluster.ns1.wait_until_up()
    for host in (cluster.ns1, cluster.ns2):
        for name in stored:
            wait_until_answered(host, f"{name}.power-cut.example", "A", "192.0.2.1", seconds=60)
    wait_until_content(cluster.ns1)


def make_zone(cluster: Cluster, domain: str) -> dict[str, object]:
    """A zone with a record that both answer."""
    with cluster.api() as api:
        zone = api.zone(domain)
        api.record(zone, "A", "www", "192.0.2.1")
    for host in (cluster.ns1, cluster.ns2):
        wait_until_answered(host, f"www.{domain}", "A", "192.0.2.1")
    return zone


@contextmanager
def switched_off(host: Host) -> Iterator[None]:
    """The host is off for as long as the block runs, and up again after it."""
    host.power_off()
    try:
        yield
    finally:
        host.boot()
        host.wait_until_up()
