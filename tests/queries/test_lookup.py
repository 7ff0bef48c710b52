"""Lookups: the response of each nameserver, or why there is none."""

from __future__ import annotations

import socket

import dns.name
from dns.rdatatype import RdataType

from appliance.addresses import Endpoint, Nameserver
from appliance.queries.lookup import query_each
from tests.pair import LOOPBACK, Pair, free_port

ZONE = dns.name.from_text("plain.test")


def test_each_nameserver_responds(pair: Pair) -> None:
    pair.create(ZONE, 3)
    for server in (pair.primary, pair.secondary):
        pair.wait_for_serial(server, ZONE, 3)
    servers = [pair.primary, pair.secondary]
    responses = query_each(servers, dns.name.from_text("www.plain.test"), RdataType.A)
    assert [response.server for response in responses] == servers
    for response in responses:
        assert (response.rcode, response.answer, response.problem) == (
            "NOERROR",
            ["www.plain.test. 300 IN A 192.0.2.1"],
            "",
        )
        assert "AA" in response.flags and response.milliseconds > 0
    (missing,) = query_each(servers[:1], dns.name.from_text("none.plain.test"), RdataType.TXT)
    assert (missing.rcode, missing.answer) == ("NXDOMAIN", []) and "SOA" in missing.authority[0]
    assert query_each([], ZONE, RdataType.A) == []


def test_nameservers_that_do_not_respond(pair: Pair) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind((LOOPBACK, 0))
        silent_server = Nameserver("silent", Endpoint(*silent.getsockname()))
        unreachable = Nameserver("unreachable", Endpoint(LOOPBACK, free_port()))
        first, second, third = query_each([silent_server, unreachable, pair.primary], ZONE, RdataType.SOA, timeout=0.2)
    assert "no answer" in first.problem and second.problem and not third.problem
    assert (first.rcode, first.answer) == ("", ())
