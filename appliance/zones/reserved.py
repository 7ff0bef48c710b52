"""Domains that nobody may create as a zone, and those that only an operator may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dns.name
from dns.name import Name

from appliance.errors import InvalidName
from appliance.zones.names import print_domain

SPECIAL_USE = tuple(dns.name.from_text(text) for text in ("localhost.", "local.", "onion.", "invalid."))
"""Names that resolvers never ask DNS for (RFC 6761, 6762, 7686)."""
ORDINARY = frozenset({dns.name.from_text("home.arpa.")})
"""A public suffix by the list, meant for everyone's own use by RFC 8375."""


@dataclass(frozen=True, slots=True)
class OwnNames:
    """The names that the appliance itself stands on."""

    nameservers: tuple[Name, ...]
    catalog: Name


def refuse_reserved(
    name: Name, own: OwnNames, is_public_suffix: Callable[[str], bool], *, operator: bool = False, field: str = "domain"
) -> None:
    """Raise InvalidName when no zone of that name may be created; an `operator` may create public suffixes.

    A zone that holds a nameserver's own name is refused to all: its apex NS would need an address in it, and BIND
    would not load it.
    """
    if any(name.is_subdomain(special) for special in SPECIAL_USE):
        raise InvalidName(f"{print_domain(name)} is a special-use name that is never asked of nameservers", field)
    for server in (*own.nameservers, own.catalog):
        if name.is_subdomain(server) or server.is_subdomain(name):
            raise InvalidName(f"{print_domain(name)} is taken by the appliance's own names", field)
    if operator or name in ORDINARY:
        return
    if len(name.labels) == 2:
        raise InvalidName(f"{print_domain(name)} is a top-level domain; a zone has two labels at least", field)
    if is_public_suffix(print_domain(name)):
        raise InvalidName(f"{print_domain(name)} is a public suffix, under which others register names", field)
