"""The rules of a whole zone, which no record shows by itself. One function for each rule.

    check(view, touched) -> findings          none: the zone can be served

A rule reads the zone as it would be after the change, through a `View`, and only what the change can affect: the
touched owners, the owners above them, and those below a touched delegation. If named-checkzone or named refuses a zone
that these rules accept, a rule is missing here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from dns.name import Name, root
from dns.rdatatype import RdataType

from appliance.errors import Finding
from appliance.zones.cached_view import CachedView
from appliance.zones.model import Node
from appliance.zones.names import canonical_key, is_within, print_domain
from appliance.zones.rdata import target_of
from appliance.zones.view import View
from appliance.zones.zone_cuts import ADDRESSES, hidden_by, is_glue

MAX_RRSET_RECORDS = 100
"""BIND refuses a zone with a larger rrset (its default for max-records-per-type, CVE-2024-1737)."""
MAX_RRSET_OCTETS = 60_000
"""The maximum size of the rdata of an rrset: with its names it still fits into one DNS message."""


def check(
    view: View, touched: Iterable[Name], reduced: Collection[Name] = (), former: Collection[Name] = ()
) -> list[Finding]:
    """Return the findings of all rules at the touched owners, in canonical order.

    Records that a child zone hides may remain at `reduced` owners, from which records were only deleted, and at
    `former` nameservers, whose NS records were deleted before their addresses.
    """
    cached, findings = CachedView.of(view), list[Finding]()
    owners = sorted((one for one in touched if is_within(one, view.origin)), key=canonical_key)
    cached.load(owners)
    for owner in owners:
        node = cached.node(owner)
        if node:
            skipped = REDUCED_RULES if owner in reduced else CHILD_ZONE_RULES if owner in former else frozenset()
            rules = [rule for rule in RULES if rule not in skipped] if skipped else RULES
            findings += [replace(finding, owner=owner) for rule in rules for finding in rule(cached, owner, node)]
    return findings + list(apex_nameservers_have_addresses(cached))


def no_cname_at_apex(view: CachedView, owner: Name, node: Node) -> Iterator[Finding]:
    """Yield a finding for a CNAME at the apex, which has SOA and NS (RFC 1912 section 2.4)."""
    if owner == view.origin and RdataType.CNAME in node:
        yield Finding(
            "name",
            f"{print_domain(owner)} cannot hold a CNAME: it is the apex, with SOA and NS; "
            "use A and AAAA, or HTTPS with priority 0",
        )


def no_data_beside_cname(view: CachedView, owner: Name, node: Node) -> Iterator[Finding]:
    """Yield a finding for other data beside a CNAME (RFC 1034 section 3.6.2, RFC 2181 section 10.1)."""
    cname = node.get(RdataType.CNAME)
    if not cname or owner == view.origin:
        return
    if len(cname.records) > 1:
        yield Finding("name", f"{print_domain(owner)} already has a CNAME; a name can have only one")
    elif len(node) > 1:
        others = ", ".join(rdtype.name for rdtype in node if rdtype != RdataType.CNAME)
        yield Finding("name", f"{print_domain(owner)} cannot hold a CNAME beside other data ({others})")


def cname_is_not_its_own_target(_view: CachedView, owner: Name, node: Node) -> Iterator[Finding]:
    """Yield a finding for a CNAME that points to its own name."""
    cname = node.get(RdataType.CNAME)
    if cname and target_of(cname.records[0].rdata) == owner:
        yield Finding("value", f"the CNAME at {print_domain(owner)} would point to itself: use another target")


def no_mx_beside_null_mx(_view: CachedView, owner: Name, node: Node) -> Iterator[Finding]:
    """Yield a finding for another MX beside a null MX (RFC 7505 section 3)."""
    mx = node.get(RdataType.MX)
    if mx and len(mx.records) > 1 and any(target_of(record.rdata) == root for record in mx.records):
        yield Finding("value", f"{print_domain(owner)} cannot hold a null MX beside another MX")


def rrsets_within_limits(view: View, owner: Name, node: Node) -> Iterator[Finding]:
    """Yield a finding for an rrset of more than 100 records, those of the appliance included, or 60,000 octets."""
    for rdtype, rrset in node.items():
        if len(rrset.records) > max_records(view, owner, rdtype):
            yield Finding(
                "value", f"the {rdtype.name} RRset of {print_domain(owner)} would exceed {MAX_RRSET_RECORDS} records"
            )
        if sum(len(record.wire) for record in rrset.records) > MAX_RRSET_OCTETS:
            yield Finding(
                "value", f"the {rdtype.name} RRset of {print_domain(owner)} would exceed {MAX_RRSET_OCTETS} octets"
            )


def max_records(view: View, owner: Name, rdtype: RdataType) -> int:
    """Return how many records the rrset may have besides the NS records of the appliance itself."""
    own = len(view.servers) if rdtype == RdataType.NS and _has_own_ns(view, owner) else 0
    return MAX_RRSET_RECORDS - own


def no_wildcard_delegation(_view: CachedView, owner: Name, node: Node) -> Iterator[Finding]:
    """Yield a finding for NS at a wildcard, which is undefined (RFC 4592 section 4.2) and which BIND refuses."""
    if owner.is_wild() and RdataType.NS in node:
        yield Finding("name", f"{print_domain(owner)} cannot hold NS: it is a wildcard; delegate each name separately")


def no_duplicate_own_ns(view: CachedView, owner: Name, node: Node) -> Iterator[Finding]:
    """Yield a finding for an NS that the appliance publishes already, at the apex or at a child zone."""
    if RdataType.NS in node and _has_own_ns(view, owner):
        where = "every zone" if owner == view.origin else f"the zone {print_domain(owner)} and its delegation"
        for record in node[RdataType.NS].records:
            if target_of(record.rdata) in view.servers:
                yield Finding("value", f"{record.value} is a nameserver of the appliance, in the NS set of {where}")


def _has_own_ns(view: View, owner: Name) -> bool:
    return owner == view.origin or owner in view.child_zones([owner])


def ds_needs_delegation(view: CachedView, owner: Name, node: Node) -> Iterator[Finding]:
    """Yield a finding for DS without NS at the same name, or at the apex (RFC 4035 section 2.4)."""
    if RdataType.DS in node and (owner == view.origin or RdataType.NS not in node):
        yield Finding("name", f"{print_domain(owner)} cannot hold DS: it has no NS records that delegate it")


def only_ns_at_child_zone(view: CachedView, owner: Name, node: Node) -> Iterator[Finding]:
    """Yield a finding for data other than NS at the name of a child zone, whose delegation the appliance publishes."""
    others: Node = {rdtype: rrset for rdtype, rrset in node.items() if rdtype != RdataType.NS}
    cut = view.cut_of(owner) if others else None
    if cut and cut.is_child and cut.name == owner and not is_glue(view, owner, others):
        yield Finding(
            "name", f"{print_domain(owner)} is a zone of its own: only NS records can be here; add others in that zone"
        )


def only_glue_below_zone_cut(view: CachedView, owner: Name, node: Node) -> Iterator[Finding]:
    """Yield a finding for data below a delegation that is not glue (RFC 1034 section 4.2.1, RFC 9471 section 2)."""
    cut = view.cut_of(owner)
    if cut and not cut.is_child and cut.name != owner and not is_glue(view, owner, node):
        yield Finding(
            "name",
            f"{print_domain(owner)} is below the delegation of {print_domain(cut.name)}, where only address records "
            "of nameservers are served",
        )


def only_glue_below_child_zone(view: CachedView, owner: Name, node: Node) -> Iterator[Finding]:
    """Yield a finding for data below the name of a child zone, which answers there, that is not glue."""
    cut = view.cut_of(owner)
    if cut and cut.is_child and cut.name != owner and not is_glue(view, owner, node):
        yield Finding("name", f"{print_domain(owner)} is in the zone {print_domain(cut.name)}: add the record there")


def no_data_hidden_by_zone_cut(view: CachedView, owner: Name, node: Node) -> Iterator[Finding]:
    """Yield a finding for a delegation that would occlude data at or below it; one is enough to refuse the zone."""
    cut = view.cut_of(owner) if RdataType.NS in node else None
    for hidden, hidden_node in hidden_by(view, cut) if cut and cut.name == owner and not cut.is_child else ():
        types = ", ".join(rdtype.name for rdtype in hidden_node)
        yield Finding("name", f"the delegation of {print_domain(owner)} would hide {types} at {print_domain(hidden)}")
        if hidden != owner:
            return


def apex_nameservers_have_addresses(view: CachedView) -> Iterator[Finding]:
    """Yield a finding for an apex NS in the zone without an address, with which BIND refuses the zone."""
    apex = view.node(view.origin)
    for record in apex[RdataType.NS].records if RdataType.NS in apex else ():
        target = target_of(record.rdata)
        if target and target.is_subdomain(view.origin):
            node = answering_node(view, target)
            if RdataType.CNAME in node:
                detail = f"{record.value} is a nameserver of this zone and would be a CNAME: use A or AAAA records"
                yield Finding("value", detail, target)
            elif not ADDRESSES & node.keys():
                detail = f"{record.value} is a nameserver of this zone and would have no A or AAAA record"
                yield Finding("value", detail, target)


Rule = Callable[[CachedView, Name, Node], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    no_cname_at_apex,
    no_data_beside_cname,
    cname_is_not_its_own_target,
    no_mx_beside_null_mx,
    no_wildcard_delegation,
    ds_needs_delegation,
    only_ns_at_child_zone,
    only_glue_below_zone_cut,
    only_glue_below_child_zone,
    no_data_hidden_by_zone_cut,
    no_duplicate_own_ns,
    rrsets_within_limits,
)
"""The rules of a single owner, in the order of their findings."""
CHILD_ZONE_RULES = frozenset({only_ns_at_child_zone, only_glue_below_child_zone, no_duplicate_own_ns})
"""Rules of what is created at or below a child zone."""
REDUCED_RULES = CHILD_ZONE_RULES | {only_glue_below_zone_cut}
"""Rules of what is created at or below any cut: a child zone that is deleted may leave one with hidden records."""


def answering_node(view: CachedView, target: Name) -> Node:
    """Return the rrsets that answer for the name: its own or those of the wildcard (RFC 4592 section 3.3.1)."""
    encloser = target
    while True:
        node = view.node(encloser)
        if node or encloser == view.origin or view.has_below(encloser) or _is_above_own(view, encloser):
            break
        encloser = encloser.parent()
    if encloser == target:
        return node
    wildcard = Name((b"*", *encloser.labels))
    return view.node(wildcard)


def _is_above_own(view: View, name: Name) -> bool:
    """Return whether a nameserver of the appliance, which the zone then holds, is at or below the name."""
    return any(server.is_subdomain(name) for server in view.servers)
