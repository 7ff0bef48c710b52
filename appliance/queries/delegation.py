"""What the parent of a zone says of it: the nameservers of the delegation, asked of the parent's own nameservers.

A resolver is asked only who these are. This module must not know which nameservers there should be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import dns.exception
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Endpoint, Nameserver
from appliance.queries.lookup import TIMEOUT, send_query

MOST_ASKED = 3
"""Nameservers of the parent that are asked, one after the other, until one answers."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """The parent zone, and the nameservers that it sends the world to; `problem` says why these are unknown."""

    parent: Name | None = None
    servers: frozenset[Name] = frozenset()
    problem: str = ""


def find_delegation(zone: Name, resolver: Nameserver, port: int = 53, timeout: float = TIMEOUT) -> Delegation:
    """What the parent of `zone` says. `port` is where the parent's nameservers answer."""
    try:
        parent = _parent_of(zone, resolver, timeout)
        if parent is None:
            return Delegation(problem="the resolver knows no zone above it")
        for server in _servers_of(parent, resolver, port, timeout):
            try:
                message = send_query(server, zone, RdataType.NS, timeout)
            except (dns.exception.DNSException, OSError, EOFError):
                continue
            return Delegation(parent, frozenset(_targets(message, zone)))
        return Delegation(parent, problem="no nameserver of the parent zone answered")
    except (dns.exception.DNSException, OSError, EOFError) as failed:
        return Delegation(problem=f"the resolver did not answer: {str(failed) or type(failed).__name__}")


def _parent_of(zone: Name, resolver: Nameserver, timeout: float) -> Name | None:
    """The nearest zone above: whose SOA is answered for its own name."""
    above = zone
    while above.labels != (b"",):
        above = above.parent()
        message = send_query(resolver, above, RdataType.SOA, timeout, recurse=True)
        if any(rrset.name == above and rrset.rdtype == RdataType.SOA for rrset in message.answer):
            return above
    return None


def _servers_of(parent: Name, resolver: Nameserver, port: int, timeout: float) -> Iterator[Nameserver]:
    """The parent's nameservers with their addresses, as the resolver knows them."""
    message = send_query(resolver, parent, RdataType.NS, timeout, recurse=True)
    for name in sorted(_targets(message, parent))[:MOST_ASKED]:
        for rdtype in (RdataType.A, RdataType.AAAA):
            found = send_query(resolver, name, rdtype, timeout, recurse=True)
            addresses = [rdata.address for rrset in found.answer if rrset.rdtype == rdtype for rdata in rrset]
            if addresses:
                yield Nameserver(str(name), Endpoint(addresses[0], port))
                break


def _targets(message: Message, owner: Name) -> Iterator[Name]:
    for rrset in (*message.answer, *message.authority):
        if rrset.name == owner and rrset.rdtype == RdataType.NS:
            yield from (rdata.target for rdata in rrset)
