"""Which names may become zones, and of which account."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta
from uuid import UUID

import dns.name
from dns.name import Name
from publicsuffixlist import PublicSuffixList

from appliance.errors import InvalidName
from appliance.settings import DnsSettings
from appliance.store import enclosing_zones, zones
from appliance.zones.names import print_domain
from appliance.zones.reserved import OwnNames

RESERVATION = timedelta(days=30)
"""How long the name of a deleted zone is reserved for its account, with all names above and below it."""


def own_names_of(settings: DnsSettings) -> OwnNames:
    """Return the names in the settings that no zone may have."""
    nameservers = tuple(dns.name.from_text(server.name) for server in settings.nameservers)
    return OwnNames(nameservers, dns.name.from_text(settings.catalog))


@functools.cache
def public_suffixes() -> PublicSuffixList:
    """Return the public suffixes of this release that registries have; those of private owners are ordinary domains."""
    return PublicSuffixList(only_icann=True)


def organisation_of(domain: str) -> str | None:
    """Return the domain directly below the public suffix, at or above this one; None for a public suffix itself."""
    return public_suffixes().privatesuffix(domain)


def check_available(name: Name, account: UUID, now: datetime) -> None:
    """Raise InvalidName if the zone exists, or another account has that name or one above or below it.

    Towards other accounts, operators included, a deleted zone counts as existing while its name is reserved.
    """
    domain = print_domain(name)
    if zones.get_by_name(name):
        raise InvalidName(f"the zone {domain} already exists", "domain")
    neighbour = enclosing_zones.neighbour_of_others(name, account, deleted_after=now - RESERVATION)
    if neighbour is None:
        return
    if neighbour.deleted_at is None:
        raise InvalidName(f"{domain} is above or below a zone of another account", "domain")
    what = "it" if neighbour.name == name else "a zone above or below it"
    raise InvalidName(
        f"{domain} is reserved: another account deleted {what} less than {RESERVATION.days} days ago", "domain"
    )
