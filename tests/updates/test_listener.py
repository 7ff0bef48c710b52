"""Sockets: UDP and TCP, several messages on a connection, junk, and an end that finishes what was begun."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import dns.message
import dns.query
import dns.update
import pytest

from appliance.addresses import Endpoint
from appliance.updates.listener import Listener
from appliance.updates.messages import read_request
from appliance.updates.responder import Responses, Sender

LOOPBACK, TIMEOUT = "127.0.0.1", 20


@dataclass
class Service:
    """A listener in a thread. Updates are answered once `seen` is set; `begun` counts them."""

    seen: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    senders: list[Sender] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = Listener(Endpoint(LOOPBACK, 0), self.respond)
        self.port = self.listener.port
        self.thread = threading.Thread(target=self.listener.run, args=(self.stopped.is_set,))
        self.thread.start()

    def respond(self, wire: bytes, sender: Sender) -> Responses:
        """Answer as a responder does."""
        self.senders.append(sender)
        request = read_request(wire)
        if request.opcode == 5:
            self.begun.release()
            assert self.seen.wait(TIMEOUT)
        return [request.response(0)]

    def end(self) -> None:
        """Stop it, and wait for its end."""
        self.stopped.set()
        self.seen.set()
        self.thread.join(TIMEOUT)
        assert not self.thread.is_alive()


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    yield running
    running.end()


QUESTION = dns.message.make_query("example.com", "SOA")


def test_a_query_is_answered_over_both_while_updates_wait(service: Service) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(3):
            sender.sendto(dns.update.UpdateMessage("example.com").to_wire(), (LOOPBACK, service.port))
        for _ in range(3):
            assert service.begun.acquire(timeout=TIMEOUT)
        for ask in (dns.query.udp, dns.query.tcp):
            assert ask(QUESTION, LOOPBACK, TIMEOUT, service.port).rcode() == 0
        service.seen.set()
        sender.settimeout(TIMEOUT)
        assert [sender.recv(512)[3] & 0xF for _ in range(3)] == [0, 0, 0]
    assert {one.address for one in service.senders} == {LOOPBACK}


def test_a_connection_carries_several_messages_and_survives_their_failures(service: Service) -> None:
    wire = QUESTION.to_wire()
    with socket.create_connection((LOOPBACK, service.port), TIMEOUT) as connection:
        for sent in (wire, b"junk that no reader accepts", wire):
            connection.sendall(struct.pack("!H", len(sent)) + sent)
        with connection.makefile("rb") as stream:
            for _ in range(2):
                response = stream.read(int.from_bytes(stream.read(2), "big"))
                assert response[:2] == wire[:2]


def test_connections_that_send_nothing_keep_nobody_out(service: Service) -> None:
    with ExitStack() as opened:
        for _ in range(200):
            connection = opened.enter_context(socket.create_connection((LOOPBACK, service.port), TIMEOUT))
            connection.sendall(b"\0")
        assert dns.query.tcp(QUESTION, LOOPBACK, TIMEOUT, service.port).rcode() == 0


def test_its_end_answers_what_was_begun(service: Service) -> None:
    answers: list[int] = []

    def send() -> None:
        message = dns.update.UpdateMessage("example.com")
        answers.append(dns.query.tcp(message, LOOPBACK, TIMEOUT, service.port).rcode())

    client = threading.Thread(target=send)
    client.start()
    assert service.begun.acquire(timeout=TIMEOUT)
    service.stopped.set()
    service.seen.set()
    client.join(TIMEOUT)
    assert answers == [0]
