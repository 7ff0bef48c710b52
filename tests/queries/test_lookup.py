"""Any question of each nameserver: what it says is told, and so is why one says nothing."""

from __future__ import annotations

import socket

import dns.name
from dns.rdatatype import RdataType

from appliance.addresses import Endpoint, Nameserver
from appliance.queries.lookup import query_each
from tests.pair import LOOPBACK, Pair, free_port

ZONE = dns.name.from_text("plain.test")


def test_what_each_nameserver_says(pair: Pair) -> None:
    pair.create(ZONE, 3)
    for server in (pair.primary, pair.secondary):
        pair.wait_for_serial(server, ZONE, 3)
    servers = [pair.primary, pair.secondary]
    replies = query_each(servers, dns.name.from_text("www.plain.test"), RdataType.A)
    assert [reply.server for reply in replies] == servers
    for reply in replies:
        assert (reply.rcode, reply.answer, reply.problem) == ("NOERROR", ["www.plain.test. 300 IN A 192.0.2.1"], "")
        assert "AA" in reply.flags and reply.milliseconds > 0
    (missing,) = query_each(servers[:1], dns.name.from_text("none.plain.test"), RdataType.TXT)
    assert (missing.rcode, missing.answer) == ("NXDOMAIN", []) and "SOA" in missing.authority[0]
    assert query_each([], ZONE, RdataType.A) == []


def test_nameservers_that_do_not_answer(pair: Pair) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind((LOOPBACK, 0))
        mute, away = (
            Nameserver("mute", Endpoint(*silent.getsockname())),
            Nameserver("away", Endpoint(LOOPBACK, free_port())),
        )
        first, second, third = query_each([mute, away, pair.primary], ZONE, RdataType.SOA, timeout=0.2)
    assert "no answer" in first.problem and second.problem and not third.problem
    assert (first.rcode, first.answer) == ("", ())
