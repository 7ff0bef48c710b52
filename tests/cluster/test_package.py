"""The Debian package on a new host: installation, settings, reboot, reinstallation, and removal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.cluster import answer, findings, wait_until_answered
from tests.cluster.host import Host
from tests.cluster.lab import Lab
from tests.cluster.releases import PACKAGE
from tests.pair import wait_for

NAME = "ns8"
DEPENDENCIES = "bind9 bind9-utils python3-venv"
EXAMPLE = "/usr/share/doc/dns-appliance/examples/config.toml"
SETTINGS = "/etc/dns-appliance/config.toml"
ONLY_WARNING = [f"{NAME}.cluster.test is the only nameserver"]
UNITS = "dns-appliance-api dns-appliance-deployer named"


@pytest.fixture(scope="module")
def host(lab: Lab) -> Iterator[Host]:
    """A new host with the package and its dependencies."""
    lab.boot([NAME])
    host = lab.hosts[NAME]
    host.upload(PACKAGE)
    host.sudo(f"apt-get install --quiet --yes --no-install-recommends {DEPENDENCIES}")
    host.sudo(f"dpkg --install ./{PACKAGE.name}")
    yield host
    lab.remove(NAME)


def test_doctor_says_what_a_new_host_needs(host: Host) -> None:
    found = host.sudo("dns-appliance doctor", status=(1,)).output
    assert "no settings: /etc/dns-appliance/config.toml does not exist" in found
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
    wait_for(
        lambda: [finding.what for finding in findings(host)] == ONLY_WARNING,
        "doctor misses only a secondary",
    )


def test_it_comes_back_after_a_reboot(host: Host) -> None:
    host.reboot()
    wait_until_answered(host, "package.example", "NS", f"{NAME}.cluster.test.")
    assert host.ssh(f"systemctl is-active {UNITS}").output.split() == ["active"] * 3


def test_reinstalled_it_still_works(host: Host) -> None:
    host.sudo(f"dpkg --install ./{PACKAGE.name}")
    wait_for(
        lambda: [finding.what for finding in findings(host)] == ONLY_WARNING,
        "doctor misses only a secondary",
    )


def test_purged_it_leaves_data_and_zones(host: Host) -> None:
    host.sudo("apt-get purge --quiet --yes dns-appliance")
    host.sudo("test ! -e /opt/dns-appliance && test -s /var/lib/dns-appliance/store.sqlite3")
    assert answer(host, "package.example", "NS")
