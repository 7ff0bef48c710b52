"""The DS records of a zone at every nameserver of its parent zone, over TCP: an answer by UDP could be forged.

A resolver is used only to find those nameservers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import dns.flags
import dns.message
import dns.query
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.queries.delegation import is_public, parent_of, servers_of
from appliance.queries.lookup import FAILURES, TIMEOUT, Budget, Exhausted
from appliance.zones.names import print_domain
from appliance.zones.parent_checks import MOST_DS, limited
from appliance.zones.signing import Ds, ParentCheck

MOST_SERVERS = 26
"""Nameservers of a parent zone: all of them must answer."""
MOST_OCTETS = 64
"""Octets of a digest that are kept: longer ones are of digest types that no zone here has."""
LONGEST_CACHED = 604_800
"""Seconds: caches hold no record for longer, whatever its TTL (RFC 8767 section 4)."""


class ResolverBudget(Budget):
    """A budget that takes no failure of the resolver for an answer without records."""

    def send(self, server: Nameserver, name: Name, rdtype: RdataType, *, recurse: bool = False) -> Message:
        """Return the response as `Budget.send` does; raise Exhausted also if the resolver answers with a failure."""
        response = super().send(server, name, rdtype, recurse=recurse)
        if response.rcode() not in (Rcode.NOERROR, Rcode.NXDOMAIN):
            raise Exhausted(f"the resolver answered {Rcode(response.rcode()).name} for {print_domain(name)}")
        return response


def check_parent(
    zone: Name,
    resolver: Nameserver,
    now: datetime,
    port: int = 53,
    timeout: float = TIMEOUT,
    is_allowed: Callable[[str], bool] = is_public,
) -> ParentCheck:
    """Return what all nameservers of the parent zone answer; they are queried at `port`, if their address `is_allowed`.

    If one of them does not answer, it is not known which DS all of them have; `anywhere` holds all the same.
    """
    budget, name = ResolverBudget(timeout), ""
    try:
        parent = parent_of(zone, resolver, budget)
        if parent is None:
            return ParentCheck("", now, problem="the resolver knows no zone above it")
        name = print_domain(parent)
        servers = [*servers_of(parent, resolver, port, budget, is_allowed, MOST_SERVERS)]
    except Exhausted as exhausted:
        return ParentCheck(name, now, problem=str(exhausted))
    except FAILURES as failed:
        return ParentCheck(name, now, problem=f"the resolver did not answer: {str(failed) or type(failed).__name__}")
    if not servers:
        return ParentCheck(name, now, problem=f"no nameserver of {name} has a public address")
    return check_servers(zone, name, servers, now, timeout)


def check_servers(
    zone: Name, parent: str, servers: Sequence[Nameserver], now: datetime, timeout: float = TIMEOUT
) -> ParentCheck:
    """Return what these nameservers of the parent zone answer, as `check_parent` does."""
    with ThreadPoolExecutor(len(servers), "parent") as pool:
        answers = [*pool.map(lambda server: _ds_at(server, zone, timeout), servers)]
    found = [one for one in answers if isinstance(one, dict)]
    problem = next((one for one in answers if isinstance(one, str)), "")
    sets = [frozenset(one) for one in found]
    if not problem and any(len(one) > MOST_DS for one in sets):
        problem = f"a nameserver of {parent} has more than {MOST_DS} DS of {print_domain(zone)}"
    everywhere = frozenset.intersection(*sets) if sets and not problem else None
    ttl = min(LONGEST_CACHED, max((ttl for one in found for ttl in one.values()), default=0))
    return ParentCheck(parent, now, everywhere, limited(frozenset[Ds]().union(*sets)), ttl, problem)


def _ds_at(server: Nameserver, zone: Name, timeout: float) -> dict[Ds, int] | str:
    """Return the DS records at one nameserver, each with its TTL, or why they are not known."""
    name = server.name.rstrip(".")
    try:
        response = _ask(server, zone, timeout)
    except FAILURES as failed:
        return f"{name} did not answer: {str(failed) or type(failed).__name__}"
    if response.rcode() not in (Rcode.NOERROR, Rcode.NXDOMAIN) or not response.flags & dns.flags.AA:
        return f"{name} answered {Rcode(response.rcode()).name} without authority for {print_domain(zone)}"
    if any(one.name == zone and one.rdtype == RdataType.SOA for one in response.authority):
        return f"{name} lacks the parent zone: it answered as a nameserver of {print_domain(zone)} itself"
    rrsets = [one for one in response.answer if one.name == zone and one.rdtype == RdataType.DS]
    return {_ds(rdata): rrset.ttl for rrset in rrsets for rdata in rrset}


def _ask(server: Nameserver, zone: Name, timeout: float) -> Message:
    query = dns.message.make_query(zone, RdataType.DS, use_edns=0, flags=dns.flags.Flag(0))
    return dns.query.tcp(query, server.endpoint.host, timeout, server.endpoint.port)


def _ds(rdata: object) -> Ds:
    return Ds(rdata.key_tag, int(rdata.algorithm), int(rdata.digest_type), rdata.digest[:MOST_OCTETS].hex())  # type: ignore[attr-defined]
