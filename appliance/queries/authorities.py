"""The nameservers that resolvers may query for a name, and TXT records, both as a resolver finds them.

Resolvers follow the zone cuts from the top-level domain down to the name. At each cut the NS records of both sides
count: those of the parent zone, and those of the child zone, which may differ. This module must not know which there
should be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import dns.rcode
from dns.message import Message
from dns.name import Name, root
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.queries.delegation import is_public, servers_of, targets_of
from appliance.queries.lookup import FAILURES, Budget, Exhausted
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


def find_authorities(
    name: Name,
    resolver: Nameserver,
    port: int = 53,
    budget: Budget | None = None,
    is_allowed: Callable[[str], bool] = is_public,
) -> Authorities:
    """Return the nameservers of every zone cut from the top-level domain down to `name`, in one budget of queries.

    Nameservers of parent zones are queried at `port`, if their address `is_allowed`. Nothing is below a name that does
    not exist.
    """
    servers: set[Name] = set()
    try:
        for found in _walk(name, resolver, port, budget or Budget(), is_allowed):
            servers |= found
    except Exhausted as exhausted:
        return Authorities(frozenset(servers), str(exhausted))
    except Unresolved as unresolved:
        return Authorities(frozenset(servers), str(unresolved))
    except FAILURES as failed:
        return Authorities(frozenset(servers), str(_silent(failed)), is_silent=True)
    return Authorities(frozenset(servers))


def find_texts(name: Name, resolver: Nameserver, budget: Budget | None = None) -> set[bytes]:
    """Return the TXT records at the name, each as one string; raise Unresolved if the resolver has no answer."""
    try:
        response = (budget or Budget()).send(resolver, name, RdataType.TXT, recurse=True)
    except Exhausted as exhausted:
        raise Unresolved(str(exhausted)) from None
    except FAILURES as failed:
        raise _silent(failed) from None
    if response.rcode() not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        raise _unresolved(name, response)
    found = (rrset for rrset in response.answer if rrset.rdtype == RdataType.TXT)
    return {b"".join(rdata.strings) for rrset in found for rdata in rrset}


def _walk(
    name: Name, resolver: Nameserver, port: int, budget: Budget, is_allowed: Callable[[str], bool]
) -> Iterator[set[Name]]:
    """Yield the nameservers of each cut, from the top-level domain down."""
    if len(name.labels) - 1 > MOST_LABELS:
        raise Unresolved(f"the name has more than {MOST_LABELS} labels")
    cut = root
    for count in range(2, len(name.labels) + 1):
        below = Name(name.labels[-count:])
        response = budget.send(resolver, below, RdataType.NS, recurse=True)
        own = {target for rrset in response.answer for target in targets_of(rrset, below)}
        if response.rcode() == Rcode.NXDOMAIN:
            return
        if response.rcode() == Rcode.NOERROR and not own:
            continue
        yield own
        parents = servers_of(cut, resolver, port, budget, is_allowed)
        delegated = _delegated(below, cut, parents, budget) if cut != root else set()
        yield delegated
        if response.rcode() != Rcode.NOERROR and not (delegated and below == name):
            raise _unresolved(below, response)
        cut = below


def _delegated(name: Name, parent: Name, servers: Iterator[Nameserver], budget: Budget) -> set[Name]:
    """Return the nameservers to which the nameservers of the parent zone refer; raise Unresolved if none answers."""
    for server in servers:
        try:
            response = budget.send(server, name, RdataType.NS)
        except FAILURES:
            continue
        if response.rcode() in (Rcode.NOERROR, Rcode.NXDOMAIN):
            sections = (*response.answer, *response.authority)
            return {target for rrset in sections for target in targets_of(rrset, name)}
    raise Unresolved(f"no nameserver of {print_domain(parent)} answered for {print_domain(name)} at a public address")


def _unresolved(name: Name, response: Message) -> Unresolved:
    return Unresolved(f"the resolver answered {dns.rcode.to_text(response.rcode())} for {print_domain(name)}")


def _silent(failed: Exception) -> Silent:
    return Silent(f"the resolver did not answer: {str(failed) or type(failed).__name__}")
