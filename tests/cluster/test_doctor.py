"""`doctor` on a real host: content when all is well, precise about what somebody broke, and right about the remedy."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.cluster.cluster import Cluster, complaints, wait_until_content
from tests.pair import wait_for

ETC = "/etc/dns-appliance"
ZONES = "/var/lib/bind/dns-appliance"
API, DEPLOYER = "dns-appliance-api.service", "dns-appliance-deployer.service"
PROFILE = "/etc/apparmor.d/usr.sbin.named"


@dataclass(frozen=True, slots=True)
class Breaking:
    """What somebody did, the check that shall name it, with these words; how it is undone, where not as told."""

    fault: str
    check: str
    words: str
    undo: str = ""


BREAKINGS = {
    "a key that all can read": Breaking(f"chmod 0644 {ETC}/rndc.key", "rights", f"{ETC}/rndc.key is 0644"),
    "settings that all can read": Breaking(f"chmod 0644 {ETC}/config.toml", "rights", f"{ETC}/config.toml is 0644"),
    "zone files of another user": Breaking(f"chown root {ZONES}", "rights", f"{ZONES} is"),
    "a stopped deployer": Breaking(f"systemctl stop {DEPLOYER}", "units", f"{DEPLOYER} is inactive"),
    "a stopped API": Breaking(f"systemctl stop {API}", "units", f"{API} is inactive"),
    "a stopped nameserver": Breaking("systemctl stop named", "units", "named.service is inactive"),
    "AppArmor in the way": Breaking(
        f"sed -i.kept s,/var/lib/bind,/var/lib/elsewhere, {PROFILE}", "apparmor", ZONES, f"mv {PROFILE}.kept {PROFILE}"
    ),
}


def test_it_is_content_with_what_the_playbook_made(cluster: Cluster) -> None:
    wait_until_content(cluster.ns1)


@pytest.mark.parametrize("name", BREAKINGS)
def test_it_names_what_is_broken_and_how_it_is_mended(cluster: Cluster, name: str) -> None:
    breaking = BREAKINGS[name]
    wait_until_content(cluster.ns1)
    cluster.ns1.sudo(breaking.fault)
    wait_for(lambda: complaints(cluster.ns1), "a complaint")
    (found,) = complaints(cluster.ns1)
    cluster.ns1.sudo(breaking.undo or found.mend.partition(";")[0])
    wait_until_content(cluster.ns1)
    assert (found.check, breaking.words in found.what) == (breaking.check, True), found
