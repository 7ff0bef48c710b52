"""Hosts that are switched off, or lose their power: what is answered meanwhile, and what is there after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster import questions
from tests.cluster.cluster import Cluster, answer, serial, wait_until_answered
from tests.cluster.host import Host
from tests.pair import wait_for


def test_ns2_answers_on_without_ns1_and_nothing_acknowledged_is_lost(cluster: Cluster) -> None:
    cluster.make_zone("without-ns1.example")
    with cluster.api() as api:
        zone = api.zone("power-cut.example")
        stored = [api.record(zone, "A", f"host-{number}", "192.0.2.1")["name"] for number in range(20)]
        cluster.ns1.cut_power()
    with questions.of_dns(cluster.ns2, "www.without-ns1.example") as asked:
        wait_for(lambda: asked.asked > 100, "a hundred questions")
    cluster.ns1.boot()
    cluster.ns1.wait_until_up()
    assert not asked.lost
    for host in (cluster.ns1, cluster.ns2):
        for name in stored:
            wait_until_answered(host, f"{name}.power-cut.example", "A", "192.0.2.1", seconds=60)


def test_ns2_catches_up_with_what_it_missed_within_a_minute(cluster: Cluster) -> None:
    zone = cluster.make_zone("missed.example")
    deleted = cluster.make_zone("deleted-meanwhile.example")
    with cluster.api() as api, switched_off(cluster.ns2):
        api.record(zone, "A", "late", "192.0.2.2")
        api.zone("made-meanwhile.example")
        api.expect(204, "DELETE", f"/dns-zones/{deleted['uuid']}/")
        wait_until_answered(cluster.ns1, "late.missed.example", "A", "192.0.2.2")
        api.record(zone, "A", "later", "192.0.2.3")

    def has_caught_up() -> bool:
        return (
            answer(cluster.ns2, "late.missed.example", "A") == {"192.0.2.2"}
            and answer(cluster.ns2, "later.missed.example", "A") == {"192.0.2.3"}
            and not answer(cluster.ns2, "deleted-meanwhile.example", "SOA")
            and serial(cluster.ns2, "made-meanwhile.example") is not None
        )

    wait_for(has_caught_up, "ns2 has what it missed", 60)


@contextmanager
def switched_off(host: Host) -> Iterator[None]:
    """The host is off for as long as the block runs, and up again after it."""
    host.power_off()
    try:
        yield
    finally:
        host.boot()
        host.wait_until_up()
