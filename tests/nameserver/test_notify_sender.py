"""Secondaries transfer a zone when the appliance notifies them, and only the secondaries that it names."""

from __future__ import annotations

import socket
from contextlib import closing
from datetime import UTC, datetime

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rdatatype
import dns.tsig

from appliance.addresses import Endpoint, Nameserver
from appliance.keys import new_key
from appliance.nameserver.notify_sender import NotifySender
from tests.pair import LOOPBACK, Pair, free_port, small_zone

ZONE = dns.name.from_text("notified.example")


def now() -> datetime:
    return datetime.now(UTC)


def test_a_secondary_transfers_the_zone_that_it_is_notified_of(pair: Pair) -> None:
    uuid = pair.create(ZONE, 1)
    pair.wait_for_serial(pair.secondary, ZONE, 1)
    pair.put(uuid, small_zone(ZONE, 2))
    pair.control.resume_updates(ZONE)
    pair.wait_for_serial(pair.primary, ZONE, 2)
    with closing(NotifySender([pair.secondary], pair.transfer_key, now)) as notifies:
        notifies.send(ZONE)
        pair.wait_for_serial(pair.secondary, ZONE, 2)


def test_a_message_is_signed_and_sent_to_the_secondaries_that_are_named() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as first, socket.socket(type=socket.SOCK_DGRAM) as second:
        for one in (first, second):
            one.bind((LOOPBACK, 0))
            one.setblocking(False)
        servers = [Nameserver("any", Endpoint(*one.getsockname())) for one in (first, second)]
        key = new_key("transfer")
        with closing(NotifySender(servers, key, now)) as notifies:
            notifies.send(ZONE, [servers[1]])
            notifies.send(ZONE)
        keyring = dns.tsig.Key(key.name, key.octets, key.algorithm)
        received = [dns.message.from_wire(one.recv(1000), keyring=keyring) for one in (second, first, second)]
    for message in received:
        (question,) = message.question
        assert (message.opcode(), question.name, question.rdtype) == (dns.opcode.NOTIFY, ZONE, dns.rdatatype.SOA)
        assert message.flags & dns.flags.AA and message.had_tsig


def test_a_secondary_that_is_down_stops_nothing() -> None:
    down = Nameserver("down", Endpoint(LOOPBACK, free_port()))
    with closing(NotifySender([down], new_key("transfer"), now)) as notifies:
        for _ in range(3):
            notifies.send(ZONE)


def test_the_first_message_after_a_secondary_was_down_is_sent() -> None:
    server = Nameserver("back", Endpoint(LOOPBACK, free_port()))
    with (
        closing(NotifySender([server], new_key("transfer"), now)) as notifies,
        socket.socket(type=socket.SOCK_DGRAM) as up,
    ):
        notifies.send(ZONE)  # an ICMP error follows
        up.bind((server.endpoint.host, server.endpoint.port))
        up.settimeout(10)
        notifies.send(ZONE)
        assert ZONE.to_digestable() in up.recv(1000)
