"""The Debian package on a host where nobody has been before: what it brings, what it asks for, and what it leaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.cluster import answer, complaints, wait_until_answered
from tests.cluster.host import Host
from tests.cluster.lab import Lab
from tests.cluster.releases import PACKAGE
from tests.pair import wait_for

NAME = "ns8"
NEEDED = "bind9 bind9-utils python3-venv"
EXAMPLE = "/usr/share/doc/dns-appliance/examples/config.toml"
SETTINGS = "/etc/dns-appliance/config.toml"
ALONE = [f"{NAME}.cluster.test is the only nameserver"]
UNITS = "dns-appliance-api dns-appliance-deployer named"


@pytest.fixture(scope="module")
def host(lab: Lab) -> Iterator[Host]:
    """A fresh host with the package, and what it needs from Debian."""
    lab.boot([NAME])
    made = lab.hosts[NAME]
    made.bring(PACKAGE)
    made.sudo(f"apt-get install --quiet --yes --no-install-recommends {NEEDED}")
    made.sudo(f"dpkg --install ./{PACKAGE.name}")
    yield made
    lab.remove(NAME)


def test_doctor_says_what_a_fresh_host_needs(host: Host) -> None:
    found = host.sudo("dns-appliance doctor", status=(1,)).output
    assert "there are no settings yet" in found
    assert EXAMPLE in found
    assert host.ssh("systemctl --failed --no-legend").output == ""


def test_with_settings_it_serves(host: Host) -> None:
    servers = f'nameservers = ["{NAME}.cluster.test={host.address}:53"]'
    host.sudo(
        f"install -m 0640 -g dns-appliance {EXAMPLE} {SETTINGS} && sed -i 's/^nameservers = .*/{servers}/' {SETTINGS}"
    )
    host.sudo("dns-appliance host prepare")
    conf = f"dns-appliance host named-conf {NAME}.cluster.test"
    host.sudo(f"{conf} | install -m 0640 -g bind /dev/stdin /etc/bind/named.conf")
    host.sudo("systemctl restart named && systemctl restart dns-appliance.target")
    host.sudo("dns-appliance account create operator@example.org")
    host.sudo("dns-appliance zone create package.example --account operator@example.org")
    wait_until_answered(host, "package.example", "NS", f"{NAME}.cluster.test.")
    wait_for(lambda: [complaint.what for complaint in complaints(host)] == ALONE, "doctor misses a secondary alone")


def test_it_comes_back_after_a_reboot(host: Host) -> None:
    host.reboot()
    wait_until_answered(host, "package.example", "NS", f"{NAME}.cluster.test.")
    assert host.ssh(f"systemctl is-active {UNITS}").output.split() == ["active"] * 3


def test_installed_again_it_goes_on(host: Host) -> None:
    host.sudo(f"dpkg --install ./{PACKAGE.name}")
    wait_for(lambda: [complaint.what for complaint in complaints(host)] == ALONE, "doctor misses a secondary alone")


def test_removed_and_purged_it_leaves_what_clients_wrote(host: Host) -> None:
    host.sudo("apt-get purge --quiet --yes dns-appliance")
    host.sudo("test ! -e /opt/dns-appliance && test -s /var/lib/dns-appliance/store.sqlite3")
    assert answer(host, "package.example", "NS")
