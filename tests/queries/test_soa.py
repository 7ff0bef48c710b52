"""SOA queries: what counts as a serial, and which responses are dropped."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rrset
import pytest

from appliance.addresses import Endpoint, Nameserver
from appliance.queries.soa import MAX_OUTSTANDING, SoaClient, SoaResponse, parse_serial
from tests.pair import CATALOG, LOOPBACK, Pair, small_zone

ZONE = dns.name.from_text("Zone.test")
SOA = "ns.elsewhere. host.elsewhere. 4294967295 1 1 1 1"


class FakeNameserver:
    """A simulated nameserver, and a client that has sent it one query for ZONE."""

    def __init__(self, address: str) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.settimeout(10)
        self.server = Nameserver("fake", Endpoint(address, self.socket.getsockname()[1]))
        self.client = SoaClient()
        self.client.query(self.server, ZONE)
        self.wire, self.client_address = self.socket.recvfrom(1000)
        self.query = dns.message.from_wire(self.wire)

    def response(self) -> dns.message.Message:
        """Return a valid response to the query, for tests to modify."""
        response = dns.message.make_response(self.query)
        response.flags |= dns.flags.AA
        response.answer.append(dns.rrset.from_text(ZONE, 60, "IN", "SOA", SOA))
        return response

    def receive(self, message: bytes, sender: socket.socket | None = None) -> list[SoaResponse]:
        """Send this message to the client and return the responses that it accepts."""
        (sender or self.socket).sendto(message, self.client_address)
        self.client.wait(10)
        return self.client.responses()


@pytest.fixture(params=[LOOPBACK, "::1", "0:0:0:0:0:0:0:1"])
def fake(request: pytest.FixtureRequest) -> Iterator[FakeNameserver]:
    created = FakeNameserver(request.param)
    yield created
    created.socket.close()
    created.client.close()


def test_the_query_is_valid_dns(fake: FakeNameserver) -> None:
    assert [entry.to_text() for entry in fake.query.question] == ["zone.test. IN SOA"]
    assert (fake.query.edns, fake.query.payload, fake.query.flags) == (0, 1232, 0)


def test_the_serial_is_parsed(fake: FakeNameserver) -> None:
    assert fake.receive(fake.response().to_wire()) == [
        SoaResponse(fake.server, ZONE, 4294967295, dns.rcode.NOERROR, True)
    ]


def test_the_serial_is_parsed_from_a_record_without_compression() -> None:
    response = dns.message.from_text(
        f"id 1\nflags QR AA\n;QUESTION\nzone.test. IN SOA\n;ANSWER\nzone.test. 60 IN SOA {SOA}"
    )
    wire = response.to_wire()
    start = 12 + len(ZONE.to_digestable()) + 4
    plain = wire[:start] + (ZONE.to_wire() or b"") + wire[start + 2 :]
    assert parse_serial(plain, start, ZONE.to_digestable()) == 4294967295
    assert [parse_serial(plain[:cut], start, ZONE.to_digestable()) for cut in range(start, len(plain))] == [None] * (
        len(plain) - start
    )


def _no_authority(response: dns.message.Message) -> None:
    response.flags &= ~dns.flags.AA


def _refused(response: dns.message.Message) -> None:
    response.set_rcode(dns.rcode.REFUSED)


def _parent(response: dns.message.Message) -> None:
    response.answer[0].name = dns.name.from_text("test")


def _parent_nxdomain(response: dns.message.Message) -> None:
    _parent(response)
    response.authority, response.answer = response.answer, []
    response.set_rcode(dns.rcode.NXDOMAIN)


def _alias(response: dns.message.Message) -> None:
    response.answer = [dns.rrset.from_text(ZONE, 60, "IN", "CNAME", "elsewhere.")]


@pytest.mark.parametrize("modify", [_no_authority, _refused, _parent, _parent_nxdomain, _alias])
def test_other_responses_have_no_serial(fake: FakeNameserver, modify: Callable[[dns.message.Message], None]) -> None:
    message = fake.response()
    modify(message)
    (response,) = fake.receive(message.to_wire())
    assert (response.serial, response.rcode) == (None, message.rcode())


def test_responses_that_match_no_query_are_dropped(fake: FakeNameserver) -> None:
    valid = fake.response().to_wire()
    with socket.socket(fake.socket.family, socket.SOCK_DGRAM) as other_socket:
        assert fake.receive(valid, other_socket) == []
    assert fake.receive(bytes([valid[0] ^ 1]) + valid[1:]) == []
    assert fake.receive(valid.replace(b"\x04zone", b"\x04none")) == []
    assert fake.receive(fake.wire) == []
    assert fake.receive(b"\0" * 11) == []
    assert fake.receive(valid[:20]) == []
    notify = fake.response()
    notify.set_opcode(dns.opcode.NOTIFY)
    assert fake.receive(notify.to_wire()) == []
    assert len(fake.receive(valid)) == 1


def test_duplicate_and_late_responses_are_dropped(fake: FakeNameserver) -> None:
    valid = fake.response().to_wire()
    assert len(fake.receive(valid)) == 1
    assert fake.receive(valid) == []
    fake.client.query(fake.server, ZONE)
    fake.client.cancel(fake.server, ZONE)
    fake.client.cancel(fake.server, ZONE)
    wire, _ = fake.socket.recvfrom(1000)
    assert fake.receive(wire[:2] + valid[2:]) == []


def test_a_repeated_query_keeps_its_id(fake: FakeNameserver) -> None:
    fake.client.query(fake.server, ZONE)
    assert fake.socket.recvfrom(1000)[0] == fake.wire


def test_outstanding_queries_are_limited(fake: FakeNameserver) -> None:
    """Query a silent nameserver for more zones than there are message ids."""
    sent = [fake.client.query(fake.server, dns.name.from_text(f"zone-{number}.test")) for number in range(70_000)]
    assert sent == [True] * (MAX_OUTSTANDING - 1) + [False] * (70_001 - MAX_OUTSTANDING)  # ZONE is outstanding too
    assert fake.client.query(fake.server, ZONE)
    fake.client.cancel(fake.server, ZONE)
    assert fake.client.query(fake.server, dns.name.from_text("one-more.test"))


def test_a_query_that_cannot_be_sent_gets_no_response() -> None:
    client = SoaClient()
    client.query(Nameserver("broadcast", Endpoint("255.255.255.255", 53)), ZONE)
    assert client.responses() == []
    client.close()


def test_a_missing_zone_has_no_serial_on_either_nameserver(pair: Pair) -> None:
    zone = dns.name.from_text("soa.test")
    child = dns.name.from_text("child.soa.test")
    pair.create(zone, 42)
    for server in (pair.primary, pair.secondary):
        pair.wait_for_serial(server, zone, 42)
        assert pair.serial(server, child) is None
        assert pair.serial(server, CATALOG) is not None


def test_a_deleted_zone_below_a_served_one_has_no_serial(pair: Pair) -> None:
    child = dns.name.from_text("child.above.test")
    pair.create(dns.name.from_text("above.test"), 1)
    uuid = pair.create(child, 2)
    pair.wait_for_serial(pair.secondary, child, 2)
    pair.control.delete_zone(child)
    pair.updates.change(remove=[uuid.hex], add={})
    for server in (pair.primary, pair.secondary):
        pair.wait_for_serial(server, child, None)


def test_the_longest_names_fit_into_a_response(pair: Pair) -> None:
    zone = dns.name.from_text("longest.test")
    long = ".".join(letter * 60 for letter in "abcd")
    content = small_zone(zone, 1).replace(
        b"ns1.appliance.test. hostmaster.appliance.test.", f"{long}. z.{long}.".encode()
    )
    uuid = pair.create(zone, 1)
    pair.put(uuid, content.replace(b" 1 3600", b" 2 3600"))
    pair.control.resume_updates(zone)
    pair.wait_for_serial(pair.primary, zone, 2)
    pair.notify(zone)
    pair.wait_for_serial(pair.secondary, zone, 2)
