"""Clients of DNS UPDATE that are in no registry: the messages of their source, over UDP, signed with hmac-sha256."""

from __future__ import annotations

from collections.abc import Callable

import dns.query
import dns.rcode
import dns.tsig
import dns.update
import dns.xfr
import dns.zone
import pytest

from appliance.keys import read_key
from tests.appliance import Appliance
from tests.clients.conftest import Begin
from tests.clients.recipes import Reader
from tests.clients.test_zone_clients import WWW, wires
from tests.pair import LOOPBACK

TEXTS = ("1" * 43, "2" * 43)

Send = Callable[[dns.update.UpdateMessage], None]


def key_of(reader: Reader) -> dns.tsig.Key:
    """Return the key that the reader created."""
    key = read_key(reader.folder / "update.key")
    return dns.tsig.Key(key.name, key.secret, key.algorithm)


@pytest.fixture
def send(appliance: Appliance) -> Send:
    """A function that sends an update and checks that it succeeds."""

    def send_update(update: dns.update.UpdateMessage) -> None:
        response = dns.query.udp(update, LOOPBACK, 10, appliance.ports.dns + 2)
        assert response.rcode() == dns.rcode.NOERROR, response

    return send_update


def test_external_dns(appliance: Appliance, begin: Begin, send: Send) -> None:
    """provider/rfc2136: records from a signed transfer; targets are removed by value, also such as are gone."""
    domain = "external-dns-update.example.net"
    reader = begin(domain)
    reader.use("Key for DNS UPDATE")
    added = dns.update.UpdateMessage(domain, keyring=key_of(reader))
    removed = dns.update.UpdateMessage(domain, keyring=key_of(reader))
    for target in WWW:
        added.add("shop", 300, "A", target)
        removed.delete("shop", "A", target)
    send(removed)
    send(added)
    appliance.wait_until_answered(f"shop.{domain}", "A", wires("A", *WWW))
    zone = dns.zone.Zone(domain)
    query, _ = dns.xfr.make_query(zone, keyring=key_of(reader))
    dns.query.inbound_xfr(LOOPBACK, zone, query, appliance.ports.dns + 2, 10)
    found = zone.get_rdataset("shop", "A")
    assert found is not None and (found.ttl, {str(rdata) for rdata in found}) == (300, {*WWW})
    send(removed)
    appliance.wait_until_answered(f"shop.{domain}", "A", [])


def test_cert_manager(appliance: Appliance, begin: Begin, send: Send) -> None:
    """pkg/issuer/acme/dns/rfc2136: two challenges at one name, each inserted and removed in a message of its own."""
    domain = "cert-manager-update.example.net"
    reader = begin(domain)
    reader.use("Key for certificates")
    name = f"_acme-challenge.{domain}"
    for text in TEXTS:
        update = dns.update.UpdateMessage(domain, keyring=key_of(reader))
        update.add("_acme-challenge", 60, "TXT", text)
        send(update)
    appliance.wait_until_answered(name, "TXT", wires("TXT", *TEXTS))
    update = dns.update.UpdateMessage(domain, keyring=key_of(reader))
    update.delete("_acme-challenge", "TXT", TEXTS[0])
    send(update)
    appliance.wait_until_answered(name, "TXT", wires("TXT", TEXTS[1]))
