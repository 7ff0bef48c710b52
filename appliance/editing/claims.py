"""Which names may become zones, and of whom."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta
from uuid import UUID

import dns.name
from dns.name import Name
from publicsuffixlist import PublicSuffixList

from appliance.errors import InvalidName
from appliance.settings import DnsSettings
from appliance.store import zones
from appliance.zones.names import print_domain
from appliance.zones.reserved import OwnNames

RESERVATION = timedelta(days=30)
"""How long the name of a deleted zone stays with its account."""


def own_names_of(settings: DnsSettings) -> OwnNames:
    """The names of the settings that no zone may have."""
    nameservers = tuple(dns.name.from_text(server.name) for server in settings.nameservers)
    return OwnNames(nameservers, dns.name.from_text(settings.catalog))


@functools.cache
def public_suffixes() -> PublicSuffixList:
    """The public suffix list that came with the release."""
    return PublicSuffixList()


def refuse_taken(name: Name, account: UUID, now: datetime) -> None:
    """Raise InvalidName when the name, or one above or below it, is another's, or the zone exists."""
    domain = print_domain(name)
    if zones.get_by_name(name):
        raise InvalidName(f"the zone {domain} exists already", "domain")
    if zones.has_neighbour_of_others(name, account):
        raise InvalidName(f"{domain} lies above or below a zone of another account", "domain")
    if zones.is_reserved_for_another(name, account, now - RESERVATION):
        raise InvalidName(f"{domain} was deleted by another account less than {RESERVATION.days} days ago", "domain")
