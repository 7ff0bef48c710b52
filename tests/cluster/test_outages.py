"""Hosts that are powered off or lose power: answers meanwhile, and recovery."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster import query_loops
from tests.cluster.cluster import Cluster, answer, serial, wait_until_answered
from tests.cluster.host import Host
from tests.pair import wait_for


def test_ns2_answers_without_ns1_and_no_acknowledged_change_is_lost(cluster: Cluster) -> None:
    cluster.create_zone("without-ns1.example")
    with cluster.api() as api:
        zone = api.zone("power-cut.example")
        stored = [api.record(zone, "A", f"host-{number}", "192.0.2.1")["name"] for number in range(20)]
        cluster.ns1.cut_power()
    with query_loops.dns_queries(cluster.ns2, "www.without-ns1.example") as queries:
        wait_for(lambda: queries.sent > 100, "a hundred queries")
    cluster.ns1.boot()
    cluster.ns1.wait_until_up()
    assert not queries.failures
    for host in (cluster.ns1, cluster.ns2):
        for name in stored:
            wait_until_answered(host, f"{name}.power-cut.example", "A", "192.0.2.1", seconds=60)


def test_ns2_catches_up_with_what_it_missed_within_a_minute(cluster: Cluster) -> None:
    zone = cluster.create_zone("missed.example")
    deleted = cluster.create_zone("deleted-meanwhile.example")
    with cluster.api() as api, powered_off(cluster.ns2):
        api.record(zone, "A", "late", "192.0.2.2")
        api.zone("created-meanwhile.example")
        api.expect(204, "DELETE", f"/dns-zones/{deleted['uuid']}/")
        wait_until_answered(cluster.ns1, "late.missed.example", "A", "192.0.2.2")
        api.record(zone, "A", "later", "192.0.2.3")

    def is_up_to_date() -> bool:
        return (
            answer(cluster.ns2, "late.missed.example", "A") == {"192.0.2.2"}
            and answer(cluster.ns2, "later.missed.example", "A") == {"192.0.2.3"}
            and not answer(cluster.ns2, "deleted-meanwhile.example", "SOA")
            and serial(cluster.ns2, "created-meanwhile.example") is not None
        )

    wait_for(is_up_to_date, "ns2 has what it missed", 60)


@contextmanager
def powered_off(host: Host) -> Iterator[None]:
    """Power the host off while the block runs, and boot it again."""
    host.power_off()
    try:
        yield
    finally:
        host.boot()
        host.wait_until_up()
