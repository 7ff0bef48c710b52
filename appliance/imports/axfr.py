"""Zones of a running nameserver, by zone transfer (RFC 5936), signed if there is a key."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from appliance.addresses import Nameserver
from appliance.imports.source import Source, SourceZone, ZoneData
from appliance.imports.zone_text import read_zone_text
from appliance.keys import Key
from appliance.queries.transfer import axfr
from appliance.zones.names import parse_domain, print_domain
from appliance.zones.rdata import print_line

TIMEOUT = 120.0
"""Seconds that the transfer of one zone may take."""


def zones_of_server(server: Nameserver, domains: Iterable[str], key: Key | None) -> Source:
    """Return these zones of a nameserver; each is transferred when it is read."""
    return Source([SourceZone(one, server.name, partial(transferred, server, one, key)) for one in domains])


def transferred(server: Nameserver, domain: str, key: Key | None, timeout: float = TIMEOUT) -> ZoneData:
    """Return the data of a zone; raise CommandFailed if the transfer fails, CommandTimeout if it takes too long."""
    records = axfr(server, parse_domain(domain), key, timeout)
    lines = [f"{one.owner.to_text()} {one.ttl} IN {one.rdtype.name} {print_line(one.rdata)}" for one in records]
    places = [f"{server.name}: {print_domain(one.owner)} {one.rdtype.name}" for one in records]
    return read_zone_text("\n".join([*lines, ""]), domain, server.name, lambda line: places[line - 1])
