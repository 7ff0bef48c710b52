"""How the hosts come to what the checks find: fresh ones, the release before, this one, and what is added later.

Each step is one function, done once, and tells what it saw on its way; the checks judge that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import questions
from tests.cluster.cluster import API_PORT, Cluster, tunnel
from tests.cluster.lab import Lab
from tests.cluster.playbook import INVENTORY, ROOT, Playbook, Played
from tests.cluster.questions import Questions
from tests.pair import LOOPBACK

LEFT = "ls -d /etc/bind /etc/dns-appliance /opt/dns-appliance /etc/systemd/system/dns-appliance* 2>/dev/null"


@dataclass(frozen=True, slots=True)
class FirstPlays:
    """What the playbook said of fresh hosts that reach nobody: in check mode, after one that was killed, and again.

    `left_by_check` are the files that check mode left; `refused` is how often a host tried to reach somebody, and
    `refused_then` the same once one was made to try.
    """

    checked: Played
    first: Played
    second: Played
    left_by_check: str
    refused: int
    refused_then: int


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The release that was there before, and those who asked meanwhile: for a name, and the API for a sign of life."""

    cluster: Cluster
    before: str
    ns1: Questions
    ns2: Questions
    api: Questions


@dataclass(frozen=True, slots=True)
class Growth:
    """The playbook with a line more in its inventory, and what it said the second time."""

    playbook: Playbook
    again: Played


def variables(**given: object) -> tuple[str, str]:
    """The options of a play with these variables."""
    return ("--extra-vars", json.dumps(given))


def play_first(lab: Lab, playbook: Playbook, wheels: Path) -> FirstPlays:
    """Bring those wheels to fresh hosts, ns1 and ns2."""
    lab.boot(("ns1", "ns2"))
    options = variables(appliance_wheelhouse=str(wheels), machine_update_package_lists=False)
    with lab.network.without_way_out() as refused:
        checked = playbook.play("--check", "--diff", *options)
        left = "".join(host.ssh(f"{LEFT} || true").output for host in lab.hosts.values())
        playbook.play_until("Install the wheels", *options)
        first = playbook.play("-vvv", "--diff", *options)
        second = playbook.play(*options)
        tried = refused()
        lab.hosts["ns1"].ssh("getent hosts pypi.org", status=(2,))
        return FirstPlays(checked, first, second, left, tried, refused())


def upgrade(cluster: Cluster) -> Upgrade:
    """Bring the release of this checkout to ns1, while everyone asks for a zone that the one before has."""
    before = cluster.installed
    cluster.make_zone("upgrade.example")
    ns1, ns2 = (questions.of_dns(host, "www.upgrade.example") for host in (cluster.ns1, cluster.ns2))
    with tunnel(cluster.ns1, API_PORT) as port, questions.of_http(f"http://{LOOPBACK}:{port}/healthz") as api, ns1, ns2:
        cluster.playbook.play("--limit", "primary")
    return Upgrade(cluster, before, ns1, ns2, api)


def grow(cluster: Cluster, package: Path, folder: Path) -> Growth:
    """Add what operators add later, all at once: a third nameserver, TLS, and a package in place of the wheels.

    Before that somebody breaks what the playbook made of ns2.
    """
    text = (ROOT / INVENTORY / "hosts.yml").read_text()
    assert text.count("# ns3:") == 1
    inventory = folder / "hosts.yml"
    inventory.write_text(text.replace("# ns3:", "ns3:"))
    playbook = Playbook(cluster.lab.folder, str(inventory))
    cluster.lab.boot(["ns3"])
    cluster.ns2.sudo("systemctl disable --now named && chmod 0666 /etc/bind/named.conf")
    options = variables(front_door_enabled=True, front_door_self_signed=True, appliance_package=str(package))
    playbook.play(*options)
    return Growth(playbook, playbook.play(*options))
