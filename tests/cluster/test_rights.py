"""Permissions on ns1, tested as the users of the units and inside the sandboxes of the units."""

from __future__ import annotations

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.host import ANY_STATUS

API = "dns-appliance-api"
DEPLOYER = "dns-appliance-deployer"
UPDATES = "dns-appliance-updates"
ZONES = "/var/lib/bind/dns-appliance"
STORE = "/var/lib/dns-appliance/store.sqlite3"
KEYS = tuple(f"/etc/dns-appliance/{name}.key" for name in ("rndc", "transfer", "update"))
UNITS = tuple(f"dns-appliance-{name}.service" for name in ("api", "deployer", "updates", "backup"))
EXPOSURE = 2.0
AS_UNIT = """
of() {{ sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status"; }}
pid=$(systemctl show --property MainPID --value {unit}.service)
nsenter --mount --target "$pid" setpriv --no-new-privs --bounding-set=-all --reuid "$(of Uid | cut -f1)" \\
    --regid "$(of Gid | cut -f1)" --groups "$(of Groups | tr " " , | sed s/,$//)" sh -c '{command}'
"""


def allowed(cluster: Cluster, unit: str, command: str) -> bool:
    """Return True if the command succeeds in the sandbox of that unit, as its user and with its groups."""
    return cluster.ns1.sudo(AS_UNIT.format(unit=unit, command=command), status=ANY_STATUS).status == 0


@pytest.mark.parametrize("key", KEYS)
def test_the_api_reads_no_key(cluster: Cluster, key: str) -> None:
    assert cluster.ns1.sudo(f"test -s {key}").status == 0
    assert not allowed(cluster, API, f"cat {key}")
    without_sandbox = f"setpriv --reuid {API} --regid dns-appliance --init-groups cat {key}"
    assert "Permission denied" in cluster.ns1.sudo(f"LC_ALL=C {without_sandbox} 2>&1", status=(1,)).output


@pytest.mark.parametrize("key", KEYS)
def test_the_deployer_reads_the_keys_and_writes_none(cluster: Cluster, key: str) -> None:
    assert allowed(cluster, DEPLOYER, f"cat {key}")
    assert not allowed(cluster, DEPLOYER, f"echo >>{key}")


def test_the_api_writes_no_zone_file(cluster: Cluster) -> None:
    assert allowed(cluster, DEPLOYER, f"touch {ZONES}/test && rm {ZONES}/test")
    assert not allowed(cluster, API, f"touch {ZONES}/test")
    assert not allowed(cluster, API, f"for file in {ZONES}/*.zone; do echo >>$file && exit 0; done; exit 1")


@pytest.mark.parametrize("user", [API, DEPLOYER])
def test_neither_changes_settings_program_or_configuration(cluster: Cluster, user: str) -> None:
    for path in ("/etc/dns-appliance/config.toml", "/etc/bind/named.conf", "/opt/dns-appliance/current/bin/python"):
        assert not allowed(cluster, user, f"test -w {path}")


def test_the_listener_for_updates_reads_no_key_and_writes_only_the_store(cluster: Cluster) -> None:
    assert not any(allowed(cluster, UPDATES, f"cat {key}") for key in KEYS)
    assert not allowed(cluster, UPDATES, f"touch {ZONES}/test || test -w /etc/dns-appliance/config.toml")
    assert allowed(cluster, UPDATES, f"test -w {STORE}")


@pytest.mark.parametrize("user", [API, DEPLOYER])
def test_both_may_write_the_store(cluster: Cluster, user: str) -> None:
    assert allowed(cluster, user, f"test -w {STORE}")


def test_other_users_cannot_read_files(cluster: Cluster) -> None:
    for path in (*KEYS, "/etc/dns-appliance/config.toml", "/etc/bind/named.conf", STORE):
        assert cluster.ns1.ssh(f"cat {path}", status=(1,)).status == 1
    for host in (cluster.ns1, cluster.ns2):
        assert host.ssh(f"ls {ZONES}/", status=(2,)).status == 2


def test_a_secondary_has_only_the_transfer_key(cluster: Cluster) -> None:
    transfer, *others = (
        cluster.ns1.sudo(f'grep -o \'"[^"]*="\' /etc/dns-appliance/{name}.key').output.strip()
        for name in ("transfer", "rndc", "update")
    )
    configuration = cluster.ns2.sudo("cat /etc/bind/named.conf").output
    assert transfer in configuration
    assert not [secret for secret in others if secret in configuration]
    assert cluster.ns2.ssh("cat /etc/bind/named.conf", status=(1,)).status == 1
    assert cluster.ns2.ssh("ls /etc/dns-appliance", status=(2,)).status == 2


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_has_low_exposure_and_is_valid(cluster: Cluster, unit: str) -> None:
    last = cluster.ns1.sudo(f"systemd-analyze --no-pager security {unit}").output.strip().splitlines()[-1]
    assert float(last.partition(": ")[2].split()[0]) < EXPOSURE, last
    assert cluster.ns1.sudo(f"systemd-analyze verify {unit}").output == ""


@pytest.mark.parametrize("unit", [API, DEPLOYER, UPDATES, "named"])
def test_no_service_was_restarted(cluster: Cluster, unit: str) -> None:
    assert cluster.ns1.ssh(f"systemctl show --property NRestarts --value {unit}").output.strip() == "0"
