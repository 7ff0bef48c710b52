"""Warnings about SPF and DMARC: text records that say who may send mail under a name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import dns.name
from dns.name import Name, root
from dns.rdatatype import RdataType

from appliance.zones.cached_view import CachedView
from appliance.zones.mail_texts import kind_of
from appliance.zones.model import Node
from appliance.zones.names import is_within, names_up_to, print_domain
from appliance.zones.rdata import target_of
from appliance.zones.targets import answer_for
from appliance.zones.zone_warning import MX_WITHOUT_DMARC, SPF_TWICE, SPF_WITHOUT_DMARC, ZoneWarning

Organisation = Callable[[str], str | None]
"""Returns the domain below the public suffix at or above a domain; None if it is a public suffix itself."""


class Organisations:
    """The organisational domains of the names of a zone (RFC 7489 section 3.2)."""

    def __init__(self, origin: Name, organisation: Organisation) -> None:
        self._origin, self._organisation = origin, organisation

    @functools.cached_property
    def common(self) -> Name | None:
        """The organisational domain of all names of the zone; None if each has its own."""
        found = self._organisation(print_domain(self._origin))
        return dns.name.from_text(found) if found else None

    def domain_of(self, owner: Name) -> Name | None:
        """Return the organisational domain of a name in the zone, None if it is above the zone."""
        domain = self.common
        if domain is None:  # the zone is a public suffix: its names have domains of their own
            found = self._organisation(print_domain(owner))
            domain = dns.name.from_text(found) if found else owner
        return domain if is_within(domain, self._origin) else None


def spf_twice(_view: CachedView, owner: Name, node: Node) -> Iterator[ZoneWarning]:
    """Yield a warning for a second SPF record, with which all of them fail (RFC 7208 section 4.5)."""
    count = _count(node, "SPF")
    if count > 1:
        detail = f"{print_domain(owner)} has {count} SPF records: receivers treat them as an error, as if it had none"
        yield ZoneWarning(SPF_TWICE, owner, detail, 'merge them into one TXT record that begins with "v=spf1"')


def without_dmarc(view: CachedView, owner: Name, node: Node, domains: Organisations) -> Iterator[ZoneWarning]:
    """Yield a warning for a name with MX or SPF records to which no DMARC record applies (RFC 7489 section 6.6.3).

    A DMARC record at a name above applies too, up to the organisational domain. A zone below that is not judged, nor a
    name below one that has the same warning. A null MX is no mail server.
    """
    codes = _mail_codes(owner, node)
    domain = domains.domain_of(owner) if codes else None
    if domain is None or any(_has_dmarc(view, name) for name in dmarc_names(owner, node, domains)):
        return
    if owner != domain and _mail_codes(domain, view.node(domain)):
        return
    name, place = print_domain(owner), print_domain(domain)
    remedy = f'add a TXT record at _dmarc.{place}, such as "v=DMARC1; p=none; rua=mailto:dmarc@{place}"'
    for code, what in codes.items():
        detail = f"{name} has {what} and no DMARC record: receivers may refuse its mail, or accept forged mail"
        yield ZoneWarning(code, owner, detail, remedy)


def lacks_dmarc(view: CachedView, domains: Organisations) -> bool:
    """Return whether names of the zone may lack a DMARC record, since none applies to all of them."""
    domain = domains.common
    return domain is None or (is_within(domain, view.origin) and not _has_dmarc(view, _dmarc_of(domain)))


def dmarc_names(owner: Name, node: Node, domains: Organisations) -> list[Name]:
    """Return the names at which a DMARC record would apply to the mail of this name, the organisational one first.

    None for a name without mail, and if the organisational domain is above the zone.
    """
    domain = domains.domain_of(owner) if _mail_codes(owner, node) else None
    above = names_up_to(owner, domain)[::-1] if domain else []
    return [_dmarc_of(name) for name in above if not name.is_wild() and _octets(name) + len("_dmarc.") <= 255]


def _dmarc_of(name: Name) -> Name:
    return Name((b"_dmarc", *name.labels))


def _mail_codes(owner: Name, node: Node) -> dict[str, str]:
    """Return the codes for which a name without DMARC has a warning, each with its reason.

    Names with underscores hold parts of SPF records and are no domains of mail.
    """
    codes: dict[str, str] = {}
    mx = node[RdataType.MX].records if RdataType.MX in node else ()
    if any(target_of(record.rdata) != root for record in mx):
        codes[MX_WITHOUT_DMARC] = "mail servers (MX)"
    if _count(node, "SPF"):
        codes[SPF_WITHOUT_DMARC] = "an SPF record"
    return codes if codes and not any(label.startswith(b"_") for label in owner.labels) else {}


def _has_dmarc(view: CachedView, name: Name) -> bool:
    """Return whether there is a DMARC record, or may be one in another zone or at the target of an alias."""
    found = answer_for(view, name)
    return found is None or RdataType.CNAME in found or _count(found, "DMARC") > 0


def _octets(name: Name) -> int:
    return sum(len(label) + 1 for label in name.labels)


def _count(node: Node, kind: str) -> int:
    """Return the number of TXT records of that kind."""
    return sum(kind_of(record.value) == kind for record in node[RdataType.TXT].records) if RdataType.TXT in node else 0
