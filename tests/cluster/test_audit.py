"""The deployer's audit, which compares whole zones in a process of its own, from a minute after its start."""

from __future__ import annotations

from appliance.deploy.verification.comparing_process import NICENESS
from tests.cluster.cluster import DEPLOYER, Cluster, child_processes, main_process
from tests.pair import wait_for


def test_the_audit_compares_zones_on_both(cluster: Cluster) -> None:
    names = {f'dns_appliance_audited_zones_total{{nameserver="{name}.cluster.test"}}' for name in ("ns1", "ns2")}
    wait_for(lambda: names <= cluster.metrics.keys(), "whole zones are compared", 90)
    processes = child_processes(cluster.ns1, main_process(cluster.ns1, DEPLOYER))
    files = " ".join(f"/proc/{process}/stat" for process in processes)
    assert (
        str(NICENESS)
        in cluster.ns1.sudo(f"cut --delimiter=' ' --fields=19 {files} 2>/dev/null", status=(0, 1)).output.split()
    )
