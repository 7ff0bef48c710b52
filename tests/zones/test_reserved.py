"""Reserved domains: those that nobody may create, and those that only an operator may."""

from __future__ import annotations

import dns.name
import pytest

from appliance.editing.zone_names import public_suffixes
from appliance.errors import InvalidName, OperatorsOnly
from appliance.zones.names import parse_domain
from appliance.zones.reserved import OwnNames, refuse_reserved

OWN = OwnNames(
    tuple(dns.name.from_text(text) for text in ("ns1.hoster.net.", "ns2.dns.other.org.")),
    dns.name.from_text("catalog.hoster.net."),
)


def refuse(domain: str, *, operator: bool) -> None:
    refuse_reserved(parse_domain(domain), OWN, public_suffixes().is_public, operator=operator)


@pytest.mark.parametrize(
    "domain",
    [
        *("localhost", "a.localhost", "local", "foo.local", "hidden.onion", "invalid", "a.invalid"),
        *("catalog.hoster.net", "x.catalog.hoster.net"),
        *("version.bind", "hostname.bind", "authors.bind", "id.server", "version.server"),
        *("bind", "server", "x.version.bind", "a.b.id.server"),
    ],
)
def test_refused_to_all(domain: str) -> None:
    for operator in (False, True):
        with pytest.raises(InvalidName) as refused:
            refuse(domain, operator=operator)
        assert refused.value.field == "domain" and not isinstance(refused.value, OperatorsOnly)


@pytest.mark.parametrize(
    "domain",
    [
        "com",
        "nosuchtld",
        "test",
        "co.uk",
        "in-addr.arpa",
        "arpa",
        "foo.ck",
        "xn--p1ai",
        "個人.香港",
        "internal",
        *("ns1.hoster.net", "a.ns1.hoster.net", "hoster.net", "net", "dns.other.org", "other.org", "ns2.dns.other.org"),
        *("www.hoster.net", "ns1x.hoster.net", "a.b.hoster.net", "x.dns.other.org"),
    ],
)
def test_refused_to_all_but_operators(domain: str) -> None:
    with pytest.raises(OperatorsOnly) as refused:
        refuse(domain, operator=False)
    assert refused.value.field == "domain"
    refuse(domain, operator=True)


@pytest.mark.parametrize(
    "domain",
    [
        *("example.com", "example.test", "a.internal", "home.arpa", "a.home.arpa", "example.co.uk", "www.other.org"),
        *("2.0.192.in-addr.arpa", "www.ck", "_acme-challenge.example.org", "localhost.example.org", "notlocal.org"),
        *("example.nosuchtld", "home.server", "my.bind", "id.server.example.com"),
        *("github.io", "uk.com", "blogspot.com", "a.github.io", "compute.amazonaws.com"),
        *("10.in-addr.arpa", "254.169.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa", "d.f.ip6.arpa"),
    ],
)
def test_ordinary_domains(domain: str) -> None:
    refuse(domain, operator=False)


def test_a_nameserver_directly_below_a_public_suffix_reserves_its_own_name_only() -> None:
    own = OwnNames((dns.name.from_text("hoster.co.uk."), dns.name.from_text("hoster.net.")), OWN.catalog)
    refuse_reserved(parse_domain("example.co.uk"), own, public_suffixes().is_public)
    refuse_reserved(parse_domain("example.net"), own, public_suffixes().is_public)
    with pytest.raises(InvalidName):
        refuse_reserved(parse_domain("www.hoster.co.uk"), own, public_suffixes().is_public)
