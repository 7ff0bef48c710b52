"""ACME clients that are in no registry: their requests for a domain and its wildcard, which have one name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from tests.appliance import Appliance
from tests.clients.calls import SERVER, Calls, contents_of, replace
from tests.clients.conftest import Begin
from tests.clients.recipes import Reader

ONE, TWO = "1" * 43, "2" * 43

Texts = Callable[[str], set[str]]


@pytest.fixture
def served(appliance: Appliance) -> Texts:
    """A function that returns the texts of a name as ns2 serves them now."""
    return lambda name: {wire[1:].decode() for wire in appliance.answer(name, "TXT", 2)[1]}


@pytest.fixture
def reader(begin: Begin, request: pytest.FixtureRequest) -> Reader:
    """A reader with a zone and a token for certificates."""
    words = re.findall("[a-z0-9]+", request.node.name.removeprefix("test_"))
    reader = begin(f"{'-'.join(words)}.example.net")
    reader.use("Token for certificates")
    return reader


def calls_of(reader: Reader, **headers: str) -> Calls:
    """Return calls with these headers, in which TOKEN is the token."""
    token = reader.places["vps_..."]
    named = {name.replace("_", "-"): value.replace("TOKEN", token) for name, value in headers.items()}
    return Calls(reader.places["https://dns.example.net"], named)


def test_acme_sh_by_the_api_of_powerdns(reader: Reader, served: Texts) -> None:
    """dnsapi/dns_pdns.sh: it reads JSON by patterns, and replaces the set with the challenges that it finds there."""
    calls, domain = calls_of(reader, X_API_Key="TOKEN", Content_Type="application/json"), reader.places["example.com"]
    name = f"_acme-challenge.{domain}"

    def present() -> list[str]:
        text = normalized(calls.call(200, "GET", f"{SERVER}/zones/{domain}.").text)
        sets = re.findall(rf'"name":"{name}[^]]*}}', text)
        return [content for found in sets for content in re.findall(r'content":"\\"([^\\]*)', found)]

    assert f'"name":"{domain}."' in normalized(calls.call(200, "GET", f"{SERVER}/zones?zone={domain}.").text)
    assert f'"name":"{name}."' not in normalized(calls.call(200, "GET", f"{SERVER}/zones?zone={name}.").text)
    for value in (ONE, TWO):
        calls.patch(f"{domain}.", replace(f"{name}.", "TXT", 60, f'"{value}"', *(f'"{one}"' for one in present())))
        calls.call(200, "PUT", f"{SERVER}/zones/{domain}./notify")
    assert set(present()) == served(name) == {ONE, TWO}
    calls.patch(f"{domain}.", {"changetype": "DELETE", "name": f"{name}.", "type": "TXT"})
    calls.patch(f"{domain}.", replace(f"{name}.", "TXT", 60, f'"{TWO}"'))
    assert present() == [TWO]
    calls.patch(f"{domain}.", {"changetype": "DELETE", "name": f"{name}.", "type": "TXT"})
    assert served(name) == set()


def normalized(text: str) -> str:
    """Return JSON as acme.sh reads it: in one line, without blanks beside colons."""
    return re.sub(r'" *: *(["{\[])', r'":\1', text.replace("\n", "").replace("\r", ""))


def test_acme_sh_by_acme_dns(begin: Begin, reader: Reader, served: Texts) -> None:
    """dnsapi/dns_acmedns.sh: it sends JSON as a form, and searches the response for the value in quotes."""
    reader.places |= {"auth.example.net": reader.places["example.com"]}
    account = json.loads(reader.run(reader.adapted(ACCOUNT)))
    user = {"X_Api_User": account["username"], "X_Api_Key": account["password"]}
    calls = calls_of(reader, **user, Content_Type="application/x-www-form-urlencoded")
    for value in (ONE, TWO):
        response = calls.call(200, "POST", "/acme-dns/update", {"subdomain": account["subdomain"], "txt": value})
        assert f'"{value}"' in response.text
    assert served(account["fulldomain"]) == {ONE, TWO}


ACCOUNT = (
    "dns-appliance token create --account me@example.org --name acme.sh --acme-dns --zone auth.example.net "
    "--record-name _acme-challenge"
)


@pytest.mark.parametrize("headers", [{"X_API_Key": "TOKEN"}, {"Authorization": "Bearer TOKEN"}])
def test_cert_manager(reader: Reader, served: Texts, headers: dict[str, str]) -> None:
    """The webhook cert-manager-webhook-pdns, with go-powerdns: TTL 0, and an empty set in place of a DELETE."""
    calls, domain = calls_of(reader, **headers, Content_Type="application/json"), reader.places["example.com"]
    name = f"_acme-challenge.{domain}."
    for value in (ONE, TWO, TWO):
        there = contents_of(calls.zone(f"{domain}."), name, "TXT")
        calls.patch(f"{domain}.", replace(name, "TXT", 0, *{*there, f'"{value}"'}))
    assert served(name) == {ONE, TWO}
    calls.patch(f"{domain}.", replace(name, "TXT", 0, f'"{TWO}"'))
    calls.patch(f"{domain}.", replace(name, "TXT", 0))
    assert served(name) == set()


def test_caddy(reader: Reader, served: Texts) -> None:
    """libdns/powerdns with go-powerdns: it searches the zone by name, and sends whole zone objects without a name."""
    calls, domain = calls_of(reader, X_API_Key="TOKEN"), reader.places["example.com"]
    name = f"_acme-challenge.{domain}."
    whole = {"name": "", "type": "Zone", "nameservers": []}
    (short,) = calls.call(200, "GET", f"{SERVER}/zones?zone={domain}.").json()
    for values in ((ONE,), (ONE, TWO)):
        assert isinstance(calls.zone(short["id"])["rrsets"], list)
        rrset = replace(name, "TXT", 0, *(f'"{value}"' for value in values))
        calls.patch(short["id"], {**rrset, "comments": None}, **whole)
    assert served(name) == {ONE, TWO}
    calls.patch(short["id"], {**replace(name, "TXT", 0, f'"{TWO}"'), "comments": []}, **whole)
    gone = {"name": name, "type": "TXT", "ttl": 0, "changetype": "DELETE", "records": None, "comments": None}
    calls.patch(short["id"], gone, **whole)
    assert served(name) == set()
