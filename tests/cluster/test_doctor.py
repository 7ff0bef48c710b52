"""`doctor` on a real host: no findings on a healthy host, exact findings for faults, and working repairs."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.cluster.cluster import API, DEPLOYER, UPDATES, Cluster, Finding, findings, wait_until_healthy

ETC = "/etc/dns-appliance"
ZONES = "/var/lib/bind/dns-appliance"
PROFILE = "/etc/apparmor.d/usr.sbin.named"


@dataclass(frozen=True, slots=True)
class Fault:
    """A command that breaks something, the check and words of its finding, and how to undo it if not by the repair."""

    command: str
    check: str
    words: str
    undo: str = ""


# Faults that do not hide each other are tested together.
FAULTS = {
    "modes, owners and AppArmor": (
        Fault(f"chmod 0644 {ETC}/rndc.key", "rights", f"{ETC}/rndc.key is 0644"),
        Fault(f"chmod 0644 {ETC}/config.toml", "rights", f"{ETC}/config.toml is 0644"),
        Fault(f"chown root {ZONES}", "rights", f"{ZONES} is"),
        Fault(
            f"sed -i.kept s,/var/lib/bind,/var/lib/elsewhere, {PROFILE}",
            "apparmor",
            ZONES,
            f"mv {PROFILE}.kept {PROFILE}",
        ),
    ),
    "a stopped listener": (Fault(f"systemctl disable --now {UPDATES}", "updates", "does not answer"),),
    "a stopped deployer": (Fault(f"systemctl stop {DEPLOYER}", "units", f"{DEPLOYER} is inactive"),),
    "the other units": (
        Fault(f"systemctl stop {API}", "units", f"{API} is inactive"),
        Fault("systemctl stop named", "units", "named.service is inactive"),
        Fault("systemctl stop dns-appliance-backup.timer", "units", "dns-appliance-backup.timer is inactive"),
    ),
}


def test_it_finds_nothing_after_the_playbook(cluster: Cluster) -> None:
    wait_until_healthy(cluster.ns1)


@pytest.mark.parametrize("name", FAULTS)
def test_it_names_the_fault_and_its_repair(cluster: Cluster, name: str) -> None:
    faults = FAULTS[name]
    cluster.ns1.sudo(" && ".join(fault.command for fault in faults))
    found = findings(cluster.ns1)
    named = {fault: [one for one in found if names(one, fault)] for fault in faults}
    repairs = [fault.undo or one.repair.partition(";")[0] for fault, ones in named.items() for one in ones]
    cluster.ns1.sudo(" && ".join(repairs))
    wait_until_healthy(cluster.ns1)
    assert [len(ones) for ones in named.values()] == [1] * len(found), found


def names(finding: Finding, fault: Fault) -> bool:
    """Return True if the finding is about that fault."""
    return finding.check == fault.check and fault.words in finding.what
