"""`doctor` on a real host: content when all is well, precise about what somebody broke, and right about the remedy."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.cluster.cluster import API, DEPLOYER, Cluster, Complaint, complaints, wait_until_content

ETC = "/etc/dns-appliance"
ZONES = "/var/lib/bind/dns-appliance"
PROFILE = "/etc/apparmor.d/usr.sbin.named"


@dataclass(frozen=True, slots=True)
class Breaking:
    """What somebody did, the check that shall name it, with these words; how it is undone, where not as told."""

    fault: str
    check: str
    words: str
    undo: str = ""


# What hides nothing of each other is broken at once.
BREAKINGS = {
    "modes, owners and AppArmor": (
        Breaking(f"chmod 0644 {ETC}/rndc.key", "rights", f"{ETC}/rndc.key is 0644"),
        Breaking(f"chmod 0644 {ETC}/config.toml", "rights", f"{ETC}/config.toml is 0644"),
        Breaking(f"chown root {ZONES}", "rights", f"{ZONES} is"),
        Breaking(
            f"sed -i.kept s,/var/lib/bind,/var/lib/elsewhere, {PROFILE}",
            "apparmor",
            ZONES,
            f"mv {PROFILE}.kept {PROFILE}",
        ),
    ),
    "a stopped deployer": (Breaking(f"systemctl stop {DEPLOYER}", "units", f"{DEPLOYER} is inactive"),),
    "the other units": (
        Breaking(f"systemctl stop {API}", "units", f"{API} is inactive"),
        Breaking("systemctl stop named", "units", "named.service is inactive"),
        Breaking("systemctl stop dns-appliance-backup.timer", "units", "dns-appliance-backup.timer is inactive"),
    ),
}


def test_it_is_content_with_what_the_playbook_made(cluster: Cluster) -> None:
    wait_until_content(cluster.ns1)


@pytest.mark.parametrize("name", BREAKINGS)
def test_it_names_what_is_broken_and_how_it_is_mended(cluster: Cluster, name: str) -> None:
    breakings = BREAKINGS[name]
    cluster.ns1.sudo(" && ".join(breaking.fault for breaking in breakings))
    found = complaints(cluster.ns1)
    named = {breaking: [one for one in found if names(one, breaking)] for breaking in breakings}
    mends = [breaking.undo or one.mend.partition(";")[0] for breaking, ones in named.items() for one in ones]
    cluster.ns1.sudo(" && ".join(mends))
    wait_until_content(cluster.ns1)
    assert [len(ones) for ones in named.values()] == [1] * len(found), found


def names(complaint: Complaint, breaking: Breaking) -> bool:
    """Is it the one about that?"""
    return complaint.check == breaking.check and breaking.words in complaint.what
