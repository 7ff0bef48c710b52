"""What operators add later, here all in one play: a third nameserver, TLS, and the package for the wheels."""

from __future__ import annotations

from appliance import __version__
from tests.appliance import Client
from tests.cluster.cluster import API, Cluster, answer, serial, shown, wait_until_answered, wait_until_content
from tests.cluster.releases import NEXT, PACKAGE
from tests.cluster.setups import Growth, variables

NAMES = frozenset({"ns1.cluster.test.", "ns2.cluster.test."})


def test_a_second_play_with_all_of_it_changes_nothing(growth: Growth) -> None:
    assert growth.again.changed == {"ns1": 0, "ns2": 0, "ns3": 0}


def test_what_had_drifted_was_put_right(growth: Growth, cluster: Cluster) -> None:
    looked = cluster.ns2.ssh("systemctl is-enabled named; systemctl is-active named; stat -c %a /etc/bind/named.conf")
    assert looked.output.split() == ["enabled", "active", "640"]


def test_the_package_took_the_place_of_the_wheels(growth: Growth, cluster: Cluster) -> None:
    assert packaged(cluster) == NEXT
    assert cluster.at_work == {NEXT}
    assert shown(cluster.ns1, API, "FragmentPath").removeprefix("/usr") == f"/lib/systemd/system/{API}"


def test_a_third_nameserver_answers_all_zones_old_and_new(growth: Growth, cluster: Cluster, api: Client) -> None:
    api.wait_until_live(api.zone("new-for-three.example"))
    for domain in domains(api):
        wait_until_answered(cluster.lab.hosts["ns3"], domain, "SOA", *answer(cluster.ns1, domain, "SOA"))


def test_it_is_in_the_ns_set_of_every_zone(growth: Growth, cluster: Cluster, api: Client) -> None:
    for domain in domains(api):
        for host in cluster.lab.hosts.values():
            wait_until_answered(host, domain, "NS", *NAMES, "ns3.cluster.test.")


def test_a_write_is_live_when_all_three_serve_it(growth: Growth, cluster: Cluster, api: Client) -> None:
    zone = api.zone("three.example")
    seen = api.wait_until_live(zone)
    assert [server["name"].partition(".")[0] for server in seen["nameservers"]] == ["ns1", "ns2", "ns3"]
    assert len({serial(host, "three.example") for host in cluster.lab.hosts.values()}) == 1


def test_what_was_added_goes_again_and_an_older_package_comes_back(growth: Growth, cluster: Cluster) -> None:
    cluster.lab.remove("ns3")
    cluster.playbook.play(*variables(appliance_package=str(PACKAGE)))
    assert packaged(cluster) == __version__
    assert cluster.at_work == {__version__}
    assert cluster.ns1.ssh("systemctl is-active nginx", status=(3,)).output.strip() == "inactive"
    with cluster.api() as api:
        for domain in domains(api):
            for host in cluster.lab.hosts.values():
                wait_until_answered(host, domain, "NS", *NAMES)
    wait_until_content(cluster.ns1)


def packaged(cluster: Cluster) -> str:
    """The version of the package on ns1."""
    return cluster.ns1.ssh("dpkg-query --show --showformat '${Version}' dns-appliance").output


def domains(api: Client) -> list[str]:
    """Of all zones that there are."""
    return [zone["domain"] for zone in api.expect(200, "GET", "/dns-zones/?page_size=1000")]
