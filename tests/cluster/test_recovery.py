"""Replace the lost host of the primary with a new one, by the playbook and the nightly backup.

One of the zones is signed: resolvers that have its DS accept every answer, before, meanwhile and afterwards.
"""

from __future__ import annotations

from pathlib import Path

from tests.cluster import query_loops
from tests.cluster.cluster import Cluster, serial, wait_until_answered, wait_until_healthy
from tests.cluster.lab import Lab
from tests.cluster.lost_hosts import nightly_backup, restore, secured_zone
from tests.delv import Watch
from tests.pair import wait_for


def test_a_new_primary_with_a_backup_replaces_a_lost_one(cluster: Cluster, lab: Lab, tmp_path: Path) -> None:
    with cluster.api() as api:
        zone = api.zone("recovery.example")
        api.record(zone, "A", "www", "192.0.2.1")
        api.wait_until_live(zone)
        secured = secured_zone(api, "signed.example")
    resolvers = [secured.resolver(host, tmp_path) for host in (cluster.ns1, cluster.ns2)]
    token, watch = cluster.token, Watch(*resolvers)
    with query_loops.dns_queries(cluster.ns2, "www.recovery.example") as queries, watch.running():
        cluster.ns1.sudo("systemctl kill --signal=KILL named")
        backup = cluster.ns1.fetch(nightly_backup(cluster.ns1), tmp_path)
        before = serial(cluster.ns2, "recovery.example")
        lab.remove("ns1")
        lab.boot(["ns1"])
        cluster.playbook.play()
        restore(cluster.ns1, backup)
        wait_until_answered(cluster.ns1, "www.recovery.example", "A", "192.0.2.1", seconds=90)
        wait_for(lambda: len({serial(host, "recovery.example") for host in lab.hosts.values()}) == 1, "one serial")
        for resolver in resolvers:
            wait_for(lambda one=resolver: not one.faults(), "its answers are valid", 90)  # type: ignore[misc]
    assert not queries.failures
    assert watch.valid and not watch.faults
    after = serial(cluster.ns2, "recovery.example")
    assert before is not None
    assert after is not None
    assert after >= before
    assert cluster.token == token
    with cluster.api() as api:
        api.record(zone, "A", "after", "192.0.2.2")
        wait_until_answered(cluster.ns2, "after.recovery.example", "A", "192.0.2.2", seconds=60)
        secured.change(api, cluster.ns1, cluster.ns2)
    assert not [fault for one in resolvers for fault in one.faults()]
    wait_until_healthy(cluster.ns1)
