"""Any question, asked of several nameservers side by side, and the answers as a person reads them.

This module must not know what the answers should be.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

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
"""Seconds that a nameserver has for its answer."""


@dataclass(frozen=True, slots=True)
class LookupResponse:
    """What one nameserver said: response code, flags, the lines of its sections, and after how long.

    `problem` says why there is no answer; then all else is empty.
    """

    server: Nameserver
    rcode: str = ""
    flags: str = ""
    answer: Sequence[str] = ()
    authority: Sequence[str] = ()
    milliseconds: float = 0
    problem: str = ""


def query_each(
    servers: Sequence[Nameserver], name: Name, rdtype: RdataType, timeout: float = TIMEOUT
) -> list[LookupResponse]:
    """The replies of all these nameservers, in their order, within `timeout` seconds."""
    with ThreadPoolExecutor(max(1, len(servers)), "question") as pool:
        return list(pool.map(lambda server: _reply(server, name, rdtype, timeout), servers))


def send_query(
    server: Nameserver, name: Name, rdtype: RdataType, timeout: float = TIMEOUT, *, recurse: bool = False
) -> Message:
    """The answer of one nameserver, over TCP where UDP cut it; raises what dnspython does, and OSError."""
    flags = dns.flags.RD if recurse else dns.flags.Flag(0)
    query = dns.message.make_query(name, rdtype, use_edns=0, payload=1232, flags=flags)
    reply, _ = dns.query.udp_with_fallback(
        query, server.endpoint.host, timeout, server.endpoint.port, ignore_unexpected=True
    )
    return reply


def _reply(server: Nameserver, name: Name, rdtype: RdataType, timeout: float) -> LookupResponse:
    try:
        message = send_query(server, name, rdtype, timeout)
    except dns.exception.Timeout:
        return LookupResponse(server, problem=f"no answer within {timeout:g} s")
    except (dns.exception.DNSException, OSError, EOFError) as failed:
        return LookupResponse(server, problem=str(failed) or type(failed).__name__)
    return LookupResponse(
        server,
        rcode=dns.rcode.to_text(message.rcode()),
        flags=dns.flags.to_text(message.flags),
        answer=_lines(message.answer),
        authority=_lines(message.authority),
        milliseconds=message.time * 1000,
    )


def _lines(section: Sequence[object]) -> list[str]:
    return [line for rrset in section for line in str(rrset).splitlines()]
