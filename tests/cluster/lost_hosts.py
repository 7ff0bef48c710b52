"""What must outlive the loss of a host: the nightly backup, and a signed zone whose DS is at the parent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.addresses import Endpoint, Nameserver
from appliance.zones.names import parse_domain
from appliance.zones.signing import Ds
from tests.appliance import Client
from tests.cluster.cluster import PROGRAM, wait_until_answered
from tests.cluster.host import Host
from tests.delv import Validator
from tests.pair import wait_for

TIMER = "dns-appliance-backup.timer"
DROP_IN = f"/run/systemd/system/{TIMER}.d"
BACKUPS = "/var/backups/dns-appliance"


@dataclass(frozen=True, slots=True)
class SecuredZone:
    """A signed zone, and the DS that the parent zone has of its key."""

    domain: str
    ds: list[Ds]

    def resolver(self, host: Host, folder: Path) -> Validator:
        """Return a resolver that has the DS, and queries this host."""
        (own := folder / host.name).mkdir()
        server = Nameserver(host.name, Endpoint(host.address, 53))
        return Validator(server, parse_domain(self.domain), self.ds, own)

    def change(self, api: Client, *hosts: Host) -> None:
        """Change the zone; fail unless the hosts answer it, and the zone is as secured as it was, by the same key."""
        api.record({"uuid": self.domain}, "A", "after", "192.0.2.2")
        for host in hosts:
            wait_until_answered(host, f"after.{self.domain}", "A", "192.0.2.2", seconds=60)
        shown = api.expect(200, "GET", f"/dns-zones/{self.domain}/dnssec/")
        assert {key["key_tag"] for key in shown["keys"]} == {one.key_tag for one in self.ds}
        assert shown["state"] == "secured"


def secured_zone(api: Client, domain: str) -> SecuredZone:
    """Create a signed zone, wait until every nameserver serves it signed, and report its DS at the parent."""
    zone = api.expect(201, "POST", "/dns-zones/", {"domain": domain, "dnssec": True})
    api.record(zone, "A", "www", "192.0.2.1")
    path = f"/dns-zones/{domain}/dnssec/"
    wait_for(lambda: api.expect(200, "GET", path)["state"] == "ds-wait", "it is signed", 60)
    api.wait_until_live(zone)
    shown = api.expect(200, "POST", f"{path}confirm/", {"ds": "published"})
    assert shown["state"] == "secured"
    ds = [Ds(one["key_tag"], one["algorithm"], one["digest_type"], one["digest"]) for one in shown["ds"]]
    return SecuredZone(domain, ds)


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
