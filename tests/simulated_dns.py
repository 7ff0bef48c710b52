"""A DNS server in a thread, for tests: a resolver to recursive queries, and a nameserver of parent zones to others."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from dns.message import Message
from dns.rcode import Rcode

from appliance.addresses import Endpoint, Nameserver
from tests.pair import LOOPBACK


@dataclass
class SimulatedDns:
    """What it answers, by name and type such as `example.org NS`: lines of records, or a response code.

    `resolved` are recursive queries, `served` those of which it is authoritative, and `referred` the others. A query
    that is not listed has an empty answer; without `responds` there is none at all. `queries` are those received, and
    `meanwhile` is called before each response.
    """

    server: Nameserver
    resolved: dict[str, list[str] | Rcode] = field(default_factory=dict)
    served: dict[str, list[str] | Rcode] = field(default_factory=dict)
    referred: dict[str, list[str] | Rcode] = field(default_factory=dict)
    responds: bool = True
    queries: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    @property
    def port(self) -> int:
        """The port at which it responds."""
        return self.server.endpoint.port

    def delegate(self, zone: str, *servers: str, lame: bool = False) -> None:
        """Delegate the zone to these nameservers, by its parent and, unless it is `lame`, by itself."""
        records = [f"{zone}. 60 IN NS {server}." for server in servers]
        self.resolved[f"{zone} NS"] = Rcode.SERVFAIL if lame else records
        self.referred[f"{zone} NS"] = records
        self.resolved |= {f"{server} A": [f"{server}. 60 IN A {LOOPBACK}"] for server in servers}

    def text(self, name: str, value: str) -> None:
        """Publish a TXT record."""
        self.resolved[f"{name} TXT"] = [f'{name}. 60 IN TXT "{value}"']

    def response_to(self, query: Message) -> Message:
        """Return the response to a query."""
        response = dns.message.make_response(query)
        asked = f"{query.question[0].name.to_text(omit_final_dot=True)} {query.question[0].rdtype.name}"
        self.queries.append(asked)
        is_recursive = bool(query.flags & dns.flags.RD)
        is_served = asked in self.served
        found = (self.served if is_served else self.resolved if is_recursive else self.referred).get(asked, [])
        if is_served:
            response.flags |= dns.flags.AA
        if isinstance(found, Rcode):
            response.set_rcode(found)
        elif is_recursive or is_served:
            response.answer = [_rrset(line) for line in found]
        else:
            response.authority = [_rrset(line) for line in found]
        return response


@contextmanager
def simulated_dns() -> Iterator[SimulatedDns]:
    """Run a server that knows nothing yet."""

    def serve() -> None:
        while len(octets := listener.recvfrom(1000)) and octets[0]:
            response = simulated.response_to(dns.message.from_wire(octets[0]))
            simulated.meanwhile()
            if simulated.responds:
                listener.sendto(response.to_wire(), octets[1])

    with socket.socket(type=socket.SOCK_DGRAM) as listener:
        listener.bind((LOOPBACK, 0))
        simulated = SimulatedDns(Nameserver("resolver", Endpoint(*listener.getsockname())))
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield simulated
        finally:
            listener.sendto(b"", listener.getsockname())
            thread.join()


def _rrset(line: str) -> dns.rrset.RRset:
    owner, ttl, _, rdtype, data = line.split(" ", 4)
    return dns.rrset.from_text(owner, int(ttl), "IN", rdtype, data)
