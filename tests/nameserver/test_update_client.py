"""UPDATE messages over UDP: repeated, given up, and answered by the nameserver that has the zone alone."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import dns.name
import pytest
from dns.name import Name
from dns.opcode import Opcode
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from appliance.addresses import LOOPBACK, Endpoint
from appliance.keys import Key, new_key
from appliance.nameserver.update_client import GIVE_UP, MAX_OPEN, REPEATS, UpdateClient
from appliance.nameserver.update_messages import UpdateMessage, UpdateResponse, update_messages
from appliance.queries.transfer import axfr
from appliance.zones.delta import Delta, VersionDelta, WireRecord, wire_record
from tests.pair import Pair, wait_for
from tests.signed_responses import NOW, SigningServer
from tests.workspace import APEX
from tests.zones.records import record

KEY = new_key("update")
ZONE = dns.name.from_text("example.com.")


class Primary:
    """A nameserver that responds on request, and the client that queries it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind((LOOPBACK, 0))
        endpoint = Endpoint(LOOPBACK, self.socket.getsockname()[1])
        self.client = UpdateClient(endpoint, KEY, lambda: datetime.fromtimestamp(NOW, UTC), lambda: self.now)

    def received(self) -> list[bytes]:
        """Return the datagrams that have arrived."""
        found = []
        while select.select([self.socket], [], [], 0)[0]:
            found.append(self.socket.recv(65535))
        return found

    def respond(self, request: bytes, rcode: int, key: Key = KEY) -> None:
        """Send a signed response, and wait until it has arrived."""
        response = struct.pack("!6H", 0, 0x8000 | Opcode.UPDATE << 11 | rcode, 0, 0, 0, 0)
        self.deliver(SigningServer(key, request).sign(response))

    def deliver(self, datagram: bytes) -> None:
        """Send a datagram to the client, and wait until it has arrived."""
        self.socket.sendto(datagram, self.address)
        select.select([self.client], [], [], 30)

    @property
    def address(self) -> tuple[str, int]:
        """The address of the client."""
        own = socket.socket(fileno=socket.dup(self.client.fileno()))
        with closing(own):
            host, port = own.getsockname()
        return host, port


@pytest.fixture
def primary() -> Iterator[Primary]:
    opened = Primary()
    with closing(opened.socket), closing(opened.client):
        yield opened


def message(zone: str = "example.com.", serial: int = 7) -> UpdateMessage:
    name = dns.name.from_text(zone)
    owner = b"\3www" + name.to_digestable()
    delta = Delta(added=frozenset([WireRecord(owner, RdataType.A, 300, b"\xc0\0\2\1")]))
    return update_messages(name, APEX.soa, serial, [VersionDelta(serial + 1, delta)])[0]


def test_a_signed_response_closes_the_message(primary: Primary) -> None:
    sent = message()
    assert primary.client.next_timeout() is None
    assert primary.client.send(sent) and primary.client.is_open(ZONE)
    assert primary.client.responses() == []
    (request,) = primary.received()
    primary.respond(request, Rcode.NXRRSET)
    assert primary.client.responses() == [UpdateResponse(sent, Rcode.NXRRSET)]
    primary.respond(request, Rcode.NOERROR)  # late: to a repeated message
    assert primary.client.responses() == [] and not primary.client.is_open(ZONE)
    assert primary.client.next_timeout() is None


def test_a_message_is_sent_again_and_at_last_given_up(primary: Primary) -> None:
    sent = message()
    primary.client.send(sent)
    first = primary.received()
    for due in REPEATS:
        assert primary.client.next_timeout() == pytest.approx(due - primary.now)
        primary.now = due - 0.001
        assert primary.client.responses() == [] and primary.received() == []
        primary.now = due
        assert primary.client.responses() == [] and primary.received() == first
    primary.now = GIVE_UP
    assert primary.client.responses() == [UpdateResponse(sent, None)]
    assert primary.client.send(sent), "it may be sent once more"


def test_a_loop_that_was_held_up_sends_it_once_for_all_times_that_passed(primary: Primary) -> None:
    primary.client.send(message())
    primary.received()
    primary.now = REPEATS[1]
    assert primary.client.responses() == [] and len(primary.received()) == 1
    assert primary.client.next_timeout() == pytest.approx(REPEATS[2] - REPEATS[1])


def test_one_message_of_a_zone_and_few_of_all_are_open(primary: Primary) -> None:
    for number in range(MAX_OPEN):
        assert primary.client.free == MAX_OPEN - number
        assert primary.client.send(message(f"z{number}.example."))
        assert not primary.client.send(message(f"z{number}.example.", 8))
    assert primary.client.free == 0 and not primary.client.send(message("another.example."))
    requests = primary.received()
    assert len(requests) == MAX_OPEN
    primary.respond(requests[3], Rcode.NOERROR)
    (response,) = primary.client.responses()
    assert response.message.zone == dns.name.from_text("z3.example.") and primary.client.free == 1


def test_forged_responses_are_dropped(primary: Primary) -> None:
    primary.client.send(message())
    (request,) = primary.received()
    primary.respond(request, Rcode.NOERROR, new_key("update"))
    for datagram in (b"", b"\0", request, request[:2] + struct.pack("!5H", 0x8000 | Opcode.UPDATE << 11, 0, 0, 0, 0)):
        primary.deliver(datagram)
    assert primary.client.responses() == [] and primary.client.is_open(ZONE)


def test_nobody_listening_is_no_error(primary: Primary) -> None:
    primary.socket.close()
    primary.client.send(message())
    wait_for(lambda: primary.client.responses() == [], "the refused message is read")
    primary.now = GIVE_UP
    assert [one.rcode for one in primary.client.responses()] == [None]


def served(pair: Pair, zone: Name) -> set[tuple[str, str]]:
    """Return owner and data of all address records."""
    found = axfr(pair.primary, zone, pair.transfer_key)
    return {(one.owner.to_text(), one.rdata.to_text()) for one in found if one.rdtype == RdataType.A}


def test_a_nameserver_applies_an_update_to_the_serial_that_it_was_made_for(pair: Pair) -> None:
    zone, uuid = dns.name.from_text(f"u{uuid4().hex}.example."), uuid4()
    apex = APEX
    content = (
        f"{zone} 900 IN SOA ns1.appliance.test. hostmaster.appliance.test. 7 3600 300 2419200 300\n"
        f"{zone} 900 IN NS ns1.appliance.test.\n"
    )
    pair.control.add_zone(zone, pair.put(uuid, content.encode()))
    pair.wait_for_serial(pair.primary, zone, 7)

    def exchange(messages: list[UpdateMessage], key: Key = pair.update_key) -> list[UpdateResponse]:
        client = UpdateClient(pair.primary.endpoint, key, lambda: datetime.now(UTC), lambda: 0.0)
        with closing(client):
            found: list[UpdateResponse] = []

            def is_answered() -> bool:
                found.extend(client.responses())
                return not client.is_open(zone)

            for one in messages:
                assert client.send(one)
                wait_for(is_answered, "a response")
            return found

    def adding(*records: WireRecord) -> list[VersionDelta]:
        return [VersionDelta(9, Delta(added=frozenset(records)))]

    www = wire_record(record("A", "www", "192.0.2.1"))._replace(owner=b"\3www" + zone.to_digestable())
    naptr = www._replace(rdtype=RdataType.NAPTR, rdata=b"\0\1\0\2\1u\1x\5!(!x!\0")
    assert [one.rcode for one in exchange(update_messages(zone, apex.soa, 7, adding(naptr)))] == [Rcode.FORMERR]
    other = new_key("other")
    assert [(one.rcode, one.error) for one in exchange(update_messages(zone, apex.soa, 7, adding(www)), other)] == [
        (Rcode.NOTAUTH, Rcode.BADKEY)
    ]
    sent = update_messages(zone, apex.soa, 7, adding(www))
    assert [one.rcode for one in exchange(sent)] == [Rcode.NOERROR]
    assert served(pair, zone) == {(f"www.{zone}", "192.0.2.1")} and pair.serial(pair.primary, zone) == 9
    assert [one.rcode for one in exchange(sent)] == [Rcode.NXRRSET], "a repeated message has no effect"
    back = update_messages(zone, apex.soa, 9, [VersionDelta(2**31, Delta(removed=frozenset([www])))])
    assert [one.rcode for one in exchange(back)] == [Rcode.NOERROR]
    assert served(pair, zone) == set() and pair.serial(pair.primary, zone) == 2**31
