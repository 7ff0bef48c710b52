"""Clients that manage zones and records: what they wrote is served, and what they read is what was written."""

from __future__ import annotations

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest

from tests.appliance import Appliance, Client
from tests.clients.conftest import Begin
from tests.clients.recipes import Reader

WWW = ("198.51.100.1", "198.51.100.2")


def wires(rdtype: str, *texts: str) -> list[bytes]:
    """Return data in wire form."""
    kind = dns.rdatatype.from_text(rdtype)
    return [dns.rdata.from_text(dns.rdataclass.IN, kind, text).to_wire() or b"" for text in texts]


def octodns(reader: Reader) -> Reader:
    """Write the names and ports of this appliance in place of those of a configuration of octoDNS."""
    reader.places = {
        "scheme: https": "scheme: http",
        "port: 443": f"port: {reader.places['https://dns.example.net'].rpartition(':')[2]}",
        "ns1.example.net": "ns1.appliance.test",
        "ns2.example.net": "ns2.appliance.test",
        **reader.places,
    }
    return reader


def test_octodns_creates_a_zone_and_plans_nothing_then(appliance: Appliance, begin: Begin) -> None:
    domain = "octodns-powerdns.example.org"
    reader = octodns(begin(domain, create=False))
    reader.use("Token for zones")
    assert "No changes were planned" in reader.follow("octoDNS with octodns-powerdns").partition("total changes")[2]
    appliance.wait_until_answered(f"www.{domain}", "A", wires("A", *WWW))
    appliance.wait_until_answered(f"shop.{domain}", "CNAME", wires("CNAME", f"www.{domain}."))
    appliance.wait_until_answered(domain, "MX", wires("MX", "10 mail.example.net."))
    appliance.wait_until_answered(f"_sip._tcp.{domain}", "SRV", wires("SRV", "5 10 5060 sip.example.net."))


def test_octodns_by_transfer_and_update(appliance: Appliance, begin: Begin) -> None:
    domain = "octodns-bind.example.org"
    reader = octodns(begin(domain))
    reader.use("Key for DNS UPDATE")
    assert "No changes were planned" in reader.follow("octoDNS with octodns-bind").partition("total changes")[2]
    appliance.wait_until_answered(f"www.{domain}", "A", wires("A", *WWW))
    appliance.wait_until_answered(domain, "TXT", wires("TXT", '"v=spf1 -all"'))


@pytest.mark.parametrize(("heading", "create"), [("Lexicon", True), ("powerdns-cli", False)])
def test_record_by_record(appliance: Appliance, begin: Begin, heading: str, create: bool) -> None:
    domain = f"{heading.lower()}-example.org"  # Lexicon takes the domain below the public suffix as the zone
    reader = begin(domain, create=create)
    reader.use("Token for zones")
    assert WWW[1] in reader.follow(heading)
    appliance.wait_until_answered(f"www.{domain}", "A", wires("A", WWW[1]))


def test_nsupdate_and_dig(appliance: Appliance, mine: Client, begin: Begin) -> None:
    domain = "nsupdate.example.org"
    reader = begin(domain)
    mine.record(mine.expect(200, "GET", f"/dns-zones/{domain}/"), "A", "old", "198.51.100.9")
    reader.use("Key for DNS UPDATE")
    assert reader.follow("nsupdate") == ""
    appliance.wait_until_answered(f"www.{domain}", "A", wires("A", WWW[0]))
    appliance.wait_until_answered(f"old.{domain}", "A", [])
    transferred = [" ".join(line.split()) for line in reader.follow("dig").splitlines()]
    assert f"www.{domain}. 300 IN A {WWW[0]}" in transferred
    assert not [line for line in transferred if line.startswith("old.")]


def test_ansible(appliance: Appliance, begin: Begin) -> None:
    domain = "ansible.example.org"
    reader = begin(domain)
    reader.use("Key for DNS UPDATE")
    assert "changed=1" in reader.follow("Ansible")
    appliance.wait_until_answered(f"www.{domain}", "A", wires("A", *WWW))
    assert "changed=0" in reader.follow("Ansible")
