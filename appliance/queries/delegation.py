"""The delegation of a zone: the NS records that the nameservers of its parent zone publish for it.

A resolver is used only to find those nameservers. This module must not know which NS records there should be.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import dns.exception
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rrset import RRset

from appliance.addresses import Endpoint, Nameserver
from appliance.queries.lookup import TIMEOUT, Budget, Exhausted

MAX_PARENT_SERVERS = 3
"""Nameservers of the parent zone to query, one after the other, until one responds."""
MAX_LEVELS = 16
"""Names above a zone that are tried as its parent zone, so that one lookup has at most 26 queries."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """The parent zone and the nameservers it delegates to; `problem` says why they are unknown."""

    parent: Name | None = None
    servers: frozenset[Name] = frozenset()
    problem: str = ""


def is_public(address: str) -> bool:
    """Return whether the address is a global unicast address, and no IPv4 address in the form of an IPv6 address.

    Whoever owns a parent zone chooses the addresses of its nameservers: no query may reach this host or its network.
    """
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address) and (found.ipv4_mapped or found.sixtofour or found.is_site_local):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def find_delegation(
    zone: Name,
    resolver: Nameserver,
    port: int = 53,
    timeout: float = TIMEOUT,
    is_allowed: Callable[[str], bool] = is_public,
) -> Delegation:
    """Return the delegation of `zone`, in at most 26 queries and MOST_SECONDS.

    The parent's nameservers are queried at `port`, if their address `is_allowed`; `timeout` is seconds a query.
    """
    budget = Budget(timeout)
    try:
        parent = parent_of(zone, resolver, budget)
        if parent is None:
            return Delegation(problem="the resolver knows no zone above it")
        for server in servers_of(parent, resolver, port, budget, is_allowed):
            try:
                response = budget.send(server, zone, RdataType.NS)
            except (dns.exception.DNSException, OSError, EOFError):
                continue
            sections = (*response.answer, *response.authority)
            return Delegation(parent, frozenset(target for rrset in sections for target in targets_of(rrset, zone)))
        return Delegation(parent, problem="no nameserver of the parent zone answered at a public address")
    except Exhausted as exhausted:
        return Delegation(problem=str(exhausted))
    except (dns.exception.DNSException, OSError, EOFError) as error:
        return Delegation(problem=f"the resolver did not answer: {str(error) or type(error).__name__}")


def parent_of(zone: Name, resolver: Nameserver, budget: Budget) -> Name | None:
    """Return the closest name above `zone` that has a SOA record."""
    above = zone
    for _ in range(min(MAX_LEVELS, len(zone.labels) - 1)):
        above = above.parent()
        response = budget.send(resolver, above, RdataType.SOA, recurse=True)
        if any(rrset.name == above and rrset.rdtype == RdataType.SOA for rrset in response.answer):
            return above
    return None


def servers_of(
    zone: Name,
    resolver: Nameserver,
    port: int,
    budget: Budget,
    is_allowed: Callable[[str], bool],
    most: int = MAX_PARENT_SERVERS,
) -> Iterator[Nameserver]:
    """Yield `most` nameservers of the zone at `port`, each with the first allowed address that the resolver returns.

    Raise dns.exception.DNSException, OSError or EOFError if the resolver does not answer, and Exhausted.
    """
    response = budget.send(resolver, zone, RdataType.NS, recurse=True)
    names = {target for rrset in response.answer for target in targets_of(rrset, zone)}
    for name in sorted(names)[:most]:
        address = address_of(name, resolver, budget, is_allowed)
        if address:
            yield Nameserver(str(name), Endpoint(address, port))


def address_of(name: Name, resolver: Nameserver, budget: Budget, is_allowed: Callable[[str], bool]) -> str | None:
    """Return the first allowed address that the resolver returns for the name, None without one; raise as above."""
    for rdtype in (RdataType.A, RdataType.AAAA):
        found = budget.send(resolver, name, rdtype, recurse=True)
        addresses = [rdata.address for rrset in found.answer if rrset.rdtype == rdtype for rdata in rrset]
        allowed = next(filter(is_allowed, addresses), None)
        if allowed:
            return str(allowed)
    return None


def targets_of(rrset: RRset, owner: Name) -> Iterator[Name]:
    """Yield the nameservers that the RRset names, if it is the NS RRset of `owner`."""
    if rrset.name == owner and rrset.rdtype == RdataType.NS:
        yield from (rdata.target for rdata in rrset)
