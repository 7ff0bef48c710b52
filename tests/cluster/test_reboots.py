"""Both hosts reboot, one after the other: everything comes up by itself, and the other answers meanwhile."""

from __future__ import annotations

import pytest

from tests.cluster import questions
from tests.cluster.cluster import Cluster, wait_until_answered


@pytest.mark.parametrize(("name", "other_name"), [("ns1", "ns2"), ("ns2", "ns1")])
def test_everything_comes_back_after_a_reboot(cluster: Cluster, name: str, other_name: str) -> None:
    host, other = cluster.lab.hosts[name], cluster.lab.hosts[other_name]
    domain = f"reboot-{name}.example"
    cluster.make_zone(domain)
    with questions.of_dns(other, f"www.{domain}") as asked:
        host.reboot()
        wait_until_answered(host, f"www.{domain}", "A", "192.0.2.1")
    assert not asked.lost
    cluster.make_zone(f"after-{domain}")
