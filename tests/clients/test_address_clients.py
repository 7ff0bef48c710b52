"""Clients of dyndns2: programs for addresses that change, and the update URL of routers."""

from __future__ import annotations

import urllib.request

import pytest

from tests.appliance import Appliance, Client
from tests.clients.conftest import Begin
from tests.clients.recipes import Reader, recipe
from tests.pair import LOOPBACK

ADDRESS, WIRE = "198.51.100.7", b"\xc6\x33\x64\x07"


@pytest.fixture
def reader(appliance: Appliance, mine: Client, begin: Begin, request: pytest.FixtureRequest) -> Reader:
    """A reader with a zone that has a TXT record at home, and a token for its addresses."""
    domain = f"{request.node.name.removeprefix('test_').replace('_', '-')}.example.org"
    reader = begin(domain)
    mine.record(mine.expect(200, "GET", f"/dns-zones/{domain}/"), "TXT", "home", "stays")
    reader.use("Token for an address")
    reader.places = {
        '"dns.example.net"': f'"{LOOPBACK}:{appliance.ports.api}"',
        "server=dns.example.net": f"server={LOOPBACK}:{appliance.ports.api}",
        "ssl=yes": "ssl=no",
        "ssl = true": f'ssl = false\n    checkip-command = "/bin/echo {ADDRESS}"',
        "use=web": f"use=cmd, cmd='echo {ADDRESS}'",
        **reader.places,
    }
    return reader


def check_addresses(appliance: Appliance, reader: Reader) -> None:
    """Check that home has the address, and still has its text."""
    name = f"home.{reader.places['example.com']}"
    appliance.wait_until_answered(name, "A", [WIRE])
    appliance.wait_until_answered(name, "TXT", [b"\5stays"])


def test_ddclient(appliance: Appliance, reader: Reader) -> None:
    assert "SUCCESS" in reader.follow("ddclient")
    check_addresses(appliance, reader)


def test_inadyn(appliance: Appliance, reader: Reader) -> None:
    reader.follow("inadyn")
    check_addresses(appliance, reader)
    reader.follow("inadyn")
    check_addresses(appliance, reader)


def test_curl(appliance: Appliance, reader: Reader) -> None:
    reader.places |= {"192.0.2.1": ADDRESS}
    assert f"good {ADDRESS}" in reader.follow("Other clients of dyndns2")
    check_addresses(appliance, reader)


def test_fritzbox(appliance: Appliance, reader: Reader) -> None:
    (block,) = recipe("FRITZ!Box")
    url = reader.adapted(block.text.strip())
    domain = reader.places["example.com"]
    filled = {"domain": f"home.{domain}", "ipaddr": ADDRESS, "ip6addr": "2001:db8::7", "username": "box"}
    for word, value in {**filled, "pass": reader.places["vps_..."]}.items():
        url = url.replace(f"<{word}>", value)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for answer in ("good", "nochg"):
        with opener.open(url, timeout=30) as response:
            assert response.read().decode() == f"{answer} {ADDRESS},2001:db8::7"
    check_addresses(appliance, reader)
