"""Services under systemd: own users, restart after a kill or a hang, and limited logs."""

from __future__ import annotations

import json

import pytest

from tests.cluster.cluster import (
    API,
    DEPLOYER,
    UPDATES,
    Cluster,
    child_processes,
    main_process,
    rcode,
    unit_property,
)
from tests.cluster.host import Host
from tests.pair import wait_for

USERS = {
    API: "dns-appliance-api",
    DEPLOYER: "dns-appliance-deployer",
    UPDATES: "dns-appliance-api",
    "named.service": "bind",
}
TIMER = "dns-appliance-backup.timer"
JOURNAL_SIZE_MESSAGE = "ec387f577b844b8fa948f33cad9a75e6"
LIMIT = 1 << 30
SERVER_PROCESSES = 2
"""Of the inventory."""


@pytest.mark.parametrize("unit", USERS)
def test_a_service_has_a_user_of_its_own(cluster: Cluster, unit: str) -> None:
    owner = cluster.ns1.sudo(f"stat --format %U /proc/{main_process(cluster.ns1, unit)}").output.strip()
    assert owner == USERS[unit]


def test_a_killed_service_is_restarted(cluster: Cluster) -> None:
    killed = {unit: main_process(cluster.ns1, unit) for unit in USERS}
    cluster.ns1.sudo(f"kill -KILL {' '.join(map(str, killed.values()))}")
    wait_until_restarted(cluster.ns1, killed)
    assert rcode(cluster.ns1, "nobody.example") == "REFUSED"


def test_a_killed_server_process_is_replaced_while_the_service_goes_on(cluster: Cluster) -> None:
    service = main_process(cluster.ns1, API)
    former = child_processes(cluster.ns1, service)
    assert len(former) == SERVER_PROCESSES
    killed = min(former)
    cluster.ns1.sudo(f"kill -KILL {killed}")
    wait_for(lambda: len(child_processes(cluster.ns1, service) - {killed}) == SERVER_PROCESSES, "a new server process")
    with cluster.api() as api:
        api.expect(200, "GET", "/dns-zones/")
    assert main_process(cluster.ns1, API) == service


def test_a_hanging_service_is_restarted(cluster: Cluster) -> None:
    watched = (API, DEPLOYER, UPDATES)
    assert {unit_property(cluster.ns1, unit, "WatchdogUSec") for unit in watched} == {"2min"}
    drop_in = "mkdir -p {folder} && printf '[Service]\nWatchdogSec=5\n' >{folder}/watchdog.conf"
    folders = [f"/run/systemd/system/{unit}.d" for unit in watched]
    cluster.ns1.sudo(" && ".join(drop_in.format(folder=folder) for folder in folders))
    cluster.ns1.sudo(f"systemctl daemon-reload && systemctl restart {' '.join(watched)}")
    stopped = {unit: main_process(cluster.ns1, unit) for unit in watched}
    cluster.ns1.sudo(f"kill -STOP {' '.join(map(str, stopped.values()))}")
    wait_until_restarted(cluster.ns1, stopped)
    cluster.ns1.sudo(f"rm -r {' '.join(folders)} && systemctl daemon-reload")
    for unit in watched:
        log = cluster.ns1.sudo(f"journalctl --unit {unit} --boot --output cat").output
        assert "Watchdog timeout" in log


@pytest.mark.parametrize("name", ["ns1", "ns2"])
def test_the_journal_has_its_limit_and_contains_all_logs(cluster: Cluster, name: str) -> None:
    host = cluster.lab.hosts[name]
    messages = host.sudo(f"journalctl --output json MESSAGE_ID={JOURNAL_SIZE_MESSAGE}").output.splitlines()
    limits = [int(line["MAX_USE"]) for line in map(json.loads, messages) if line["JOURNAL_NAME"] == "System Journal"]
    assert limits[-1] == LIMIT
    assert host.sudo("find /var/log /var/lib /var/cache/bind -name '*.log*' -newer /etc/bind/named.conf").output == ""


def test_a_backup_is_due_every_night(cluster: Cluster) -> None:
    assert "OnCalendar=*-*-* 02:30:00" in unit_property(cluster.ns1, TIMER, "TimersCalendar")
    assert unit_property(cluster.ns1, TIMER, "Unit") == "dns-appliance-backup.service"
    assert cluster.ns1.ssh(f"systemctl is-enabled {TIMER} && systemctl is-active {TIMER}").output.split() == [
        "enabled",
        "active",
    ]


def wait_until_restarted(host: Host, former: dict[str, int]) -> None:
    """Wait until systemd has restarted each of these units, with a new main process."""

    def is_restarted(unit: str) -> bool:
        return (
            main_process(host, unit) not in (0, former[unit]) and unit_property(host, unit, "ActiveState") == "active"
        )

    for unit in former:
        wait_for(lambda unit=unit: is_restarted(unit), f"{unit} is restarted", 60)  # type: ignore[misc]
        assert int(unit_property(host, unit, "NRestarts")) == 1
