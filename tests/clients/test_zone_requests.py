"""Clients for zones that are in no registry: their requests, and answers as their code reads them."""

from __future__ import annotations

import pytest

from tests.appliance import Appliance, Client
from tests.clients.calls import SERVER, Calls, Json, contents_of, replace
from tests.clients.conftest import Begin
from tests.clients.test_zone_clients import WWW, wires

OWNER = '"heritage=external-dns,external-dns/owner=default,external-dns/resource=ingress/web/shop"'
WEBHOOK = "application/external.dns.webhook+json;version=1"


@pytest.fixture
def calls(begin: Begin) -> Calls:
    """Calls with a token for zones in the header of PowerDNS."""
    reader = begin("unused.example.net", create=False)
    return Calls(reader.places["https://dns.example.net"], {"X-API-Key": reader.use("Token for zones")})


def test_external_dns_by_the_api_of_powerdns(appliance: Appliance, mine: Client, calls: Calls) -> None:
    """provider/pdns: the zone from the list, with its sets; a DELETE has records, and no TTL."""
    domain = mine.zone("external-dns-pdns.example.net")["domain"]
    (zone,) = [one for one in calls.call(200, "GET", f"{SERVER}/zones").json() if one["name"] == f"{domain}."]
    sets = [
        replace(f"a-shop.{domain}.", "TXT", 300, OWNER),
        replace(f"shop.{domain}.", "A", 300, *WWW),
        replace(f"www.{domain}.", "CNAME", 300, f"shop.{domain}."),
    ]
    calls.patch(zone["id"], *sets, **zone)
    appliance.wait_until_answered(f"shop.{domain}", "A", wires("A", *WWW))
    assert contents_of(calls.zone(zone["id"]), f"a-shop.{domain}.", "TXT") == [OWNER]
    for rrset in sets:
        rrset["changetype"] = "DELETE"
        del rrset["ttl"]
    calls.patch(zone["id"], *sets, **zone)
    appliance.wait_until_answered(f"shop.{domain}", "A", [])


@pytest.mark.parametrize(("create", "delete"), [("create", "delete"), ("Create", "Delete")])
def test_external_dns_by_its_webhook(
    appliance: Appliance, mine: Client, begin: Begin, create: str, delete: str
) -> None:
    """provider/webhook: negotiation, adjusted endpoints that equal those read back, changes; keys in two spellings."""
    domain = mine.zone(f"x{ord(create[0])}.external-dns.example.net")["domain"]
    reader = begin(domain, create=False)
    url = reader.places["https://dns.example.net"].replace("://", f"://x:{reader.use('Token for zones')}@")
    calls = Calls(f"{url}/external-dns", {"Accept": WEBHOOK})
    negotiated = calls.call(200, "GET", "")
    assert negotiated.headers["Content-Type"] == WEBHOOK
    assert negotiated.headers["Vary"] == "Content-Type", "early releases compare it"
    assert domain in negotiated.json()["include"]
    text = {"dnsName": f"a-shop.{domain}", "targets": [OWNER.strip('"')], "recordType": "TXT", "recordTTL": 300}
    wanted = [{"dnsName": f"shop.{domain}", "targets": [*WWW], "recordType": "A", "recordTTL": 300}, text]
    adjusted = calls.call(200, "POST", "/adjustendpoints", wanted).json()
    calls.call(204, "POST", "/records", {create: adjusted, delete: None})
    appliance.wait_until_answered(f"shop.{domain}", "A", wires("A", *WWW))
    there = [one for one in calls.call(200, "GET", "/records").json() if one["dnsName"].endswith(f"shop.{domain}")]
    assert sorted(map(essence, there)) == sorted(map(essence, adjusted))
    calls.call(204, "POST", "/records", {delete: there})
    appliance.wait_until_answered(f"shop.{domain}", "A", [])


def essence(endpoint: Json) -> tuple[object, ...]:
    """Return what external-dns compares of an endpoint."""
    targets = endpoint["targets"]
    assert isinstance(targets, list)
    return (endpoint["dnsName"], endpoint["recordType"], endpoint["recordTTL"], sorted(targets))


def test_dnscontrol(appliance: Appliance, calls: Calls) -> None:
    """providers/powerdns with go-powerdns: the zone is created if missing; deletions and changes set by set."""
    domain, whole = "dnscontrol.example.net", {"name": "", "type": "Zone", "nameservers": []}
    calls.call(404, "GET", f"{SERVER}/zones/{domain}.")
    created = {"name": f"{domain}.", "type": "Zone", "kind": "Native", "dnssec": False, "nameservers": []}
    calls.call(201, "POST", f"{SERVER}/zones", created)
    calls.patch(f"{domain}.", replace(f"www.{domain}.", "A", 300, *WWW), **whole)
    calls.patch(f"{domain}.", replace(f"svc.{domain}.", "HTTPS", 300, "1 . alpn=h2,h3"), **whole)
    read = calls.zone(domain)
    assert contents_of(read, f"svc.{domain}.", "HTTPS") == ["1 . alpn=h2,h3"]
    assert (read["kind"], read["soa_edit"], read["soa_edit_api"], read["dnssec"]) == ("Master", "", "DEFAULT", False)
    assert calls.call(200, "GET", f"{SERVER}/zones/{domain}./cryptokeys").json() == []
    gone: Json = {"name": f"www.{domain}.", "type": "A", "changetype": "DELETE", "records": None, "comments": None}
    calls.patch(f"{domain}.", gone, **whole)
    calls.patch(f"{domain}.", replace(f"www.{domain}.", "CNAME", 300, f"web.{domain}."), **whole)
    appliance.wait_until_answered(f"www.{domain}", "CNAME", wires("CNAME", f"web.{domain}."))


def test_terraform(appliance: Appliance, calls: Calls) -> None:
    """pan-net/powerdns: version probe, zone, sets that must come back as written, removal."""
    domain = "terraform.example.net"
    calls.call(200, "GET", "/api/v1/servers")
    assert calls.call(200, "GET", SERVER).json()["version"] == "4.9.12"
    zone = {"id": "", "name": f"{domain}.", "url": "", "kind": "Master", "dnsssec": False, "serial": 0, "account": ""}
    created = calls.call(201, "POST", f"{SERVER}/zones", {**zone, "soa_edit_api": "DEFAULT"}).json()
    assert (created["name"], created["kind"], created["soa_edit_api"]) == (f"{domain}.", "Master", "DEFAULT")
    written = {
        ("www", "A"): [*WWW],
        ("mail", "MX"): ["10 mail.example.net.", "20 mx.example.net."],
        ("_sip._tcp", "SRV"): ["5 10 5060 sip.example.net."],
        ("text", "TXT"): ['"three\\" four"', '"' + "x" * 400 + '"'],
        ("caa", "CAA"): ['0 issue "letsencrypt.org"'],
    }
    for (label, rdtype), contents in written.items():
        calls.patch(f"{domain}.", replace(f"{label}.{domain}.", rdtype, 300, *contents))
    read = calls.zone(f"{domain}.")
    assert {key: contents_of(read, f"{key[0]}.{domain}.", key[1]) for key in written} == written
    appliance.wait_until_answered(f"www.{domain}", "A", wires("A", *WWW))
    calls.call(204, "PUT", f"{SERVER}/zones/{domain}.", {"name": f"{domain}.", "kind": "Master", "account": ""})
    calls.call(204, "DELETE", f"{SERVER}/zones/{domain}.")
    calls.call(404, "GET", f"{SERVER}/zones/{domain}.")


def test_powerdns_admin(appliance: Appliance, mine: Client, calls: Calls) -> None:
    """powerdnsadmin/models: the fields of its list, sets with comments, one PATCH that removes and replaces."""
    zone = mine.zone("powerdns-admin.example.net")
    mine.record(zone, "A", "www", WWW[0])
    domain = zone["domain"]
    rows = calls.call(200, "GET", f"{SERVER}/zones").json()
    fields = {"name", "kind", "masters", "serial", "notified_serial", "last_check", "dnssec", "account"}
    assert all(fields <= row.keys() for row in rows)
    read = calls.zone(domain)
    assert isinstance(read["rrsets"], list)
    assert all(rrset["comments"] == [] and rrset["records"] for rrset in read["rrsets"])
    (there,) = [rrset for rrset in read["rrsets"] if rrset["name"] == f"www.{domain}."]
    alias = replace(f"www.{domain}.", "CNAME", 60, "web.example.net.")
    calls.patch(domain, {**there, "changetype": "DELETE"}, {**alias, "comments": [{"content": "", "account": ""}]})
    appliance.wait_until_answered(f"www.{domain}", "CNAME", wires("CNAME", "web.example.net."))
    for path in ("config", "statistics"):
        assert calls.call(200, "GET", f"{SERVER}/{path}").json() == []
