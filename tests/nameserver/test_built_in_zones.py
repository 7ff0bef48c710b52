"""Zones that named has without configuration: those of its built-in view, and its empty zones."""

from __future__ import annotations

import re

import dns.name
import pytest

from appliance.errors import InvalidName
from appliance.nameserver.programs import run
from appliance.zones.reserved import OwnNames, refuse_reserved
from tests.pair import CATALOG, Pair, program

EMPTY_ZONES = ("10.in-addr.arpa", "254.169.in-addr.arpa", "d.f.ip6.arpa", "8.b.d.0.1.0.0.2.ip6.arpa", "home.arpa")
"""Some of the zones that a resolver answers without data (RFC 6303, RFC 8375)."""


def test_names_of_the_built_in_view_are_reserved() -> None:
    configuration = run((program("named"), "-C"), timeout=10).output
    found = re.findall(r'zone "([^"]+)" chaos', configuration)
    assert len(found) >= 4
    for domain in found:
        with pytest.raises(InvalidName, match="nameservers answer about themselves"):
            refuse_reserved(dns.name.from_text(domain), OwnNames((), CATALOG), lambda _: False, operator=True)


@pytest.mark.parametrize("domain", EMPTY_ZONES)
def test_empty_zones_of_resolvers_are_ordinary_zones(pair: Pair, domain: str) -> None:
    zone = dns.name.from_text(domain)
    refuse_reserved(zone, OwnNames((), CATALOG), lambda _: False)
    pair.create(zone, 7)
    for server in (pair.primary, pair.secondary):
        pair.wait_for_serial(server, zone, 7)
