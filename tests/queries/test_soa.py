"""SOA questions: what counts as a serial, and which answers are nobody's."""

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


class Fake:
    """A nameserver of the test's own, and an asker that has asked it once about ZONE."""

    def __init__(self, address: str) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.settimeout(10)
        self.server = Nameserver("fake", Endpoint(address, self.socket.getsockname()[1]))
        self.asker = SoaClient()
        self.asker.query(self.server, ZONE)
        self.wire, self.client = self.socket.recvfrom(1000)
        self.question = dns.message.from_wire(self.wire)

    def reply(self) -> dns.message.Message:
        """A good answer to the question, for a test to spoil."""
        reply = dns.message.make_response(self.question)
        reply.flags |= dns.flags.AA
        reply.answer.append(dns.rrset.from_text(ZONE, 60, "IN", "SOA", SOA))
        return reply

    def heard(self, message: bytes, sender: socket.socket | None = None) -> list[SoaResponse]:
        """What the asker makes of this message."""
        (sender or self.socket).sendto(message, self.client)
        self.asker.wait(10)
        return self.asker.responses()


@pytest.fixture(params=[LOOPBACK, "::1", "0:0:0:0:0:0:0:1"])
def fake(request: pytest.FixtureRequest) -> Iterator[Fake]:
    made = Fake(request.param)
    yield made
    made.socket.close()
    made.asker.close()


def test_a_question_is_one_that_a_library_reads(fake: Fake) -> None:
    assert [entry.to_text() for entry in fake.question.question] == ["zone.test. IN SOA"]
    assert (fake.question.edns, fake.question.payload, fake.question.flags) == (0, 1232, 0)


def test_the_serial_is_read(fake: Fake) -> None:
    assert fake.heard(fake.reply().to_wire()) == [SoaResponse(fake.server, ZONE, 4294967295, dns.rcode.NOERROR, True)]


def test_the_serial_is_read_from_a_record_without_compression() -> None:
    reply = dns.message.from_text(
        f"id 1\nflags QR AA\n;QUESTION\nzone.test. IN SOA\n;ANSWER\nzone.test. 60 IN SOA {SOA}"
    )
    wire = reply.to_wire()
    start = 12 + len(ZONE.to_digestable()) + 4
    plain = wire[:start] + (ZONE.to_wire() or b"") + wire[start + 2 :]
    assert parse_serial(plain, start, ZONE.to_digestable()) == 4294967295
    assert [parse_serial(plain[:cut], start, ZONE.to_digestable()) for cut in range(start, len(plain))] == [None] * (
        len(plain) - start
    )


def _no_authority(reply: dns.message.Message) -> None:
    reply.flags &= ~dns.flags.AA


def _refused(reply: dns.message.Message) -> None:
    reply.set_rcode(dns.rcode.REFUSED)


def _parent(reply: dns.message.Message) -> None:
    reply.answer[0].name = dns.name.from_text("test")


def _parent_says_no(reply: dns.message.Message) -> None:
    _parent(reply)
    reply.authority, reply.answer = reply.answer, []
    reply.set_rcode(dns.rcode.NXDOMAIN)


def _alias(reply: dns.message.Message) -> None:
    reply.answer = [dns.rrset.from_text(ZONE, 60, "IN", "CNAME", "elsewhere.")]


@pytest.mark.parametrize("spoil", [_no_authority, _refused, _parent, _parent_says_no, _alias])
def test_nothing_else_counts_as_a_serial(fake: Fake, spoil: Callable[[dns.message.Message], None]) -> None:
    reply = fake.reply()
    spoil(reply)
    (answer,) = fake.heard(reply.to_wire())
    assert (answer.serial, answer.rcode) == (None, reply.rcode())


def test_answers_that_are_nobodys_are_dropped(fake: Fake) -> None:
    good = fake.reply().to_wire()
    with socket.socket(fake.socket.family, socket.SOCK_DGRAM) as stranger:
        assert fake.heard(good, stranger) == []
    assert fake.heard(bytes([good[0] ^ 1]) + good[1:]) == []
    assert fake.heard(good.replace(b"\x04zone", b"\x04none")) == []
    assert fake.heard(fake.wire) == []
    assert fake.heard(b"\0" * 11) == []
    assert fake.heard(good[:20]) == []
    notify = fake.reply()
    notify.set_opcode(dns.opcode.NOTIFY)
    assert fake.heard(notify.to_wire()) == []
    assert len(fake.heard(good)) == 1


def test_a_second_answer_and_a_late_one_are_dropped(fake: Fake) -> None:
    good = fake.reply().to_wire()
    assert len(fake.heard(good)) == 1
    assert fake.heard(good) == []
    fake.asker.query(fake.server, ZONE)
    fake.asker.cancel(fake.server, ZONE)
    fake.asker.cancel(fake.server, ZONE)
    wire, _ = fake.socket.recvfrom(1000)
    assert fake.heard(wire[:2] + good[2:]) == []


def test_a_question_asked_again_keeps_its_id(fake: Fake) -> None:
    fake.asker.query(fake.server, ZONE)
    assert fake.socket.recvfrom(1000)[0] == fake.wire


def test_there_is_a_bound_to_the_questions_that_wait(fake: Fake) -> None:
    """A nameserver that answers nothing, and more zones than there are message ids."""
    sent = [fake.asker.query(fake.server, dns.name.from_text(f"zone-{number}.test")) for number in range(70_000)]
    assert sent == [True] * (MAX_OUTSTANDING - 1) + [False] * (70_001 - MAX_OUTSTANDING)  # ZONE waits too
    assert fake.asker.query(fake.server, ZONE)
    fake.asker.cancel(fake.server, ZONE)
    assert fake.asker.query(fake.server, dns.name.from_text("one-more.test"))


def test_a_question_that_cannot_be_sent_is_as_one_lost() -> None:
    asker = SoaClient()
    asker.query(Nameserver("broadcast", Endpoint("255.255.255.255", 53)), ZONE)
    assert asker.responses() == []
    asker.close()


def test_both_nameservers_answer_and_a_missing_zone_is_none(pair: Pair) -> None:
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


def test_the_longest_names_fit_into_an_answer(pair: Pair) -> None:
    zone = dns.name.from_text("longest.test")
    long = ".".join(letter * 60 for letter in "abcd")
    content = small_zone(zone, 1).replace(
        b"ns1.appliance.test. hostmaster.appliance.test.", f"{long}. z.{long}.".encode()
    )
    uuid = pair.create(zone, 1)
    pair.put(uuid, content.replace(b" 1 3600", b" 2 3600"))
    pair.control.reload(zone)
    pair.wait_for_serial(pair.secondary, zone, 2)
