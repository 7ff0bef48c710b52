"""Set up hosts: new ones, with the previous release and then this one or directly, and later additions.

Each step is one function, run once; it returns what it observed, and the tests check that.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from tests.appliance import Client
from tests.cluster import query_loops
from tests.cluster.cluster import API_PORT, Cluster, tunnel
from tests.cluster.lab import Lab
from tests.cluster.lost_hosts import nightly_backup, secured_zone
from tests.cluster.playbook import INVENTORY, ROOT, Playbook, PlayResult
from tests.cluster.query_loops import QueryLoop
from tests.pair import LOOPBACK

ZONES = 30
LEFT = "ls -d /etc/bind /etc/dns-appliance /opt/dns-appliance /etc/systemd/system/dns-appliance* 2>/dev/null"


@dataclass(frozen=True, slots=True)
class FirstPlays:
    """Runs of the playbook on new hosts without uplink: in check mode, after an interrupted run, and again.

    `left_by_check` are files that check mode left. `rejected` is the number of rejected connections of hosts, and
    `rejected_later` the same after a host tried one.
    """

    checked: PlayResult
    first: PlayResult
    second: PlayResult
    left_by_check: str
    rejected: int
    rejected_later: int


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The release before the upgrade, and what happened during it: queries to both nameservers and to the API.

    `stored` are the names of the records that the API stored in the zone upgrade.example.
    """

    cluster: Cluster
    before: str
    ns1: QueryLoop
    ns2: QueryLoop
    api: QueryLoop
    stored: list[str]


def variables(**values: object) -> tuple[str, str]:
    """Return the options of the playbook that set these variables."""
    return ("--extra-vars", json.dumps(values))


def play_first(lab: Lab, playbook: Playbook, wheels: Path) -> FirstPlays:
    """Install those wheels on new hosts ns1 and ns2."""
    lab.boot(("ns1", "ns2"))
    options = variables(appliance_wheelhouse=str(wheels), machine_update_package_lists=False)
    with lab.network.without_uplink() as rejected:
        checked = playbook.play("--check", "--diff", *options)
        left = "".join(host.ssh(f"{LEFT} || true").output for host in lab.hosts.values())
        playbook.play_until("Install the wheels", *options)
        first = playbook.play("-vvv", "--diff", *options)
        second = playbook.play(*options)
        attempts = rejected()
        lab.hosts["ns1"].ssh("getent hosts pypi.org", status=(2,))
        return FirstPlays(checked, first, second, left, attempts, rejected())


def upgrade(cluster: Cluster) -> Upgrade:
    """Upgrade ns1 to the release of this checkout, while clients query and change a zone of the previous one."""
    before, stored = cluster.installed, list[str]()
    zone = cluster.create_zone("upgrade.example")
    ns1, ns2 = (query_loops.dns_queries(host, "www.upgrade.example") for host in (cluster.ns1, cluster.ns2))
    with (
        tunnel(cluster.ns1, API_PORT) as port,
        query_loops.http_requests(f"http://{LOOPBACK}:{port}/healthz") as api,
        query_loops.record_writes(Client(f"http://{LOOPBACK}:{port}", cluster.token), zone, stored),
        ns1,
        ns2,
    ):
        cluster.playbook.play("--limit", "primary")
    return Upgrade(cluster, before, ns1, ns2, api, stored)


def install(lab: Lab, playbook: Playbook, *others: str) -> Cluster:
    """Install the release of this checkout on new hosts ns1, ns2 and others, and create zones, one of them signed."""
    lab.boot(("ns1", "ns2", *others))
    playbook.play(*variables(machine_update_package_lists=False))
    cluster = Cluster(lab, playbook)
    with cluster.api() as api:
        for zone in [api.zone(f"early-{number}.example") for number in range(ZONES)]:
            api.wait_until_live(zone)
        secured_zone(api, "early-signed.example")
    nightly_backup(cluster.ns1)  # without one, `doctor` reports that no backup has its keys
    return cluster


def grow(cluster: Cluster, package: Path, folder: Path) -> PlayResult:
    """Add a third nameserver, TLS, and the package in place of the wheels, all in one run; return the next run.

    Before that, change by hand what the playbook has set up on ns2.
    """
    playbook = Playbook(cluster.lab.folder, inventory_of_three(folder))
    cluster.lab.boot(["ns3"])
    cluster.ns2.sudo("systemctl disable --now named && chmod 0666 /etc/bind/named.conf")
    options = variables(front_door_enabled=True, front_door_self_signed=True, appliance_package=str(package))
    playbook.play(*options)
    return playbook.play(*options)


def inventory_of_three(folder: Path) -> str:
    """Write an inventory with a third nameserver to the folder, and return its path."""
    text = (ROOT / INVENTORY / "hosts.yml").read_text()
    assert text.count("# ns3:") == 1
    inventory = folder / "hosts.yml"
    inventory.write_text(text.replace("# ns3:", "ns3:"))
    return str(inventory)


def promoted(lab: Lab, folder: Path) -> Playbook:
    """Return the playbook with ns2 as the primary of ns3, and without ns1."""
    text = (ROOT / INVENTORY / "hosts.yml").read_text()
    ns1, ns2, ns3 = re.findall(r"ns\d: [{].*[}]", text)
    text = text.replace(f"# {ns3}", "").replace(ns2, ns3).replace(ns1, ns2)
    inventory = folder / "promoted.yml"
    inventory.write_text(text.replace("10.53.0.11:5303", "10.53.0.12:5303"))
    return Playbook(lab.folder, str(inventory))
