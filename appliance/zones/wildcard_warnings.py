"""Warnings about wildcards that stop answering for a name because it exists (RFC 4592, RFC 1912 section 2.7)."""

from __future__ import annotations

from collections.abc import Iterator

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.cached_view import CachedView
from appliance.zones.model import Node
from appliance.zones.names import is_within, names_up_to, print_domain
from appliance.zones.zone_cuts import ADDRESSES
from appliance.zones.zone_warning import WILDCARD_SHADOWED, ZoneWarning


def host_of(owner: Name) -> Name:
    """Return the host of a service name, as `www` of `_acme-challenge.www` or `_443._tcp.www`; others as they are."""
    services = [at for at, label in enumerate(owner.labels) if label.startswith(b"_")]
    return Name(owner.labels[services[-1] + 1 :]) if services else owner


def _is_service(owner: Name) -> bool:
    return any(label.startswith(b"_") for label in owner.labels)


def wildcard_shadowed(view: CachedView, owner: Name, node: Node) -> Iterator[ZoneWarning]:
    """Yield a warning for a host without addresses for which a wildcard would answer if it did not exist.

    It exists by its own records, or only by those of a service below it. A host with an A record has what it needs; one
    with AAAA alone loses the A of the wildcard. Service names are no hosts.
    """
    if (
        len(owner.labels) == len(view.origin.labels)
        or owner.is_wild()
        or view.is_own_server(owner)
        or _is_service(owner)
    ):
        return
    wildcard = _wildcard_without(view, owner)
    lost = _lost_types(view.node(wildcard), node) if wildcard else []
    service = _service_below(view, owner) if lost and not node else None
    if not wildcard or not lost or not (node or service):
        return
    name, types = print_domain(owner), " and ".join(rdtype.name for rdtype in lost)
    cause = f"records at {print_domain(service)}" if service else f"records of its own ({', '.join(_names(node))})"
    detail = f"{print_domain(wildcard)} no longer answers {types} queries for {name}, which has {cause}"
    remedy = f"add {types} records at {name}, unless it needs none"
    yield ZoneWarning(WILDCARD_SHADOWED, owner, detail, remedy)


def _lost_types(wildcard: Node, node: Node) -> list[RdataType]:
    """Return the types that the wildcard has, a host needs, and the node lacks."""
    own = node.keys()
    if RdataType.CNAME in own or RdataType.A in own:
        return []
    if RdataType.AAAA in own:
        return [RdataType.A] if RdataType.A in wildcard else []
    needed = {*ADDRESSES, RdataType.CNAME, RdataType.MX} - own
    return sorted(needed & wildcard.keys())


def _wildcard_without(view: CachedView, owner: Name) -> Name | None:
    """Return the wildcard that would answer for the name if nothing were at or below it, None if there is none."""
    wildcard = next(iter(view.wildcards_over(owner)), None)
    if wildcard is None:
        return None
    between = names_up_to(owner, wildcard.parent())[1:-1]
    return None if any(_exists_without(view, name, owner) for name in between) else wildcard


def _exists_without(view: CachedView, name: Name, owner: Name) -> bool:
    """Return whether there are records at the name, or below it but not at or below the owner."""
    return bool(view.node(name)) or any(not is_within(one, owner) for one, _ in view.below(name))


def _service_below(view: CachedView, owner: Name) -> Name | None:
    """Return a service name directly below the host, with records at or below it, or None."""
    depth = len(owner.labels) + 1
    return next((name for name, _ in view.below(owner) if name.labels[-depth].startswith(b"_")), None)


def _names(node: Node) -> list[str]:
    return sorted(rdtype.name for rdtype in node)
