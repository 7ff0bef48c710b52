"""A parent zone for tests: nameservers on loopback that answer for DS over TCP, and a resolver that knows them."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rrset
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode

from appliance.addresses import LOOPBACK
from appliance.zones.signing import Ds
from tests.pair import free_port
from tests.simulated_dns import SimulatedDns, simulated_dns

ADDRESSES = ("127.0.0.2", "127.0.0.3")


@dataclass
class FakeParent:
    """A parent zone; `answers` are what the nameserver at each address answers for a DS.

    That is the DS records, a response code, or None: it closes the connection.
    """

    name: str
    resolver: SimulatedDns
    port: int
    ttl: int = 3600
    is_authoritative: bool = True
    answers: dict[str, Iterable[Ds] | Rcode | None] = field(default_factory=lambda: dict.fromkeys(ADDRESSES, ()))
    queries: list[str] = field(default_factory=list)

    def publish(self, *records: Ds, at: Iterable[str] = ADDRESSES) -> None:
        """Publish these DS records, and no others, at these nameservers."""
        self.answers |= dict.fromkeys(at, records)

    def response(self, query: Message, address: str) -> Message | None:
        """Return the response of one nameserver."""
        zone: Name = query.question[0].name
        self.queries.append(f"{address} {query.question[0].to_text()}")
        response, answer = dns.message.make_response(query), self.answers[address]
        if answer is None:
            return None
        if self.is_authoritative:
            response.flags |= dns.flags.AA
        if isinstance(answer, Rcode):
            response.set_rcode(answer)
        elif records := [*answer]:
            data = [f"{one.key_tag} {one.algorithm} {one.digest_type} {one.digest}" for one in records]
            response.answer = [dns.rrset.from_text(zone, self.ttl, "IN", "DS", *data)]
        return response


@contextmanager
def fake_parent(name: str) -> Iterator[FakeParent]:
    """Run the nameservers of a parent zone that has no DS yet."""
    with ExitStack() as stack:
        parent = FakeParent(name, stack.enter_context(simulated_dns()), free_port())
        servers = [f"ns{number}.nic.{name}" for number in range(1, len(ADDRESSES) + 1)]
        parent.resolver.delegate(name, *servers)
        parent.resolver.resolved[f"{name} SOA"] = [f"{name}. 60 IN SOA {servers[0]}. host.{name}. 1 2 3 4 5"]
        for server, address in zip(servers, ADDRESSES, strict=True):
            parent.resolver.resolved[f"{server} A"] = [f"{server}. 60 IN A {LOOPBACK}", f"{server}. 60 IN A {address}"]
            listener = stack.enter_context(
                socketserver.ThreadingTCPServer((address, parent.port), _handler(parent, address))
            )
            listener.daemon_threads = True
            thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(listener.shutdown)
        yield parent


def is_allowed(address: str) -> bool:
    """Return True for addresses of fake nameservers."""
    return address in ADDRESSES


def _handler(parent: FakeParent, address: str) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            size = int.from_bytes(self.rfile.read(2), "big")
            query = dns.message.from_wire(self.rfile.read(size))
            response = parent.response(query, address)
            if response is not None:
                wire = response.to_wire(max_size=65_535)
                self.wfile.write(len(wire).to_bytes(2, "big") + wire)

    return Handler
