"""Each host reboots: all services start again, and the other host answers meanwhile."""

from __future__ import annotations

import pytest

from tests.cluster import query_loops
from tests.cluster.cluster import Cluster, wait_until_answered


@pytest.mark.parametrize(("name", "other_name"), [("ns1", "ns2"), ("ns2", "ns1")])
def test_everything_comes_back_after_a_reboot(cluster: Cluster, name: str, other_name: str) -> None:
    host, other = cluster.lab.hosts[name], cluster.lab.hosts[other_name]
    domain = f"reboot-{name}.example"
    cluster.create_zone(domain)
    with query_loops.dns_queries(other, f"www.{domain}") as queries:
        host.reboot()
        wait_until_answered(host, f"www.{domain}", "A", "192.0.2.1")
    assert not queries.failures
    cluster.create_zone(f"after-{domain}")
