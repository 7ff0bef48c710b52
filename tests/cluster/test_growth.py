"""A third nameserver: one line of the inventory and another run of the playbook, even one that was interrupted."""

from __future__ import annotations

import pytest

from tests.appliance import Client
from tests.cluster.cluster import Cluster, answer, serial, wait_until_answered, wait_until_content
from tests.cluster.playbook import INVENTORY, ROOT, Playbook

NAMES = frozenset({"ns1.cluster.test.", "ns2.cluster.test."})


@pytest.fixture(scope="module")
def grown(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Playbook:
    """The playbook with a line more in its inventory, played with a kill on the way."""
    text = (ROOT / INVENTORY / "hosts.yml").read_text()
    assert text.count("# ns3:") == 1
    inventory = tmp_path_factory.mktemp("grown") / "hosts.yml"
    inventory.write_text(text.replace("# ns3:", "ns3:"))
    playbook = Playbook(cluster.lab.folder, str(inventory))
    cluster.lab.boot(["ns3"])
    playbook.play_until("Let signals reload and stop named", "--limit", "secondaries")
    playbook.play()
    return playbook


def test_after_a_killed_play_the_next_makes_it_whole(grown: Playbook) -> None:
    assert grown.play().changed == {"ns1": 0, "ns2": 0, "ns3": 0}


def test_it_answers_all_zones_old_and_new(grown: Playbook, cluster: Cluster, api: Client) -> None:
    api.wait_until_live(api.zone("new-for-three.example"))
    for domain in domains(api):
        wait_until_answered(cluster.lab.hosts["ns3"], domain, "SOA", *answer(cluster.ns1, domain, "SOA"))


def test_it_is_in_the_ns_set_of_every_zone(grown: Playbook, cluster: Cluster, api: Client) -> None:
    for domain in domains(api):
        for host in cluster.lab.hosts.values():
            wait_until_answered(host, domain, "NS", *NAMES, "ns3.cluster.test.")


def test_a_write_is_live_when_all_three_serve_it(grown: Playbook, cluster: Cluster, api: Client) -> None:
    zone = api.zone("three.example")
    seen = api.wait_until_live(zone)
    assert [server["name"].partition(".")[0] for server in seen["nameservers"]] == ["ns1", "ns2", "ns3"]
    assert len({serial(host, "three.example") for host in cluster.lab.hosts.values()}) == 1


def test_without_its_line_it_is_in_no_ns_set_any_more(grown: Playbook, cluster: Cluster, api: Client) -> None:
    cluster.lab.remove("ns3")
    cluster.playbook.play()
    for domain in domains(api):
        for host in cluster.lab.hosts.values():
            wait_until_answered(host, domain, "NS", *NAMES)
    wait_until_content(cluster.ns1)


def domains(api: Client) -> list[str]:
    """Of all zones that there are."""
    return [zone["domain"] for zone in api.expect(200, "GET", "/dns-zones/?page_size=1000")]
