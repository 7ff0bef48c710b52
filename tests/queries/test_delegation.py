"""What a parent says of a zone: asked of a resolver and a parent's nameserver that the test itself plays."""

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
def world(resolved: Mapping[str, str], referral: str) -> Iterator[Nameserver]:
    """A place that answers as a resolver what is asked for recursion, and as the parent's nameserver all else."""

    def play() -> None:
        while len(octets := place.recvfrom(1000)) and octets[0]:
            query = dns.message.from_wire(octets[0])
            reply = dns.message.make_response(query)
            question = query.question[0]
            if query.flags & dns.flags.RD:
                found = resolved.get(f"{question.name} {question.rdtype.name}")
                reply.answer = [_rrset(found)] if found else []
            elif referral:
                reply.authority = [_rrset(referral)]
            place.sendto(reply.to_wire(), octets[1])

    with socket.socket(type=socket.SOCK_DGRAM) as place:
        place.bind((LOOPBACK, 0))
        thread = threading.Thread(target=play)
        thread.start()
        try:
            yield Nameserver("resolver", Endpoint(*place.getsockname()))
        finally:
            place.sendto(b"", place.getsockname())
            thread.join()


def _rrset(line: str) -> dns.rrset.RRset:
    owner, ttl, _, rdtype, data = line.split(" ", 4)
    return dns.rrset.from_text(owner, int(ttl), "IN", rdtype, data)


def test_the_parent_is_asked_itself() -> None:
    with world(RESOLVED, REFERRAL) as resolver:
        found = find_delegation(ZONE, resolver, resolver.endpoint.port)
    assert found.parent == dns.name.from_text("example.org") and not found.problem
    assert found.servers == {dns.name.from_text("ns1.appliance.test")}


def test_the_parent_may_be_further_up_and_know_nothing() -> None:
    with world(RESOLVED, "") as resolver:
        found = find_delegation(dns.name.from_text("a.b.example.org"), resolver, resolver.endpoint.port)
    assert found.parent == dns.name.from_text("example.org") and not found.servers and not found.problem


def test_why_nothing_is_known_is_told() -> None:
    with world({}, "") as resolver:
        assert "no zone above" in find_delegation(ZONE, resolver, resolver.endpoint.port).problem
    with world(RESOLVED, "") as resolver:
        assert "no nameserver" in find_delegation(ZONE, resolver, free_port(), timeout=0.2).problem
    away = Nameserver("resolver", Endpoint(LOOPBACK, free_port()))
    assert "did not answer" in find_delegation(ZONE, away, timeout=0.2).problem
