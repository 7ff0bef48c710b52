"""Warnings of zones in memory, for tests of each kind of warning."""

from __future__ import annotations

import dns.name

from appliance.zones.warnings import warnings_after
from appliance.zones.zone_warning import CODES, ZoneWarning
from tests.zones.records import ORIGIN, SERVERS, InMemoryZone, record

Row = tuple[str, str, str]
A, OTHER = "192.0.2.1", "192.0.2.2"
OWN_SERVER = dns.name.from_text("ns1", ORIGIN)
CHILD = dns.name.from_text("child", ORIGIN)


def organisation_of(domain: str) -> str | None:
    """Return the last two labels of a domain."""
    labels = domain.split(".")
    return ".".join(labels[-2:]) if len(labels) > 1 else None


def zone_of(rows: list[Row], ttl: int = 300, origin: dns.name.Name = ORIGIN) -> InMemoryZone:
    """Return the zone with these records, a nameserver of the appliance in it, and a child zone."""
    records = [record(*row, ttl=ttl) for row in rows]
    return InMemoryZone(records, origin=origin, servers=(*SERVERS, OWN_SERVER), children=[CHILD])


def warnings_of(rows: list[Row], owner: str, ttl: int = 300) -> list[ZoneWarning]:
    """Return the warnings after a write at the owner of example.com."""
    found = warnings_after(zone_of(rows, ttl), [dns.name.from_text(owner, ORIGIN)], organisation_of)
    assert all(one.code in CODES and one.detail and one.remedy and not one.detail.endswith(".") for one in found)
    return found


def codes(rows: list[Row], owner: str, ttl: int = 300) -> list[str]:
    """Return the codes of these warnings."""
    return [one.code for one in warnings_of(rows, owner, ttl)]
