"""Replace the lost host of the primary with a new one, by the playbook and the nightly backup."""

from __future__ import annotations

from pathlib import Path

from tests.cluster import query_loops
from tests.cluster.cluster import PROGRAM, Cluster, serial, wait_until_answered, wait_until_healthy
from tests.cluster.host import Host
from tests.cluster.lab import Lab
from tests.pair import wait_for

TIMER = "dns-appliance-backup.timer"
DROP_IN = f"/run/systemd/system/{TIMER}.d"
BACKUPS = "/var/backups/dns-appliance"


def test_a_new_primary_with_a_backup_replaces_a_lost_one(cluster: Cluster, lab: Lab, tmp_path: Path) -> None:
    with cluster.api() as api:
        zone = api.zone("recovery.example")
        api.record(zone, "A", "www", "192.0.2.1")
        api.wait_until_live(zone)
    backup = cluster.ns1.fetch(nightly_backup(cluster.ns1), tmp_path)
    before = serial(cluster.ns2, "recovery.example")
    token = cluster.token
    with query_loops.dns_queries(cluster.ns2, "www.recovery.example") as queries:
        lab.remove("ns1")
        lab.boot(["ns1"])
        cluster.playbook.play()
        restore(cluster.ns1, backup)
        wait_until_answered(cluster.ns1, "www.recovery.example", "A", "192.0.2.1", seconds=90)
        wait_for(lambda: len({serial(host, "recovery.example") for host in lab.hosts.values()}) == 1, "one serial")
    assert not queries.failures
    after = serial(cluster.ns2, "recovery.example")
    assert before is not None
    assert after is not None
    assert after >= before
    assert cluster.token == token
    with cluster.api() as api:
        api.record(zone, "A", "after", "192.0.2.2")
        wait_until_answered(cluster.ns2, "after.recovery.example", "A", "192.0.2.2", seconds=60)
    wait_until_healthy(cluster.ns1)


def nightly_backup(host: Host) -> str:
    """Trigger the timer now, and return the path of the backup that its unit created."""
    settings = "[Timer]\nOnActiveSec=0\nAccuracySec=1ms\nRandomizedDelaySec=0\n"
    before = set(backups(host))
    host.sudo(f"mkdir -p {DROP_IN} && printf '{settings}' >{DROP_IN}/now.conf")
    host.sudo(f"systemctl daemon-reload && systemctl restart {TIMER}")
    wait_for(lambda: set(backups(host)) - before, "a backup")
    host.sudo(f"rm -r {DROP_IN} && systemctl daemon-reload && systemctl restart {TIMER}")
    (created,) = set(backups(host)) - before
    return created


def backups(host: Host) -> list[str]:
    """Return the paths of all backups."""
    return host.sudo(f"find {BACKUPS} -type f -name '*.sqlite3'").output.split()


def restore(host: Host, backup: Path) -> None:
    """Restore a backup as described in docs/recovery.md."""
    host.upload(backup)
    host.sudo("systemctl stop dns-appliance-api dns-appliance-deployer dns-appliance-updates")
    host.sudo(f"{PROGRAM} restore /home/admin/{backup.name}")
    host.sudo("systemctl start dns-appliance.target")
