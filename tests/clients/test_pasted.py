"""Pasted as it is printed, the configuration of a client works, and its credential has the rights that it needs."""

from __future__ import annotations

import pytest

from tests.appliance import Appliance, Client
from tests.clients.authority import Authority, names_of
from tests.clients.conftest import Begin
from tests.clients.test_certificates import certificate, trusting
from tests.clients.test_zone_clients import wires


@pytest.mark.parametrize("client", ["certbot-powerdns", "certbot-multi", "certbot-rfc2136"])
def test_certificates(appliance: Appliance, authority: Authority, begin: Begin, client: str) -> None:
    domain = f"{client}.pasted.example"
    reader = trusting(begin(domain), authority)
    reader.paste(client)
    assert names_of(certificate(reader.folder)) == {domain, f"*.{domain}"}
    appliance.wait_until_answered(f"_acme-challenge.{domain}", "TXT", [])


def test_addresses(appliance: Appliance, begin: Begin) -> None:
    domain = "ddclient.pasted.example"
    reader = begin(domain)
    reader.places = {"use=web": "use=cmd, cmd='echo 198.51.100.7'", **reader.places}
    assert "SUCCESS" in reader.paste("ddclient", "--record-name", "home")
    appliance.wait_until_answered(f"home.{domain}", "A", wires("A", "198.51.100.7"))


def test_records(appliance: Appliance, mine: Client, begin: Begin) -> None:
    domain = "nsupdate.pasted.example"
    reader = begin(domain)
    mine.record(mine.expect(200, "GET", f"/dns-zones/{domain}/"), "A", "old", "198.51.100.9")
    assert reader.paste("nsupdate") == ""
    appliance.wait_until_answered(f"www.{domain}", "A", wires("A", "198.51.100.1"))
    appliance.wait_until_answered(f"old.{domain}", "A", [])
