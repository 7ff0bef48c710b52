"""The host of the primary is lost for good, and a secondary becomes the primary, while another one has all zones."""

from __future__ import annotations

from pathlib import Path

from tests.cluster import query_loops
from tests.cluster.cluster import Cluster, api_of, wait_until_answered, wait_until_healthy
from tests.cluster.lost_hosts import nightly_backup, restore, secured_zone
from tests.cluster.releases import PACKAGE
from tests.cluster.setups import promoted, variables
from tests.delv import Watch
from tests.pair import wait_for

NAMES = ("ns2.cluster.test.", "ns3.cluster.test.")


def test_a_secondary_replaces_the_primary(cluster: Cluster, tmp_path: Path) -> None:
    """Resolvers that have the DS of a signed zone accept every answer of both remaining nameservers."""
    lab, token = cluster.lab, cluster.token
    zone = cluster.create_zone("promotion.example")
    with cluster.api() as api:
        secured = secured_zone(api, "promoted.example")
    backup = cluster.ns1.fetch(nightly_backup(cluster.ns1), tmp_path)
    ns2, ns3 = cluster.ns2, lab.hosts["ns3"]
    wait_until_answered(ns3, "www.promotion.example", "A", "192.0.2.1")
    resolvers = [secured.resolver(host, tmp_path) for host in (ns2, ns3)]
    with query_loops.dns_queries(ns3, "www.promotion.example") as queries, (watch := Watch(*resolvers)).running():
        lab.remove("ns1")
        promoted(lab, tmp_path).play(*variables(appliance_package=str(PACKAGE)))
        restore(ns2, backup)
        for host in (ns2, ns3):
            wait_until_answered(host, "promotion.example", "NS", *NAMES, seconds=90)
        for resolver in resolvers:
            wait_for(lambda one=resolver: not one.faults(), "its answers are valid", 90)  # type: ignore[misc]
    assert not queries.failures
    assert watch.valid and not watch.faults
    with api_of(ns2, token) as api:
        api.record(zone, "A", "after", "192.0.2.2")
        for host in (ns2, ns3):
            wait_until_answered(host, "after.promotion.example", "A", "192.0.2.2", seconds=60)
        secured.change(api, ns2, ns3)
    assert not [fault for one in resolvers for fault in one.faults()]
    wait_until_healthy(ns2)
