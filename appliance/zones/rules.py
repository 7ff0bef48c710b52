"""The rules of a whole zone: what each record alone cannot show. One function for each rule.

    check(view, touched) -> findings          none: the zone can be served

A rule looks at the zone as it would be after the change, through a `View`, and only at what the change
can have broken: the touched owners, what stands above them, and what stands below a touched delegation.
When named-checkzone or named refuses what these rules passed, a rule is missing here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from dns.name import Name, root
from dns.rdatatype import RdataType

from appliance.errors import Finding
from appliance.zones.model import Node
from appliance.zones.names import canonical_key, print_domain
from appliance.zones.rdata import target_of

MAX_RRSET_RECORDS = 100
"""BIND refuses a zone with a larger set (its default for max-records-per-type, CVE-2024-1737)."""
MAX_RRSET_OCTETS = 60_000
"""The largest set that still fits into one DNS message with room for names."""

_ADDRESSES = frozenset({RdataType.A, RdataType.AAAA})


class View(Protocol):
    """A zone as the rules see it."""

    @property
    def origin(self) -> Name:
        """The zone's name."""

    @property
    def servers(self) -> tuple[Name, ...]:
        """The appliance's own nameservers, which stand in every apex NS set."""

    def nodes(self, owners: Iterable[Name]) -> Mapping[Name, Node]:
        """What stands at each of these owners; an owner without records is missing in the answer."""

    def below(self, owner: Name) -> Iterator[tuple[Name, Node]]:
        """What stands at each owner below this one, read as far as it is asked for."""


def check(view: View, touched: Iterable[Name]) -> list[Finding]:
    """All findings at the touched owners, the ones nearest to the input first."""
    findings: list[Finding] = []
    for owner in sorted(touched, key=canonical_key):
        node = view.nodes([owner]).get(owner, {})
        if node:
            findings += (replace(finding, owner=owner) for rule in RULES for finding in rule(view, owner, node))
    return findings + list(apex_nameservers_have_addresses(view))


def no_cname_at_apex(view: View, owner: Name, node: Node) -> Iterator[Finding]:
    """The apex holds SOA and NS, so no CNAME (RFC 1912 section 2.4)."""
    if owner == view.origin and RdataType.CNAME in node:
        yield Finding(
            "name", "a CNAME cannot stand at the apex, beside SOA and NS; use A and AAAA, or HTTPS with priority 0"
        )


def no_data_beside_cname(view: View, owner: Name, node: Node) -> Iterator[Finding]:
    """A CNAME is the only record at its name (RFC 1034 section 3.6.2, RFC 2181 section 10.1)."""
    cname = node.get(RdataType.CNAME)
    if not cname or owner == view.origin:
        return
    if len(cname.records) > 1:
        yield Finding("name", f"{print_domain(owner)} already has a CNAME; a name has one at most")
    elif len(node) > 1:
        others = ", ".join(rdtype.name for rdtype in node if rdtype != RdataType.CNAME)
        yield Finding("name", f"{print_domain(owner)} cannot hold a CNAME beside other data ({others})")


def cname_is_not_its_own_target(_view: View, owner: Name, node: Node) -> Iterator[Finding]:
    """A CNAME does not point to its own name."""
    cname = node.get(RdataType.CNAME)
    if cname and target_of(cname.records[0].rdata) == owner:
        yield Finding("value", f"{print_domain(owner)} would be an alias of itself")


def no_mx_beside_null_mx(_view: View, owner: Name, node: Node) -> Iterator[Finding]:
    """A null MX says that a name takes no mail, so it is the only MX there (RFC 7505 section 3)."""
    mx = node.get(RdataType.MX)
    if mx and len(mx.records) > 1 and any(target_of(record.rdata) == root for record in mx.records):
        yield Finding("value", f"{print_domain(owner)} cannot hold a null MX beside another MX")


def rrsets_within_limits(view: View, owner: Name, node: Node) -> Iterator[Finding]:
    """A set has 100 records and 60,000 octets at most; at the apex the appliance's own NS count."""
    for rdtype, rrset in node.items():
        if len(rrset.records) > max_records(view, owner, rdtype):
            yield Finding(
                "value", f"the {rdtype.name} set of {print_domain(owner)} would exceed {MAX_RRSET_RECORDS} records"
            )
        if sum(len(record.wire) for record in rrset.records) > MAX_RRSET_OCTETS:
            yield Finding(
                "value", f"the {rdtype.name} set of {print_domain(owner)} would exceed {MAX_RRSET_OCTETS} octets"
            )


def max_records(view: View, owner: Name, rdtype: RdataType) -> int:
    """Return how many records a set may have; at the apex the appliance's own NS count."""
    own = len(view.servers) if rdtype == RdataType.NS and owner == view.origin else 0
    return MAX_RRSET_RECORDS - own


def no_wildcard_delegation(_view: View, owner: Name, node: Node) -> Iterator[Finding]:
    """NS at a wildcard has no meaning (RFC 4592 section 4.2), and BIND refuses the zone."""
    if owner.is_wild() and RdataType.NS in node:
        yield Finding("name", "NS records cannot stand at a wildcard; delegate each name")


def no_duplicate_apex_ns(view: View, owner: Name, node: Node) -> Iterator[Finding]:
    """A user's apex NS is not one that the appliance publishes anyway."""
    if owner == view.origin and RdataType.NS in node:
        for record in node[RdataType.NS].records:
            if target_of(record.rdata) in view.servers:
                yield Finding("value", f"{record.value} is one of the zone's own nameservers and is published already")


def ds_needs_delegation(view: View, owner: Name, node: Node) -> Iterator[Finding]:
    """DS belongs to a delegation: NS stands at the same name, below the apex (RFC 4035 section 2.4)."""
    if RdataType.DS in node and (owner == view.origin or RdataType.NS not in node):
        yield Finding("name", f"DS needs NS records at the same name, and {print_domain(owner)} is not delegated")


def only_glue_below_zone_cut(view: View, owner: Name, node: Node) -> Iterator[Finding]:
    """Below a delegation only the addresses of its servers are served, as glue (RFC 1034 section 4.2.1)."""
    above = view.nodes(_between(owner, view.origin))
    for cut, at_cut in above.items():
        if RdataType.NS in at_cut and not _is_glue(owner, node, at_cut):
            yield Finding(
                "name", f"{print_domain(cut)} is delegated; below it only addresses of its nameservers are served"
            )


def no_data_hidden_by_zone_cut(view: View, owner: Name, node: Node) -> Iterator[Finding]:
    """A delegation leaves nothing at or below it that would no longer be answered."""
    if owner == view.origin or RdataType.NS not in node:
        return
    at_cut: Node = {rdtype: rrset for rdtype, rrset in node.items() if rdtype not in (RdataType.NS, RdataType.DS)}
    for hidden, held in ((owner, at_cut), *_first_hidden(view, owner, node)):
        if held and not _is_glue(hidden, held, node):
            types = ", ".join(rdtype.name for rdtype in held)
            yield Finding(
                "name", f"the delegation of {print_domain(owner)} would hide {types} at {print_domain(hidden)}"
            )


def apex_nameservers_have_addresses(view: View) -> Iterator[Finding]:
    """An apex NS in the zone leads to an address; BIND refuses the whole zone otherwise."""
    apex = view.nodes([view.origin]).get(view.origin, {})
    has_below = functools.cache(lambda name: next(view.below(name), None) is not None)
    for record in apex[RdataType.NS].records if RdataType.NS in apex else ():
        target = target_of(record.rdata)
        if target and target.is_subdomain(view.origin):
            node = _answering_node(view, target, has_below)
            if RdataType.CNAME in node:
                detail = f"{record.value}, a nameserver of the zone, would be an alias; it must have an address"
                yield Finding("value", detail, target)
            elif not _ADDRESSES & node.keys():
                detail = f"{record.value}, a nameserver of the zone, would have no A or AAAA record in it"
                yield Finding("value", detail, target)


Rule = Callable[[View, Name, Node], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    no_cname_at_apex,
    no_data_beside_cname,
    cname_is_not_its_own_target,
    no_mx_beside_null_mx,
    no_wildcard_delegation,
    ds_needs_delegation,
    only_glue_below_zone_cut,
    no_data_hidden_by_zone_cut,
    no_duplicate_apex_ns,
    rrsets_within_limits,
)
"""The rules of a single owner, in the order in which they are told."""


def _between(owner: Name, origin: Name) -> list[Name]:
    """The names above `owner` and below `origin`."""
    above = []
    while len(owner.labels) > len(origin.labels) + 1:
        owner = owner.parent()
        above.append(owner)
    return above


def _is_glue(owner: Name, node: Node, cut: Node) -> bool:
    """True when everything at `owner` is an address of a server of the delegation."""
    return node.keys() <= _ADDRESSES and owner in {target_of(record.rdata) for record in cut[RdataType.NS].records}


def _first_hidden(view: View, owner: Name, cut: Node) -> Iterator[tuple[Name, Node]]:
    """The first owner below the cut that is no glue: one is enough to refuse, and there may be thousands."""
    for below, node in view.below(owner):
        if not _is_glue(below, node, cut):
            yield below, node
            return


def _answering_node(view: View, target: Name, has_below: Callable[[Name], bool]) -> Node:
    """What answers for the name: its own node, or the wildcard of its closest encloser (RFC 4592 section 3.3.1)."""
    encloser = target
    while True:
        node = view.nodes([encloser]).get(encloser, {})
        if node or encloser == view.origin or has_below(encloser):
            break
        encloser = encloser.parent()
    if encloser == target:
        return node
    wildcard = Name((b"*", *encloser.labels))
    return view.nodes([wildcard]).get(wildcard, {})
