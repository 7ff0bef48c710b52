"""Later additions, all in one play: a third nameserver, TLS, and the package in place of the wheels."""

from __future__ import annotations

import re

from appliance import __version__
from tests.appliance import Client
from tests.cluster.cluster import (
    API,
    UPDATES,
    Cluster,
    answer,
    main_process,
    serial,
    unit_property,
    wait_until_answered,
    wait_until_healthy,
)
from tests.cluster.playbook import PlayResult
from tests.cluster.releases import NEXT, PACKAGE
from tests.cluster.setups import variables

NAMES = frozenset({"ns1.cluster.test.", "ns2.cluster.test."})


def test_a_second_play_with_all_of_it_changes_nothing(growth: PlayResult) -> None:
    assert growth.changed == {"ns1": 0, "ns2": 0, "ns3": 0}


def test_manual_changes_were_corrected(growth: PlayResult, cluster: Cluster) -> None:
    result = cluster.ns2.ssh("systemctl is-enabled named; systemctl is-active named; stat -c %a /etc/bind/named.conf")
    assert result.output.split() == ["enabled", "active", "640"]


def test_the_package_replaced_the_wheels(growth: PlayResult, cluster: Cluster) -> None:
    assert package_version(cluster) == NEXT
    assert cluster.running_releases == {NEXT}
    assert main_process(cluster.ns1, UPDATES)
    assert unit_property(cluster.ns1, API, "FragmentPath").removeprefix("/usr") == f"/lib/systemd/system/{API}"


def test_a_third_nameserver_serves_all_zones(growth: PlayResult, cluster: Cluster, api: Client) -> None:
    api.wait_until_live(api.zone("new-for-three.example"))
    for domain in domains(api):
        wait_until_answered(cluster.lab.hosts["ns3"], domain, "SOA", *answer(cluster.ns1, domain, "SOA"))


def test_it_is_in_the_ns_records_of_every_zone(growth: PlayResult, cluster: Cluster, api: Client) -> None:
    for domain in domains(api):
        for host in cluster.lab.hosts.values():
            wait_until_answered(host, domain, "NS", *NAMES, "ns3.cluster.test.")


def test_a_write_is_live_when_all_three_serve_it(growth: PlayResult, cluster: Cluster, api: Client) -> None:
    zone = api.zone("three.example")
    seen = api.wait_until_live(zone)
    assert [server["name"].partition(".")[0] for server in seen["nameservers"]] == ["ns1", "ns2", "ns3"]
    assert len({serial(host, "three.example") for host in cluster.lab.hosts.values()}) == 1


def test_additions_are_removed_an_older_package_is_installed_and_the_catalog_is_renamed(
    growth: PlayResult, cluster: Cluster
) -> None:
    cluster.lab.remove("ns3")
    without_listener = {"dns": {"rate_limit_exempt": ["10.53.0.0/24"]}}
    cluster.playbook.play(
        *variables(
            appliance_package=str(PACKAGE),
            appliance_catalog="renamed.cluster.test",
            appliance_settings=without_listener,
        )
    )
    assert package_version(cluster) == __version__
    assert cluster.running_releases == {__version__}
    for unit in ("nginx", UPDATES):
        assert cluster.ns1.ssh(f"systemctl is-active {unit}", status=(3,)).output.strip() == "inactive"
        assert cluster.ns1.ssh(f"systemctl is-enabled {unit}", status=(1,)).output.strip() == "disabled"
    with cluster.api() as api:
        for domain in domains(api):
            for host in cluster.lab.hosts.values():
                wait_until_answered(host, domain, "NS", *NAMES)
    wait_until_healthy(cluster.ns1)


def test_keys_are_rotated_while_everything_is_served(growth: PlayResult, cluster: Cluster) -> None:
    keys = "cat /etc/dns-appliance/*.key"
    before = cluster.ns1.sudo(keys).output
    cluster.playbook.play(file="ansible/rotate-keys.yml")
    assert not set(re.findall('secret "(.*)"', before)) & set(
        re.findall('secret "(.*)"', cluster.ns1.sudo(keys).output)
    )
    assert not cluster.ns1.sudo("ls /etc/dns-appliance | grep -E 'next|former' || true").output
    with cluster.api() as api:
        zone = api.zone("rotated.example")
        api.wait_until_live(zone)
        api.expect(204, "DELETE", f"/dns-zones/{zone['uuid']}/", Prefer="wait=30")
    wait_until_healthy(cluster.ns1)


def package_version(cluster: Cluster) -> str:
    """Return the version of the package on ns1."""
    return cluster.ns1.ssh("dpkg-query --show --showformat '${Version}' dns-appliance").output


def domains(api: Client) -> list[str]:
    """Return the names of all zones."""
    return [zone["domain"] for zone in api.expect(200, "GET", "/dns-zones/?page_size=1000")]
