"""The attacks of anybody who can send packets to the nameservers."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.tsigkeyring
import dns.update
import dns.xfr
import dns.zone
import pytest

from tests.appliance import Appliance
from tests.pair import LOOPBACK
from tests.security.conftest import Customer

SERVERS = (1, 2)
SECONDS = 5.0
CATALOG = "catalog.appliance.test"
both = pytest.mark.parametrize("server", SERVERS)


@pytest.fixture
def domain(appliance: Appliance, victim: Customer) -> Iterator[str]:
    """A zone that both nameservers serve."""
    victim.api.wait_until_live(victim.zone)
    yield victim.domain
    for server in SERVERS:
        assert appliance.rcode(victim.domain, server) == "NOERROR"


def send(appliance: Appliance, message: dns.message.Message, server: int) -> dns.message.Message:
    """Return the reply of ns1 or ns2, over TCP."""
    return dns.query.tcp(message, LOOPBACK, timeout=SECONDS, port=appliance.ports.dns + server - 1)


@both
@pytest.mark.parametrize("kind", [dns.rdatatype.AXFR, dns.rdatatype.IXFR])
def test_no_transfer_without_the_key(
    appliance: Appliance, domain: str, server: int, kind: dns.rdatatype.RdataType
) -> None:
    for name in (domain, CATALOG):
        reply = send(appliance, dns.message.make_query(name, kind), server)
        assert (reply.rcode(), reply.answer) == (dns.rcode.REFUSED, [])


@both
def test_no_transfer_with_a_wrong_key(appliance: Appliance, domain: str, server: int) -> None:
    keys = dns.tsigkeyring.from_text({"transfer": "d3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmcgd3I="})
    query = dns.message.make_query(domain, dns.rdatatype.AXFR)
    query.use_tsig(keys, "transfer")
    with pytest.raises((dns.tsig.PeerError, dns.exception.DNSException)):
        send(appliance, query, server)


@both
def test_no_update_without_the_key(appliance: Appliance, domain: str, server: int) -> None:
    for zone in (domain, CATALOG):
        update = dns.update.UpdateMessage(zone)
        update.add("added", 60, "A", "192.0.2.66")
        assert send(appliance, update, server).rcode() in (dns.rcode.REFUSED, dns.rcode.NOTAUTH)


@both
def test_a_notify_from_a_stranger_changes_nothing(appliance: Appliance, domain: str, server: int) -> None:
    notify = dns.message.make_query(domain, dns.rdatatype.SOA, flags=dns.flags.AA)
    notify.set_opcode(dns.opcode.NOTIFY)
    assert send(appliance, notify, server).rcode() in (dns.rcode.REFUSED, dns.rcode.NOERROR, dns.rcode.NOTAUTH)


@both
def test_no_recursion(appliance: Appliance, server: int) -> None:
    reply = send(appliance, dns.message.make_query("unknown.example.org", dns.rdatatype.A), server)
    assert reply.rcode() == dns.rcode.REFUSED
    assert not reply.flags & dns.flags.RA
    assert not reply.answer + reply.authority + reply.additional


@both
@pytest.mark.parametrize("name", ["version.bind", "hostname.bind", "authors.bind", "id.server", "version.server"])
def test_nothing_about_the_server_is_disclosed(appliance: Appliance, server: int, name: str) -> None:
    reply = send(appliance, dns.message.make_query(name, dns.rdatatype.TXT, dns.rdataclass.CH), server)
    assert reply.answer == []


@both
def test_a_query_for_any_is_answered_small(appliance: Appliance, victim: Customer, domain: str, server: int) -> None:
    for number in range(20):
        victim.api.record(victim.zone, "TXT", "many", f"{number}: " + "x" * 200)
    victim.api.wait_until_live(victim.zone)
    query = dns.message.make_query(f"many.{domain}", dns.rdatatype.ANY, use_edns=True, payload=4096)
    reply = dns.query.udp(query, LOOPBACK, timeout=SECONDS, port=appliance.ports.dns + server - 1)
    assert len(reply.to_wire()) <= 1232
    assert reply.flags & dns.flags.TC or len(reply.answer) <= 1


@both
def test_a_large_answer_over_udp_is_truncated(appliance: Appliance, domain: str, server: int) -> None:
    query = dns.message.make_query(domain, dns.rdatatype.NS, use_edns=True, payload=512)
    reply = dns.query.udp(query, LOOPBACK, timeout=SECONDS, port=appliance.ports.dns + server - 1)
    assert len(reply.to_wire()) <= 512


@both
def test_malformed_packets_are_survived(appliance: Appliance, domain: str, server: int) -> None:
    query = dns.message.make_query(domain, dns.rdatatype.SOA).to_wire()
    cut = [query[:length] for length in range(0, len(query), 3)]
    for packet in (*cut, *(_garbled(query, position) for position in range(2, len(query)))):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(packet, (LOOPBACK, appliance.ports.dns + server - 1))


def _garbled(packet: bytes, position: int) -> bytes:
    changed = bytearray(packet)
    changed[position] ^= 0xFF
    return bytes(changed)
