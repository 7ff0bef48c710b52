"""Reserved domains: those that cannot be created as a zone, and those that only an operator may create."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dns.name
from dns.name import Name

from appliance.errors import InvalidName, OperatorsOnly
from appliance.zones.names import print_domain

SPECIAL_USE = tuple(dns.name.from_text(text) for text in ("localhost.", "local.", "onion.", "invalid."))
"""Special-use names, which are never resolved through DNS (RFC 6761, 6762, 7686)."""
SERVER_NAMES = tuple(
    dns.name.from_text(text)
    for text in ("version.bind.", "hostname.bind.", "authors.bind.", "id.server.", "version.server.")
)
"""Names under which nameservers answer about themselves (RFC 4892); named has zones for them in its built-in view."""
NOT_RESERVED = frozenset({dns.name.from_text("home.arpa.")})
"""Names on the public suffix list that anyone may use nevertheless (RFC 8375)."""


@dataclass(frozen=True, slots=True)
class OwnNames:
    """The names of the appliance's own nameservers and catalog zone."""

    nameservers: tuple[Name, ...]
    catalog: Name


def refuse_reserved(
    name: Name, own: OwnNames, is_public_suffix: Callable[[str], bool], *, operator: bool = False, field: str = "domain"
) -> None:
    """Raise InvalidName if no zone of that name may be created, OperatorsOnly if only an `operator` may.

    The appliance keeps the addresses of its nameservers in zones that contain their names.
    """
    if any(name.is_subdomain(special) for special in SPECIAL_USE):
        raise InvalidName(f"{print_domain(name)} is a special-use name, which resolvers do not look up in DNS", field)
    if name.is_subdomain(own.catalog):
        raise InvalidName(f"{print_domain(name)} is reserved: the appliance has its catalog zone there", field)
    if any(_overlap(name, server) for server in SERVER_NAMES):
        raise InvalidName(f"{print_domain(name)} is reserved: nameservers answer about themselves there", field)
    reason = None if operator else _reason_for_operators(name, own, is_public_suffix)
    if reason:
        raise OperatorsOnly(f"{print_domain(name)} is {reason}: only an operator can create it", field)


def _reason_for_operators(name: Name, own: OwnNames, is_public_suffix: Callable[[str], bool]) -> str | None:
    """Return why only an operator may create the zone, None if anyone may."""
    if any(_overlap(name, one) for one in (*own.nameservers, own.catalog)):
        return "reserved for the names of the appliance itself"
    if name in NOT_RESERVED:
        return None
    if len(name.labels) == 2:
        return "a top-level domain"
    if is_public_suffix(print_domain(name)):
        return "a public suffix"
    for domain in (_domain_of(server, is_public_suffix) for server in own.nameservers):
        if name.is_subdomain(domain):
            return f"below {print_domain(domain)}, the domain of the appliance's nameservers"
    return None


def _domain_of(server: Name, is_public_suffix: Callable[[str], bool]) -> Name:
    """Return the domain that holds the name of a nameserver: the name itself if what is above it is a public suffix."""
    parent = server.parent()
    return server if len(parent.labels) < 3 or is_public_suffix(print_domain(parent)) else parent


def _overlap(name: Name, other: Name) -> bool:
    """Return whether a zone of one of the names would contain the other name, or be that name."""
    return name.is_subdomain(other) or other.is_subdomain(name)
