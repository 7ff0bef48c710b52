"""A third nameserver: one line of the inventory and another run of the playbook, even one that was interrupted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.appliance import Client
from tests.cluster.cluster import Cluster, answer, serial, wait_until_answered
from tests.cluster.lab import Lab
from tests.cluster.playbook import INVENTORY, ROOT, Playbook

NAMES = frozenset({"ns1.cluster.test.", "ns2.cluster.test."})


@pytest.fixture(scope="module")
def grown(cluster: Cluster, lab: Lab, playbook: Playbook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An inventory with a line more, played on a fresh ns3 with a kill on the way; afterwards ns3 is let go."""
    text = (ROOT / INVENTORY / "hosts.yml").read_text()
    assert text.count("# ns3:") == 1
    inventory = tmp_path_factory.mktemp("grown") / "hosts.yml"
    inventory.write_text(text.replace("# ns3:", "ns3:"))
    lab.boot(["ns3"])
    playbook.play_until("Let signals reload and stop named", "-v", inventory=str(inventory))
    playbook.play(inventory=str(inventory))
    yield str(inventory)
    playbook.play()
    lab.remove("ns3")


def test_after_a_killed_play_the_next_makes_it_whole(grown: str, playbook: Playbook) -> None:
    assert playbook.play(inventory=grown).changed == {"ns1": 0, "ns2": 0, "ns3": 0}


def test_it_answers_all_zones_old_and_new(grown: str, cluster: Cluster, api: Client) -> None:
    api.wait_until_live(api.zone("new-for-three.example"))
    for zone in api.expect(200, "GET", "/dns-zones/?page_size=100"):
        wait_until_answered(
            cluster.lab.hosts["ns3"], zone["domain"], "SOA", *answer(cluster.ns1, zone["domain"], "SOA")
        )


def test_it_is_in_the_ns_set_of_every_zone(grown: str, cluster: Cluster, api: Client) -> None:
    for zone in api.expect(200, "GET", "/dns-zones/?page_size=100"):
        for host in cluster.lab.hosts.values():
            wait_until_answered(host, zone["domain"], "NS", *NAMES, "ns3.cluster.test.")


def test_a_write_is_live_when_all_three_serve_it(grown: str, cluster: Cluster, api: Client) -> None:
    zone = api.zone("three.example")
    seen = api.wait_until_live(zone)
    assert [server["name"] for server in seen["nameservers"]] == [
        "ns1.cluster.test",
        "ns2.cluster.test",
        "ns3.cluster.test",
    ]
    assert len({serial(host, "three.example") for host in cluster.lab.hosts.values()}) == 1
