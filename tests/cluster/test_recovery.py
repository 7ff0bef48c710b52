"""The host of the primary is lost. A fresh one, the playbook and last night's backup take its place."""

from __future__ import annotations

from pathlib import Path

from appliance.nameserver.commands import run
from tests.cluster import questions
from tests.cluster.cluster import Cluster, serial, wait_until_answered
from tests.cluster.lab import Lab
from tests.pair import wait_for

BACKUP = "/root/backup.sqlite3"


def test_a_fresh_primary_with_a_backup_takes_the_place_of_a_lost_one(
    cluster: Cluster, lab: Lab, tmp_path: Path
) -> None:
    with cluster.api() as api:
        zone = api.zone("recovery.example")
        api.record(zone, "A", "www", "192.0.2.1")
        api.wait_until_live(zone)
    kept = bring_backup(cluster, tmp_path / "backup.sqlite3")
    before = serial(cluster.ns2, "recovery.example")
    token = cluster.token
    with questions.of_dns(cluster.ns2, "www.recovery.example", "192.0.2.1") as asked:
        lab.hosts["ns1"].cut_power()
        lab.remove("ns1")
        lab.boot(["ns1"])
        cluster.playbook.play()
        restore(cluster, kept)
        wait_until_answered(cluster.ns1, "www.recovery.example", "A", "192.0.2.1", seconds=90)
        wait_for(lambda: len({serial(host, "recovery.example") for host in lab.hosts.values()}) == 1, "one serial")
    assert asked.lost == 0
    after = serial(cluster.ns2, "recovery.example")
    assert before is not None
    assert after is not None
    assert after >= before
    assert cluster.token == token
    with cluster.api() as api:
        api.record(zone, "A", "after", "192.0.2.2")
        wait_until_answered(cluster.ns2, "after.recovery.example", "A", "192.0.2.2", seconds=60)
    wait_for(lambda: not cluster.complaints(), "doctor has no complaint", 90)


def bring_backup(cluster: Cluster, file: Path) -> Path:
    """Take a backup on ns1 and bring it here."""
    cluster.appliance(f"backup {BACKUP}")
    cluster.ns1.sudo(f"install -o admin {BACKUP} /home/admin/backup.sqlite3")
    run(("scp", *cluster.ns1.ssh_words()[1:-1], f"{cluster.ns1.ssh_words()[-1]}:backup.sqlite3", str(file)), timeout=60)
    return file


def restore(cluster: Cluster, file: Path) -> None:
    """Bring a backup to ns1 and restore it, as docs/recovery.md says."""
    run(("scp", *cluster.ns1.ssh_words()[1:-1], str(file), f"{cluster.ns1.ssh_words()[-1]}:backup.sqlite3"), timeout=60)
    cluster.ns1.sudo("systemctl stop dns-appliance-api dns-appliance-deployer")
    cluster.appliance("restore /home/admin/backup.sqlite3")
    cluster.ns1.sudo("systemctl start dns-appliance-api dns-appliance-deployer")
