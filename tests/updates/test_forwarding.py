"""Queries at the primary: passed on without their signature, under another message id, for a limited time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.tsig
import pytest
from dns.rcode import Rcode

from appliance.addresses import Endpoint
from appliance.updates.forwarding import Forwarder
from appliance.updates.listener import Listener
from appliance.updates.messages import ErrorResponse, Request, read_request
from appliance.updates.responder import Responses, Sender

LOOPBACK, TIMEOUT = "127.0.0.1", 20


@dataclass
class Primary:
    """A nameserver in a thread; `before` is sent before each response, and `responds` says whether there is one."""

    responds: bool = True
    before: list[bytes] = field(default_factory=list)
    queries: list[Request] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        listener = Listener(Endpoint(LOOPBACK, 0), self.respond)
        self.endpoint = Endpoint(LOOPBACK, listener.port)
        self.thread = threading.Thread(target=listener.run, args=(self.stopped.is_set,))
        self.thread.start()

    def respond(self, wire: bytes, _sender: Sender) -> Responses:
        """Return an authoritative response."""
        query = read_request(wire)
        self.queries.append(query)
        return [*self.before, query.response(Rcode.NOERROR, dns.flags.AA)] if self.responds else []


@pytest.fixture
def primary() -> Iterator[Primary]:
    running = Primary()
    yield running
    running.stopped.set()
    running.thread.join(TIMEOUT)


def query() -> Request:
    """Return a signed query."""
    query = dns.message.make_query("example.com", "SOA")
    query.use_tsig(dns.tsig.Key("key.", b"0" * 32))
    return read_request(query.to_wire())


@pytest.mark.parametrize("is_tcp", [False, True])
def test_a_query_is_passed_on_without_its_signature(primary: Primary, is_tcp: bool) -> None:
    request = query()
    response = dns.message.from_wire(Forwarder(primary.endpoint, TIMEOUT).ask(request, is_tcp=is_tcp))
    (sent,) = primary.queries
    assert response.id == request.number and response.flags & dns.flags.AA and not response.had_tsig
    assert sent.questions == request.questions and sent.signature is None


def test_a_response_with_another_message_id_is_passed_over(primary: Primary) -> None:
    primary.before = [b"", b"\0" * 11, query().response(Rcode.NXDOMAIN)]
    wire = Forwarder(primary.endpoint, TIMEOUT).ask(query(), is_tcp=False)
    assert dns.message.from_wire(wire).rcode() == Rcode.NOERROR


@pytest.mark.parametrize("is_tcp", [False, True])
def test_without_a_response_in_time_it_is_servfail(primary: Primary, is_tcp: bool) -> None:
    primary.responds = False
    with pytest.raises(ErrorResponse) as silent:
        Forwarder(primary.endpoint, 0.1).ask(query(), is_tcp=is_tcp)
    with pytest.raises(ErrorResponse) as closed:
        Forwarder(Endpoint(LOOPBACK, 1), TIMEOUT).ask(query(), is_tcp=is_tcp)
    assert [one.value.rcode for one in (silent, closed)] == [Rcode.SERVFAIL] * 2
