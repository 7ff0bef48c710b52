"""Snippets of configuration, filled in."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from appliance.addresses import Endpoint
from appliance.integrations.configuration import Credential, Location, configure
from appliance.integrations.presets import CLIENTS

ANYWHERE = Endpoint("0.0.0.0", 5303)
CREDENTIAL = Credential("a-uuid", "vps_secret", "example.com", ("example.com", "*.example.com"), "me@example.org")


def text(key: str, location: Location, credential: Credential = CREDENTIAL) -> str:
    """Return all snippets of a client."""
    return "".join(snippet.text for snippet in configure(CLIENTS[key], location, credential))


@pytest.mark.parametrize(
    ("url", "lines"),
    [
        ("https://dns.example.net", ("scheme: https", "host: dns.example.net", "port: 443")),
        ("http://127.0.0.1:8053/", ("scheme: http", "host: 127.0.0.1", "port: 8053")),
        ("http://[::1]", ("scheme: http", "host: ::1", "port: 80")),
    ],
)
def test_the_parts_of_the_url(url: str, lines: tuple[str, ...]) -> None:
    shown = text("octodns-powerdns", Location(url)).splitlines()
    assert {f"    {line}" for line in lines} <= set(shown)


def test_a_url_ends_without_a_slash_and_keeps_its_port() -> None:
    location = Location("http://127.0.0.1:8053/")
    assert "HTTPREQ_ENDPOINT=http://127.0.0.1:8053/httpreq " in text("lego-httpreq", location)
    assert "=http://x:vps_secret@127.0.0.1:8053/external-dns\n" in text("external-dns", location)
    assert "server=127.0.0.1:8053\nssl=no\n" in text("ddclient", location)


@pytest.mark.parametrize(
    ("location", "server"),
    [
        (Location("https://dns.example.net", ANYWHERE), "dns.example.net"),
        (Location("https://dns.example.net", Endpoint("192.0.2.53", 5303)), "192.0.2.53"),
        (Location("https://dns.example.net", ANYWHERE, "192.0.2.53"), "192.0.2.53"),
    ],
)
def test_where_updates_are_sent(location: Location, server: str) -> None:
    credential = replace(CREDENTIAL, key_secret="a2V5")
    ini = text("certbot-rfc2136", location, credential)
    assert ini.startswith(f"dns_rfc2136_server = {server}\ndns_rfc2136_port = 5303\ndns_rfc2136_name = a-uuid\n")
    assert "dns_rfc2136_secret = a2V5\n" in ini


def test_what_a_shell_would_read_is_quoted() -> None:
    shown = text("lego-powerdns", Location("https://dns.example.net"), replace(CREDENTIAL, email="$(id)@example.org"))
    assert "--email '$(id)@example.org' --domains example.com --domains '*.example.com' " in shown


@pytest.mark.parametrize(
    ("hosts", "line"),
    [
        (("home.example.com",), 'hostname = "home.example.com"'),
        (("a.example.com", "b.example.com"), 'hostname = { "a.example.com", "b.example.com" }'),
    ],
)
def test_several_hosts_of_inadyn(hosts: tuple[str, ...], line: str) -> None:
    assert f"    {line}\n" in text("inadyn", Location("https://dns.example.net"), replace(CREDENTIAL, domains=hosts))


@pytest.mark.parametrize("key", CLIENTS)
def test_the_secret_is_where_it_belongs_and_nothing_is_left_to_fill_in(key: str) -> None:
    preset = CLIENTS[key]
    credential = replace(CREDENTIAL, key_secret="a2V5", account='{"password": "vps_secret"}')
    shown = text(key, Location("https://dns.example.net", ANYWHERE), credential)
    assert ("a2V5" if preset.has_tsig_key else "vps_secret") in shown
    assert not re.search(r"\{\{(?! lookup)|\{%", shown)
