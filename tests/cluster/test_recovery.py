"""The host of the primary is lost. A fresh one, the playbook and last night's backup take its place."""

from __future__ import annotations

from pathlib import Path

from tests.cluster import questions
from tests.cluster.cluster import PROGRAM, Cluster, serial, wait_until_answered, wait_until_content
from tests.cluster.host import Host
from tests.cluster.lab import Lab
from tests.pair import wait_for

TIMER = "dns-appliance-backup.timer"
NOW = f"/run/systemd/system/{TIMER}.d"
BACKUPS = "/var/backups/dns-appliance"


def test_a_fresh_primary_with_a_backup_takes_the_place_of_a_lost_one(
    cluster: Cluster, lab: Lab, tmp_path: Path
) -> None:
    with cluster.api() as api:
        zone = api.zone("recovery.example")
        api.record(zone, "A", "www", "192.0.2.1")
        api.wait_until_live(zone)
    backup = cluster.ns1.fetch(backup_of_the_night(cluster.ns1), tmp_path)
    before = serial(cluster.ns2, "recovery.example")
    token = cluster.token
    with questions.of_dns(cluster.ns2, "www.recovery.example") as asked:
        lab.remove("ns1")
        lab.boot(["ns1"])
        cluster.playbook.play()
        restore(cluster.ns1, backup)
        wait_until_answered(cluster.ns1, "www.recovery.example", "A", "192.0.2.1", seconds=90)
        wait_for(lambda: len({serial(host, "recovery.example") for host in lab.hosts.values()}) == 1, "one serial")
    assert not asked.lost
    after = serial(cluster.ns2, "recovery.example")
    assert before is not None
    assert after is not None
    assert after >= before
    assert cluster.token == token
    with cluster.api() as api:
        api.record(zone, "A", "after", "192.0.2.2")
        wait_until_answered(cluster.ns2, "after.recovery.example", "A", "192.0.2.2", seconds=60)
    wait_until_content(cluster.ns1)


def backup_of_the_night(host: Host) -> str:
    """Have the timer come to its hour at once; the path of the backup that its unit made."""
    settings = "[Timer]\nOnActiveSec=0\nAccuracySec=1ms\nRandomizedDelaySec=0\n"
    before = set(backups(host))
    host.sudo(f"mkdir -p {NOW} && printf '{settings}' >{NOW}/now.conf")
    host.sudo(f"systemctl daemon-reload && systemctl restart {TIMER}")
    wait_for(lambda: set(backups(host)) - before, "a backup")
    host.sudo(f"rm -r {NOW} && systemctl daemon-reload && systemctl restart {TIMER}")
    (made,) = set(backups(host)) - before
    return made


def backups(host: Host) -> list[str]:
    """The paths of the backups that the unit made."""
    return host.sudo(f"find {BACKUPS} -type f -name '*.sqlite3'").output.split()


def restore(host: Host, backup: Path) -> None:
    """Restore a backup, as docs/recovery.md says."""
    host.bring(backup)
    host.sudo("systemctl stop dns-appliance-api dns-appliance-deployer")
    host.sudo(f"{PROGRAM} restore /home/admin/{backup.name}")
    host.sudo("systemctl start dns-appliance-api dns-appliance-deployer")
