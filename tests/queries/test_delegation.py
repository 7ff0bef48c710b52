"""The delegation of a zone, looked up with a resolver and a parent nameserver that the test simulates."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.name
import dns.rrset

from appliance.addresses import Endpoint, Nameserver
from appliance.queries.delegation import find_delegation
from tests.pair import LOOPBACK, free_port

ZONE = dns.name.from_text("shop.example.org")
RESOLVED = {
    "example.org. SOA": "example.org. 60 IN SOA ns.example.org. host.example.org. 1 2 3 4 5",
    "example.org. NS": "example.org. 60 IN NS ns.example.org.",
    "ns.example.org. A": f"ns.example.org. 60 IN A {LOOPBACK}",
}
REFERRAL = "shop.example.org. 60 IN NS ns1.appliance.test."


@contextmanager
def simulated_dns(resolved: Mapping[str, str], referral: str) -> Iterator[Nameserver]:
    """Yield a server that answers recursive queries as a resolver, and all others as the parent's nameserver."""

    def answer() -> None:
        while len(octets := server.recvfrom(1000)) and octets[0]:
            query = dns.message.from_wire(octets[0])
            response = dns.message.make_response(query)
            question = query.question[0]
            if query.flags & dns.flags.RD:
                found = resolved.get(f"{question.name} {question.rdtype.name}")
                response.answer = [_rrset(found)] if found else []
            elif referral:
                response.authority = [_rrset(referral)]
            server.sendto(response.to_wire(), octets[1])

    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind((LOOPBACK, 0))
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield Nameserver("resolver", Endpoint(*server.getsockname()))
        finally:
            server.sendto(b"", server.getsockname())
            thread.join()


def _rrset(line: str) -> dns.rrset.RRset:
    owner, ttl, _, rdtype, data = line.split(" ", 4)
    return dns.rrset.from_text(owner, int(ttl), "IN", rdtype, data)


def test_the_delegation_comes_from_the_parent_nameservers() -> None:
    with simulated_dns(RESOLVED, REFERRAL) as resolver:
        found = find_delegation(ZONE, resolver, resolver.endpoint.port)
    assert found.parent == dns.name.from_text("example.org") and not found.problem
    assert found.servers == {dns.name.from_text("ns1.appliance.test")}


def test_the_parent_may_be_several_labels_up_and_delegate_nothing() -> None:
    with simulated_dns(RESOLVED, "") as resolver:
        found = find_delegation(dns.name.from_text("a.b.example.org"), resolver, resolver.endpoint.port)
    assert found.parent == dns.name.from_text("example.org") and not found.servers and not found.problem


def test_the_problem_says_why_the_delegation_is_unknown() -> None:
    with simulated_dns({}, "") as resolver:
        assert "no zone above" in find_delegation(ZONE, resolver, resolver.endpoint.port).problem
    with simulated_dns(RESOLVED, "") as resolver:
        assert "no nameserver" in find_delegation(ZONE, resolver, free_port(), timeout=0.2).problem
    unreachable = Nameserver("resolver", Endpoint(LOOPBACK, free_port()))
    assert "did not answer" in find_delegation(ZONE, unreachable, timeout=0.2).problem
