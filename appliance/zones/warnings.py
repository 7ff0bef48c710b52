"""What is valid in a zone and probably not intended. One function for each kind, in `*_warnings.py`.

    warnings_at(view, owners)       -> the warnings at these owners
    warnings_after(view, touched)   -> the warnings at names that were written, and at names that depend on them

A warning that depends on what the zone cannot know, as the addresses of a name in another zone, is not given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.cached_view import CachedView
from appliance.zones.delegation_warnings import delegation, foreign_ns, occluded
from appliance.zones.mail_warnings import Organisation, Organisations, dmarc_names, spf_twice, without_dmarc
from appliance.zones.names import canonical_key, is_within
from appliance.zones.target_warnings import cname_chain, unreachable_target
from appliance.zones.targets import WITH_TARGET, targets_in
from appliance.zones.view import View
from appliance.zones.wildcard_warnings import host_of, wildcard_shadowed
from appliance.zones.zone_warning import ZoneWarning

RULES = (wildcard_shadowed, unreachable_target, cname_chain, spf_twice, foreign_ns)
"""Warnings about a name in the authoritative data of the zone, in their order."""
CUT_RULES = (occluded, delegation)
"""Warnings about a name at or below a zone cut."""


def warnings_at(view: View, owners: Iterable[Name], organisation: Organisation) -> list[ZoneWarning]:
    """Return the warnings at these owners, in canonical order of the owners."""
    return _warnings(CachedView.of(view), owners, organisation)


def warnings_after(view: View, touched: Iterable[Name], organisation: Organisation) -> list[ZoneWarning]:
    """Return the warnings at the owners that a write touched, and at those that are read together with them.

    These are the host of a service, delegations to a nameserver of that name, and the apex if its MX records name it.
    """
    cached, owners = CachedView.of(view), [owner for owner in touched if is_within(owner, view.origin)]
    cached.load([*owners, view.origin])
    return _warnings(cached, [*owners, *_dependent(cached, owners)], organisation)


def _dependent(view: CachedView, owners: Collection[Name]) -> Iterator[Name]:
    yield from (host for owner in owners if (host := host_of(owner)) is not owner and is_within(host, view.origin))
    yield from view.owners_of_ns(owners)
    mail_hosts = {target.labels for _, target in targets_in(view.node(view.origin), RdataType.MX)}
    if not mail_hosts.isdisjoint(owner.labels for owner in owners):
        yield view.origin


def _warnings(view: CachedView, names: Iterable[Name], organisation: Organisation) -> list[ZoneWarning]:
    owners = {name.labels: name for name in names}.values()
    domains = Organisations(view.origin, organisation)
    view.load(owners)
    view.load(_named_at(view, owners, domains))
    ordered = sorted(owners, key=canonical_key)
    return list(dict.fromkeys(one for owner in ordered for one in _at(view, owner, domains)))


def _named_at(view: CachedView, owners: Iterable[Name], domains: Organisations) -> Iterator[Name]:
    """Yield the names in the zone that the warnings at these owners depend on."""
    for owner in owners:
        node = view.node(owner)
        targets = (target for _, target in targets_in(node, *WITH_TARGET))
        yield from (target for target in targets if is_within(target, view.origin))
        yield from dmarc_names(owner, node, domains)


def _at(view: CachedView, owner: Name, domains: Organisations) -> Iterator[ZoneWarning]:
    node, cut = view.node(owner), view.cut_of(owner)
    if cut:
        for cut_rule in CUT_RULES:
            yield from cut_rule(view, owner, node, cut)
        return
    for rule in RULES:
        yield from rule(view, owner, node)
    yield from without_dmarc(view, owner, node, domains)
