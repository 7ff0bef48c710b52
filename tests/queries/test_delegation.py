"""The delegation of a zone, looked up with a resolver and a parent nameserver that the test simulates."""

from __future__ import annotations

from collections.abc import Iterator

import dns.name
import pytest

from appliance.addresses import Endpoint, Nameserver
from appliance.queries.delegation import MAX_LEVELS, MAX_PARENT_SERVERS, Delegation, find_delegation, is_public
from tests.pair import LOOPBACK, free_port
from tests.simulated_dns import SimulatedDns, simulated_dns

ZONE = dns.name.from_text("shop.example.org")
SOA = "example.org. 60 IN SOA ns.example.org. host.example.org. 1 2 3 4 5"


@pytest.fixture
def org() -> Iterator[SimulatedDns]:
    """A resolver that knows example.org and its nameserver on loopback."""
    with simulated_dns() as running:
        running.delegate("example.org", "ns.example.org")
        running.resolved["example.org SOA"] = [SOA]
        yield running


def find(simulated: SimulatedDns, zone: dns.name.Name = ZONE, port: int | None = None) -> Delegation:
    """Return the delegation of the zone, from nameservers at any address."""
    return find_delegation(zone, simulated.server, port or simulated.port, 0.5, lambda _: True)


def test_the_delegation_comes_from_the_parent_nameservers(org: SimulatedDns) -> None:
    org.referred["shop.example.org NS"] = ["shop.example.org. 60 IN NS ns1.appliance.test."]
    found = find(org)
    assert found.parent == dns.name.from_text("example.org") and not found.problem
    assert found.servers == {dns.name.from_text("ns1.appliance.test")}


def test_the_parent_may_be_several_labels_up_and_delegate_nothing(org: SimulatedDns) -> None:
    found = find(org, dns.name.from_text("a.b.example.org"))
    assert found.parent == dns.name.from_text("example.org") and not found.servers and not found.problem


def test_the_problem_says_why_the_delegation_is_unknown(org: SimulatedDns) -> None:
    assert "no zone above" in find(org, dns.name.from_text("example.net")).problem
    assert "no nameserver" in find(org, port=free_port()).problem
    unreachable = Nameserver("resolver", Endpoint(LOOPBACK, free_port()))
    assert "did not answer" in find_delegation(ZONE, unreachable, timeout=0.2).problem


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.2.1",
        ),
        *(
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "ff02::1",
            "2001:db8::1",
        ),
        *("::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::10.0.0.1"),
    ],
)
def test_only_global_unicast_addresses_are_public(address: str) -> None:
    assert not is_public(address)


def test_public_addresses() -> None:
    assert all(map(is_public, ("8.8.8.8", "2606:4700::1111")))


def test_nameservers_at_other_addresses_get_no_query(org: SimulatedDns) -> None:
    found = find_delegation(ZONE, org.server, org.port)
    assert found.problem == "no nameserver of the parent zone answered at a public address"
    assert "shop.example.org NS" not in org.queries


def test_the_number_of_queries_is_limited(org: SimulatedDns) -> None:
    deep = dns.name.from_text(".".join(["x"] * 100) + ".example.org")
    assert "no zone above" in find(org, deep).problem and len(org.queries) == MAX_LEVELS
    org.queries.clear()
    org.resolved["example.org NS"] = [f"example.org. 60 IN NS ns{number}.example.org." for number in range(9)]
    assert "no nameserver" in find(org).problem
    assert len(org.queries) == 2 + 2 * MAX_PARENT_SERVERS, "SOA and NS of the parent zone, two addresses of each server"
