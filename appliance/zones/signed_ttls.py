"""The TTLs that a signed zone may have: named refuses the whole zone over a higher one (`max-zone-ttl`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dns.name import Name

from appliance.errors import Finding, InvalidValue
from appliance.zones.names import canonical_key, print_domain
from appliance.zones.signing import MAX_TTL
from appliance.zones.view import View


def check_signed_ttls(view: View, owners: Iterable[Name]) -> Iterator[Finding]:
    """Yield a finding for each RRset at these owners of a signed zone whose TTL is too high."""
    nodes = view.nodes(owners)
    for owner in sorted(nodes, key=canonical_key):
        for rdtype, rrset in nodes[owner].items():
            ttl = rrset.records[0].ttl
            if ttl > MAX_TTL:
                where = f"{rdtype.name} at {print_domain(owner)}"
                yield Finding(
                    "ttl", f"a TTL in a signed zone must be 0 to {MAX_TTL} seconds, not {ttl} ({where})", owner
                )


def check_signed_default_ttl(ttl: int) -> None:
    """Raise InvalidValue if records of a signed zone cannot have this TTL by default."""
    if ttl > MAX_TTL:
        raise InvalidValue(f"default_ttl of a signed zone must be 0 to {MAX_TTL} seconds, not {ttl}", "default_ttl")
