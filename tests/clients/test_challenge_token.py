"""The token of the recipes for certificates can do nothing but write challenges, whatever protocol it is tried with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update
import pytest
import requests

from appliance.keys import read_key
from tests.appliance import Appliance, Client
from tests.clients.conftest import Begin
from tests.clients.recipes import Reader
from tests.pair import LOOPBACK

ZONE, OTHER = "narrow.example.org", "wide.example.org"
SERVERS = "/api/v1/servers/localhost/zones"


@pytest.fixture(scope="module")
def zones(mine: Client) -> None:
    """The zone of the token, and another one of the same account."""
    mine.zone(ZONE)
    mine.zone(OTHER)


@pytest.fixture
def reader(begin: Begin, zones: None) -> Reader:
    """A reader with a token and a key for certificates."""
    reader = begin(ZONE, create=False)
    reader.use("Token for certificates")
    reader.use("Key for certificates")
    return reader


@pytest.fixture
def narrow(appliance: Appliance, reader: Reader) -> Iterator[requests.Session]:
    """A session with the token as its credential in every form."""
    secret = reader.places["vps_..."]
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update({"Authorization": f"Bearer {secret}", "X-API-Key": secret})
        yield session


def patch(name: str, rdtype: str, content: str) -> dict[str, object]:
    """Return a body of PowerDNS that replaces a set."""
    rrset = {"name": f"{name}.", "type": rdtype, "ttl": 60, "changetype": "REPLACE", "records": [{"content": content}]}
    return {"rrsets": [rrset]}


def endpoint(name: str) -> dict[str, object]:
    """Return a body of external-dns that creates an address."""
    return {"create": [{"dnsName": name, "targets": ["198.51.100.1"], "recordType": "A"}]}


REFUSED = [
    ("POST", "/api/v1/dns-zones/", {"domain": "new.example.org"}, 403),
    ("PATCH", f"/api/v1/dns-zones/{ZONE}/", {"default_ttl": 60}, 403),
    ("DELETE", f"/api/v1/dns-zones/{ZONE}/", None, 403),
    ("POST", f"/api/v1/dns-zones/{ZONE}/records/", {"record_type": "A", "name": "a", "value": "198.51.100.1"}, 403),
    ("POST", f"/api/v1/dns-zones/{ZONE}/records/", {"record_type": "TXT", "name": "a", "value": "text"}, 403),
    ("GET", f"/api/v1/dns-zones/{OTHER}/", None, 404),
    ("POST", "/api/v1/account/tokens/", {"name": "more", "permissions": ["dns:*"]}, 403),
    ("POST", SERVERS, {"name": "new.example.org.", "kind": "Native", "nameservers": []}, 403),
    ("PATCH", f"{SERVERS}/{ZONE}.", patch(f"a.{ZONE}", "A", "198.51.100.1"), 403),
    ("PATCH", f"{SERVERS}/{ZONE}.", patch(f"a.{ZONE}", "TXT", '"text"'), 403),
    ("PATCH", f"{SERVERS}/{ZONE}.", patch(f"_acme-challenge.{ZONE}", "CNAME", "a.example.net."), 403),
    ("PATCH", f"{SERVERS}/{OTHER}.", patch(f"_acme-challenge.{OTHER}", "TXT", '"text"'), 404),
    ("DELETE", f"{SERVERS}/{ZONE}.", None, 403),
    ("POST", "/httpreq/present", {"fqdn": f"a.{ZONE}.", "value": "text"}, 403),
    ("POST", "/httpreq/present", {"fqdn": f"_acme-challenge.{OTHER}.", "value": "text"}, 404),
    ("POST", "/external-dns/records", endpoint(f"a.{ZONE}"), 403),
    ("POST", "/acme-dns/update", {"subdomain": ZONE, "txt": "x" * 43}, 401),
    ("POST", "/acme-dns/register", {}, 403),
]


def test_over_http(appliance: Appliance, mine: Client, narrow: requests.Session) -> None:
    before = everything(mine)
    for method, path, body, status in REFUSED:
        response = narrow.request(method, f"http://{LOOPBACK}:{appliance.ports.api}{path}", json=body, timeout=30)
        assert response.status_code == status, f"{method} {path} {body}: {response.text}"
        assert everything(mine) == before, path


def test_over_dyndns2(appliance: Appliance, mine: Client, narrow: requests.Session) -> None:
    before = everything(mine)
    query = {"hostname": f"_acme-challenge.{ZONE},a.{ZONE},a.{OTHER}", "myip": "198.51.100.1"}
    response = narrow.get(f"http://{LOOPBACK}:{appliance.ports.api}/nic/update", params=query, timeout=30)
    assert response.text.split() == ["nohost"] * 3
    assert everything(mine) == before


def test_by_update(appliance: Appliance, mine: Client, reader: Reader) -> None:
    before = everything(mine)
    key = read_key(Path(reader.folder, "update.key"))
    keyring = dns.tsigkeyring.from_text({key.name: (key.algorithm, key.secret)})
    for zone, name, rdtype, value, rcode in (
        (ZONE, "a", "A", "198.51.100.1", "REFUSED"),
        (ZONE, "a", "TXT", "text", "REFUSED"),
        (ZONE, "_acme-challenge", "CNAME", "a.example.net.", "REFUSED"),
        (OTHER, "_acme-challenge", "TXT", "text", "NOTAUTH"),
    ):
        update = dns.update.UpdateMessage(zone, keyring=keyring)
        update.add(name, 60, rdtype, value)
        response = dns.query.tcp(update, LOOPBACK, 10, appliance.ports.dns + 2)
        assert dns.rcode.to_text(response.rcode()) == rcode, f"{zone} {name} {rdtype}"
        assert everything(mine) == before


def everything(mine: Client) -> list[object]:
    """Return all zones and records of the account."""
    return [mine.expect(200, "GET", path) for path in ("/dns-zones/", "/dns-records/")]
