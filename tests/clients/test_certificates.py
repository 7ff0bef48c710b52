"""Certificates for a domain and its wildcard in one order, through each protocol, with a token for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.appliance import Appliance
from tests.clients.authority import Authority, names_of
from tests.clients.conftest import Begin, write_certbot
from tests.clients.recipes import Reader

by_each_client = pytest.mark.parametrize(
    ("heading", "credential", "label"),
    [
        ("lego with the PowerDNS API", "Token for certificates", "lego-powerdns"),
        ("lego with httpreq", "Token for certificates", "lego-httpreq"),
        ("lego with DNS UPDATE", "Key for certificates", "lego-update"),
        ("certbot with certbot-dns-powerdns", "Token for certificates", "certbot-powerdns"),
        ("certbot with certbot-dns-multi", "Token for certificates", "certbot-multi"),
        ("certbot with certbot-dns-rfc2136", "Key for certificates", "certbot-rfc2136"),
    ],
)


def trusting(reader: Reader, authority: Authority) -> Reader:
    """Let the programs of the reader use that authority."""
    reader.places |= {"--accept-tos": f"--accept-tos --server {authority.url}"}
    reader.places |= {"--agree-tos": f"--agree-tos --server {authority.url}"}
    trust = {"LEGO_CA_CERTIFICATES": str(authority.certificate), "REQUESTS_CA_BUNDLE": str(authority.certificate)}
    reader.environment = {**reader.environment, **trust}
    return reader


def certificate(folder: Path) -> Path:
    """Return the certificate that lego or certbot stored."""
    (found,) = [
        *(path for path in folder.glob("certificates/*.crt") if not path.name.endswith(".issuer.crt")),
        *folder.glob("config/live/*/cert.pem"),
    ]
    return found


@by_each_client
def test_domain_and_wildcard_in_one_order(
    appliance: Appliance, authority: Authority, begin: Begin, heading: str, credential: str, label: str
) -> None:
    domain = f"{label}.example.org"
    reader = trusting(begin(domain), authority)
    reader.use(credential)
    reader.follow(heading)
    assert names_of(certificate(reader.folder)) == {domain, f"*.{domain}"}
    appliance.wait_until_answered(f"_acme-challenge.{domain}", "TXT", [])


def test_the_plugin_of_the_appliance(
    appliance: Appliance, authority: Authority, begin: Begin, tmp_path_factory: pytest.TempPathFactory
) -> None:
    domain = "certbot-appliance.example.org"
    reader = trusting(begin(domain), authority)
    reader.programs.insert(0, tmp_path_factory.mktemp("certbot"))
    write_certbot(reader.programs[0], "certbot")
    reader.use("Token for certificates")
    reader.follow("certbot with certbot-dns-appliance")
    assert names_of(certificate(reader.folder)) == {domain, f"*.{domain}"}
    appliance.wait_until_answered(f"_acme-challenge.{domain}", "TXT", [])


def test_domain_and_wildcard_by_an_alias_to_another_zone(
    appliance: Appliance, authority: Authority, begin: Begin
) -> None:
    domain, other = "certbot-acme-dns.example.org", "auth.certbot-acme-dns.example.net"
    reader = trusting(begin(domain, other), authority)
    reader.places |= {"auth.example.net": other}
    reader.follow("certbot with acme-dns")
    assert names_of(certificate(reader.folder)) == {domain, f"*.{domain}"}
    assert len(appliance.answer(f"example.{other}", "TXT", 2)[1]) == 2
