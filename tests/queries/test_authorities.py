"""The nameservers of a name at every zone cut, from a resolver and nameservers of parent zones that tests simulate."""

from __future__ import annotations

from collections.abc import Iterator

import dns.name
import pytest
from dns.rcode import Rcode

from appliance.queries.authorities import Authorities, Silent, Unresolved, find_authorities, find_texts
from appliance.queries.lookup import MOST_QUERIES, Budget
from tests.simulated_dns import SimulatedDns, simulated_dns

TIMEOUT = 0.2


@pytest.fixture
def org() -> Iterator[SimulatedDns]:
    """A resolver that knows the top-level domain org."""
    with simulated_dns() as running:
        running.delegate("org", "ns.nic.org")
        yield running


def found(simulated: SimulatedDns, name: str) -> Authorities:
    """Return the nameservers of the name."""
    domain = dns.name.from_text(name)
    return find_authorities(domain, simulated.server, simulated.port, Budget(TIMEOUT), lambda _: True)


def servers(*texts: str) -> frozenset[dns.name.Name]:
    return frozenset(map(dns.name.from_text, texts))


def test_both_sides_of_every_cut_count(org: SimulatedDns) -> None:
    org.delegate("example.org", "ns.parent.net")
    org.resolved["example.org NS"] = ["example.org. 60 IN NS ns.child.net."]
    org.resolved["ns.child.net A"] = org.resolved["ns.nic.org A"]
    org.delegate("shop.example.org", "ns.shop.net")
    assert found(org, "www.shop.example.org") == Authorities(
        servers("ns.nic.org", "ns.parent.net", "ns.child.net", "ns.shop.net")
    )


def test_a_name_that_does_not_exist_has_only_the_nameservers_above_it(org: SimulatedDns) -> None:
    org.resolved["example.org NS"] = Rcode.NXDOMAIN
    assert found(org, "a.b.c.example.org") == Authorities(servers("ns.nic.org"))
    assert "b.c.example.org NS" not in " ".join(org.queries)


def test_a_delegation_to_nameservers_without_the_zone_is_found(org: SimulatedDns) -> None:
    org.delegate("example.org", "ns1.appliance.test", lame=True)
    assert found(org, "example.org") == Authorities(servers("ns.nic.org", "ns1.appliance.test"))


def test_what_is_below_such_a_delegation_is_unknown(org: SimulatedDns) -> None:
    org.delegate("example.org", "ns1.appliance.test", lame=True)
    below = found(org, "www.example.org")
    assert dns.name.from_text("ns1.appliance.test") in below.servers
    assert below.problem == "the resolver answered SERVFAIL for example.org"


def test_what_fails_is_never_taken_for_no_delegation(org: SimulatedDns) -> None:
    org.delegate("example.org", "ns.child.net")
    org.referred["example.org NS"] = Rcode.REFUSED
    assert found(org, "example.org").problem == "no nameserver of org answered for example.org at a public address"
    org.resolved["org NS"] = Rcode.SERVFAIL
    assert found(org, "example.org").problem == "the resolver answered SERVFAIL for org"
    assert "labels" in found(org, "a." * 41).problem
    org.responds = False
    assert "the resolver did not answer" in found(org, "example.org").problem


def test_nameservers_of_parents_at_other_addresses_get_no_query(org: SimulatedDns) -> None:
    org.delegate("example.org", "ns.child.net")
    result = find_authorities(dns.name.from_text("example.org"), org.server, org.port)
    assert result.problem == "no nameserver of org answered for example.org at a public address"
    assert org.queries == ["org NS", "example.org NS", "org NS", "ns.nic.org A", "ns.nic.org AAAA"]


def test_a_lookup_has_a_budget_of_queries_and_of_time(org: SimulatedDns) -> None:
    name = dns.name.from_text("a.b.c.d.example.org")
    for budget, count in ((Budget(queries=3), 3), (Budget(deadline=0), 0)):
        org.queries.clear()
        assert "too many queries" in find_authorities(name, org.server, org.port, budget).problem
        assert len(org.queries) == count
        with pytest.raises(Unresolved, match="too many queries"):
            find_texts(name, org.server, budget)
    budget = Budget()
    assert find_authorities(name, org.server, org.port, budget).problem == "" and budget.queries == MOST_QUERIES - 6


def test_texts_are_joined_and_follow_aliases(org: SimulatedDns) -> None:
    org.resolved["x.example.org TXT"] = [
        "x.example.org. 60 IN CNAME y.example.net.",
        'y.example.net. 60 IN TXT "a" "b"',
    ]
    assert find_texts(dns.name.from_text("x.example.org"), org.server, Budget(TIMEOUT)) == {b"ab"}
    org.resolved["x.example.org TXT"] = Rcode.NXDOMAIN
    assert find_texts(dns.name.from_text("x.example.org"), org.server, Budget(TIMEOUT)) == set()
    org.resolved["x.example.org TXT"] = Rcode.SERVFAIL
    with pytest.raises(Unresolved, match="SERVFAIL"):
        find_texts(dns.name.from_text("x.example.org"), org.server, Budget(TIMEOUT))
    org.responds = False
    with pytest.raises(Silent):
        find_texts(dns.name.from_text("x.example.org"), org.server, Budget(TIMEOUT))
