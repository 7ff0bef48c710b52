"""One query sent to several nameservers in parallel, and their responses as text.

This module must not know what the responses should be.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver

TIMEOUT = 2.0
"""Seconds to wait for the response of a nameserver."""
FAILURES = (dns.exception.DNSException, OSError, EOFError)
"""What `send_query` raises if there is no valid response."""
MOST_QUERIES = 100
"""Queries of one lookup: whoever owns a domain chooses the number of its zone cuts and nameservers."""
MOST_SECONDS = 10.0
"""Seconds after which a lookup sends no further query."""


@dataclass(frozen=True, slots=True)
class LookupResponse:
    """The response of one nameserver: response code, flags, sections as lines of text, and the time it took.

    `problem` says why there is no response; then everything else is empty.
    """

    server: Nameserver
    rcode: str = ""
    flags: str = ""
    answer: Sequence[str] = ()
    authority: Sequence[str] = ()
    milliseconds: float = 0
    problem: str = ""


class Exhausted(Exception):
    """A lookup has used up its queries or its time."""


@dataclass(slots=True)
class Budget:
    """What one lookup may still send: `queries`, until `deadline` (of time.monotonic), each with `timeout` seconds."""

    timeout: float = TIMEOUT
    queries: int = MOST_QUERIES
    deadline: float = field(default_factory=lambda: time.monotonic() + MOST_SECONDS)

    def send(self, server: Nameserver, name: Name, rdtype: RdataType, *, recurse: bool = False) -> Message:
        """Return the response as `send_query` does; raise Exhausted if no further query may be sent."""
        if self.queries <= 0 or time.monotonic() >= self.deadline:
            raise Exhausted("the lookup needs too many queries, or takes too long")
        self.queries -= 1
        return send_query(server, name, rdtype, self.timeout, recurse=recurse)


def query_each(
    servers: Sequence[Nameserver], name: Name, rdtype: RdataType, timeout: float = TIMEOUT
) -> list[LookupResponse]:
    """Return the response of each nameserver, in the order given, after `timeout` seconds at most."""
    with ThreadPoolExecutor(max(1, len(servers)), "query") as pool:
        return list(pool.map(lambda server: _query_one(server, name, rdtype, timeout), servers))


def send_query(
    server: Nameserver, name: Name, rdtype: RdataType, timeout: float = TIMEOUT, *, recurse: bool = False
) -> Message:
    """Return the response of one nameserver, over TCP if that over UDP is truncated.

    Raise dns.exception.DNSException, OSError or EOFError if there is no valid one within `timeout` seconds.
    """
    flags = dns.flags.RD if recurse else dns.flags.Flag(0)
    query = dns.message.make_query(name, rdtype, use_edns=0, payload=1232, flags=flags)
    response, _ = dns.query.udp_with_fallback(
        query, server.endpoint.host, timeout, server.endpoint.port, ignore_unexpected=True
    )
    return response


def _query_one(server: Nameserver, name: Name, rdtype: RdataType, timeout: float) -> LookupResponse:
    try:
        response = send_query(server, name, rdtype, timeout)
    except dns.exception.Timeout:
        return LookupResponse(server, problem=f"no answer within {timeout:g} s")
    except FAILURES as error:
        return LookupResponse(server, problem=str(error) or type(error).__name__)
    return LookupResponse(
        server,
        rcode=dns.rcode.to_text(response.rcode()),
        flags=dns.flags.to_text(response.flags),
        answer=_lines(response.answer),
        authority=_lines(response.authority),
        milliseconds=response.time * 1000,
    )


def _lines(section: Sequence[object]) -> list[str]:
    return [line for rrset in section for line in str(rrset).splitlines()]
