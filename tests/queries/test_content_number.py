"""Queries for the content number of a signed zone: what counts as one, beside the SOA queries of other zones."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from dns.message import Message

from appliance.addresses import Endpoint, Nameserver
from appliance.queries.bulk import query_all
from appliance.queries.soa import SoaClient, SoaResponse, parse_content_number
from appliance.zones.signing import CONTENT_TYPE
from tests.pair import LOOPBACK, Pair

ZONE = dns.name.from_text("Zone.test")
SOA = "ns.elsewhere. host.elsewhere. 4294967295 1 1 1 1"


class FakeNameserver:
    """A simulated nameserver, and a client that has sent it one query for the content number of ZONE."""

    def __init__(self, opened: socket.socket, client: SoaClient) -> None:
        self.socket, self.client = opened, client
        self.server = Nameserver("fake", Endpoint(LOOPBACK, opened.getsockname()[1]))
        client.query(self.server, ZONE, signed=True)
        self.wire, self.client_address = opened.recvfrom(1000)

    def response(self, *answer: str, rdtype: str = f"TYPE{CONTENT_TYPE}", wire: bytes = b"") -> Message:
        """Return an authoritative response to the query, or to another one, with these rdatas."""
        response = dns.message.make_response(dns.message.from_wire(wire or self.wire))
        response.flags |= dns.flags.AA
        if answer:
            response.answer.append(dns.rrset.from_text(ZONE, 0, "IN", rdtype, *answer))
        return response

    def receive(self, message: Message) -> list[SoaResponse]:
        """Send this response to the client, and return those that it accepts."""
        self.socket.sendto(message.to_wire(), self.client_address)
        self.client.wait(10)
        return self.client.responses()


@pytest.fixture
def fake() -> Iterator[FakeNameserver]:
    with socket.socket(type=socket.SOCK_DGRAM) as opened, closing(SoaClient()) as client:
        opened.bind((LOOPBACK, 0))
        opened.settimeout(10)
        yield FakeNameserver(opened, client)


def test_the_query_is_for_the_private_type(fake: FakeNameserver) -> None:
    (question,) = dns.message.from_wire(fake.wire).question
    assert (question.to_text(), question.rdtype) == ("zone.test. IN TYPE65280", CONTENT_TYPE)


@pytest.mark.parametrize("number", [0, 1, 2031050400, 2**32 - 1])
def test_the_number_is_parsed(fake: FakeNameserver, number: int) -> None:
    (response,) = fake.receive(fake.response(f"\\# 4 {number:08x}"))
    assert response == SoaResponse(fake.server, ZONE, number, dns.rcode.NOERROR, True)


def _no_authority(response: Message) -> None:
    response.flags &= ~dns.flags.AA


def _servfail(response: Message) -> None:
    response.set_rcode(dns.rcode.SERVFAIL)


def _of_another_zone(response: Message) -> None:
    response.answer[0].name = dns.name.from_text("test")


def _as_soa(response: Message) -> None:
    response.answer = [dns.rrset.from_text(ZONE, 60, "IN", "SOA", SOA)]


def _longer(response: Message) -> None:
    response.answer = [dns.rrset.from_text(ZONE, 0, "IN", f"TYPE{CONTENT_TYPE}", "\\# 5 0000000107")]


def _without(response: Message) -> None:
    response.answer, response.authority = [], [dns.rrset.from_text(ZONE, 60, "IN", "SOA", SOA)]


@pytest.mark.parametrize("modify", [_no_authority, _servfail, _of_another_zone, _as_soa, _longer, _without])
def test_other_responses_have_no_number(fake: FakeNameserver, modify: Callable[[Message], None]) -> None:
    message = fake.response("\\# 4 00000001")
    modify(message)
    (response,) = fake.receive(message)
    assert (response.serial, response.rcode) == (None, message.rcode())


def test_a_response_to_the_soa_query_of_the_zone_does_not_count(fake: FakeNameserver) -> None:
    soa_query = dns.message.make_query(ZONE, "SOA", id=dns.message.from_wire(fake.wire).id).to_wire()
    assert fake.receive(fake.response(SOA, rdtype="SOA", wire=soa_query)) == []
    (response,) = fake.receive(fake.response("\\# 4 00000007"))
    assert response.serial == 7


def test_a_zone_that_is_no_longer_signed_is_queried_for_its_soa_under_the_same_id(fake: FakeNameserver) -> None:
    fake.client.query(fake.server, ZONE)
    wire, _ = fake.socket.recvfrom(1000)
    assert wire[:2] == fake.wire[:2]
    assert fake.receive(fake.response("\\# 4 00000007")) == [], "the answer to the former query"
    (response,) = fake.receive(fake.response(SOA, rdtype="SOA", wire=wire))
    assert response.serial == 4294967295


def test_a_record_that_is_cut_has_no_number(fake: FakeNameserver) -> None:
    wire, start = fake.response("\\# 4 00000001").to_wire(), 12 + len(ZONE.to_digestable()) + 4
    record = wire[: start + 2 + 10 + 4]
    assert parse_content_number(record, start, ZONE.to_digestable()) == 1
    assert all(
        parse_content_number(record[:cut], start, ZONE.to_digestable()) is None for cut in range(start, len(record))
    )


def test_many_zones_are_queried_each_for_what_it_has(pair: Pair) -> None:
    plain, signed, none = (dns.name.from_text(f"{name}.content.test") for name in ("plain", "signed", "none"))
    pair.create(plain, 7)
    uuid = pair.create(signed, 8)
    content = pair.files.read_live(uuid) + f"{signed} 0 IN TYPE65280 \\# 4 00000005\n".encode()
    pair.put(uuid, content.replace(b" 8 3600", b" 9 3600"))
    pair.control.resume_updates(signed)
    for zone, serial in ((plain, 7), (signed, 9)):
        pair.wait_for_serial(pair.primary, zone, serial)
    queries = [(pair.primary, zone) for zone in (plain, signed, none)]
    found = query_all(queries, signed={signed, none})
    assert [answer and answer.serial for answer in found.values()] == [7, 5, None]
    assert query_all(queries[:1], signed={plain})[queries[0]] == SoaResponse(pair.primary, plain, None, 0, False)
