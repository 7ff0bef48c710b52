"""The nameservers that resolvers may query for a name, and TXT records, both as a resolver finds them.

Resolvers follow the zone cuts from the top-level domain down to the name. At each cut the NS records of both sides
count: those of the parent zone, and those of the child zone, which may differ. This module must not know which there
should be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import dns.rcode
from dns.message import Message
from dns.name import Name, root
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.queries.delegation import servers_of, targets_of
from appliance.queries.lookup import FAILURES, TIMEOUT, send_query
from appliance.zones.names import print_domain

MOST_LABELS = 40
"""Labels of a name that is looked up; IPv6 reverse zones have up to 34."""


@dataclass(frozen=True, slots=True)
class Authorities:
    """Nameservers of the zone cuts at and above a name; `problem` says why there may be others.

    `is_silent`: the resolver did not respond.
    """

    servers: frozenset[Name]
    problem: str = ""
    is_silent: bool = False


class Unresolved(Exception):
    """The resolver has no answer for a name; the message says why."""


class Silent(Unresolved):
    """The resolver did not respond at all."""


def find_authorities(name: Name, resolver: Nameserver, port: int = 53, timeout: float = TIMEOUT) -> Authorities:
    """Return the nameservers of every zone cut from the top-level domain down to `name`.

    Nameservers of parent zones are queried at `port`; `timeout` is seconds a query. Nothing is below a name that does
    not exist.
    """
    servers: set[Name] = set()
    try:
        for found in _walk(name, resolver, port, timeout):
            servers |= found
    except Unresolved as unresolved:
        return Authorities(frozenset(servers), str(unresolved))
    except FAILURES as failed:
        return Authorities(frozenset(servers), str(_silent(failed)), is_silent=True)
    return Authorities(frozenset(servers))


def find_texts(name: Name, resolver: Nameserver, timeout: float = TIMEOUT) -> set[bytes]:
    """Return the TXT records at the name, each as one string; raise Unresolved if the resolver has no answer."""
    try:
        response = send_query(resolver, name, RdataType.TXT, timeout, recurse=True)
    except FAILURES as failed:
        raise _silent(failed) from None
    if response.rcode() not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        raise _unresolved(name, response)
    found = (rrset for rrset in response.answer if rrset.rdtype == RdataType.TXT)
    return {b"".join(rdata.strings) for rrset in found for rdata in rrset}


def _walk(name: Name, resolver: Nameserver, port: int, timeout: float) -> Iterator[set[Name]]:
    """Yield the nameservers of each cut, from the top-level domain down."""
    if len(name.labels) - 1 > MOST_LABELS:
        raise Unresolved(f"the name has more than {MOST_LABELS} labels")
    cut = root
    for count in range(2, len(name.labels) + 1):
        below = Name(name.labels[-count:])
        response = send_query(resolver, below, RdataType.NS, timeout, recurse=True)
        own = {target for rrset in response.answer for target in targets_of(rrset, below)}
        if response.rcode() == Rcode.NXDOMAIN:
            return
        if response.rcode() == Rcode.NOERROR and not own:
            continue
        yield own
        delegated = _delegated(below, cut, resolver, port, timeout) if cut != root else set()
        yield delegated
        if response.rcode() != Rcode.NOERROR and not (delegated and below == name):
            raise _unresolved(below, response)
        cut = below


def _delegated(name: Name, parent: Name, resolver: Nameserver, port: int, timeout: float) -> set[Name]:
    """Return the nameservers to which the nameservers of the parent zone refer; raise Unresolved if none answers."""
    for server in servers_of(parent, resolver, port, timeout):
        try:
            response = send_query(server, name, RdataType.NS, timeout)
        except FAILURES:
            continue
        if response.rcode() in (Rcode.NOERROR, Rcode.NXDOMAIN):
            sections = (*response.answer, *response.authority)
            return {target for rrset in sections for target in targets_of(rrset, name)}
    raise Unresolved(f"no nameserver of {print_domain(parent)} answered for {print_domain(name)}")


def _unresolved(name: Name, response: Message) -> Unresolved:
    return Unresolved(f"the resolver answered {dns.rcode.to_text(response.rcode())} for {print_domain(name)}")


def _silent(failed: Exception) -> Silent:
    return Silent(f"the resolver did not answer: {str(failed) or type(failed).__name__}")
