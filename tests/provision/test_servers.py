"""`host named-conf`: BIND accepts what is printed, and each nameserver knows the others as the settings have them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.keys import read_key
from appliance.nameserver.programs import run
from appliance.provision.prepare import prepare_host
from appliance.provision.servers import DIRECTORY, configuration
from appliance.settings import Settings
from tests.pair import program
from tests.provision.conftest import OWNERS

RELEASE = ()
"""An unknown release: only statements that every release accepts, without a warning."""
NAMES = ("ns1.example.net", "ns2.example.net", "ns3.example.net")


@pytest.fixture
def ready(settings: Settings) -> Settings:
    """Return the settings of a prepared host."""
    list(prepare_host(settings, OWNERS))
    return settings


def printed(settings: Settings, name: str, *listen: str) -> str:
    return configuration(settings, name, DIRECTORY, settings.deployer.zone_directory, RELEASE, listen).decode()


@pytest.mark.parametrize("name", NAMES)
def test_bind_accepts_it_without_a_message(ready: Settings, tmp_path: Path, name: str) -> None:
    text = printed(ready, name).replace(str(DIRECTORY), str(tmp_path))
    assert run((program("named-checkconf"), "/dev/stdin"), timeout=20, stdin=text.encode()).output == ""


def test_the_primary_notifies_every_secondary(ready: Settings) -> None:
    text = printed(ready, "NS1.example.net.")
    assert '198.51.100.1 port 53 key "transfer";' in text
    assert '2001:db8::3 port 5353 key "transfer";' in text
    assert "inet 127.0.0.1 port 953 allow { localhost; }" in text
    for file in (ready.deployer.control_key, ready.deployer.transfer_key, ready.deployer.update_key):
        assert read_key(file).secret in text


def test_a_secondary_knows_the_transfer_key_alone(ready: Settings) -> None:
    text = printed(ready, "ns2.example.net")
    assert 'primaries { 192.0.2.1 port 53 key "transfer"; }' in text
    assert read_key(ready.deployer.transfer_key).secret in text
    for file in (ready.deployer.control_key, ready.deployer.update_key):
        assert read_key(file).secret not in text


def test_a_primary_without_secondaries_still_gives_its_catalog_to_the_deployer(ready: Settings) -> None:
    alone = replace(ready, dns=replace(ready.dns, nameservers=ready.dns.nameservers[:1]))
    text = printed(alone, "ns1.example.net")
    assert read_key(ready.deployer.transfer_key).secret in text
    assert 'allow-transfer {\n\t\tkey "update";\n\t\tkey "transfer";\n\t};' in text


def test_debians_folders_are_kept(ready: Settings) -> None:
    debian = replace(ready, deployer=replace(ready.deployer, zone_directory=Settings().deployer.zone_directory))
    primary, secondary = (printed(debian, name) for name in NAMES[:2])
    for text in (primary, secondary):
        assert 'directory "/var/cache/bind";' in text
        assert 'file "/var/lib/bind/dns-appliance/' in text
        assert "new-zones-directory" not in text
        assert "stderr;" in text
    assert 'zone-directory "/var/lib/bind/dns-appliance"' in secondary


def test_it_listens_on_its_own_address_and_on_loopback(ready: Settings) -> None:
    assert listening(printed(ready, "ns1.example.net")) == [
        "listen-on port 53 { 192.0.2.1; };",
        "listen-on port 53 { 127.0.0.1; };",
        "listen-on-v6 port 53 { ::1; };",
    ]
    assert listening(printed(ready, "ns3.example.net")) == [
        "listen-on port 5353 { 127.0.0.1; };",
        "listen-on-v6 port 5353 { 2001:db8::3; };",
        "listen-on-v6 port 5353 { ::1; };",
    ]


def test_it_listens_on_the_requested_addresses(ready: Settings) -> None:
    assert listening(printed(ready, "ns2.example.net", "10.0.0.2", "10.0.0.2")) == [
        "listen-on port 53 { 10.0.0.2; };",
        "listen-on-v6 { none; };",
    ]
    with pytest.raises(SettingsError, match=r"'0\.0\.0\.0:53' is not an endpoint"):
        printed(ready, "ns2.example.net", "0.0.0.0")
    with pytest.raises(SettingsError, match="'eth0' is not an IP address"):
        printed(ready, "ns2.example.net", "eth0")


def test_an_unknown_name_is_reported_with_the_known_ones(ready: Settings) -> None:
    with pytest.raises(SettingsError, match=r"ns9 is not in dns\.nameservers, which has ns1\.example\.net, "):
        printed(ready, "ns9")


def test_a_missing_key_is_reported(settings: Settings) -> None:
    with pytest.raises(SettingsError, match=r"etc/transfer\.key: No such file"):
        printed(settings, "ns2.example.net")


def listening(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip().startswith("listen-on")]


def test_what_only_an_old_bind_needs_is_left_out_for_a_newer_one(ready: Settings) -> None:
    zones = ready.deployer.zone_directory
    old, new = (configuration(ready, "ns2.example.net", DIRECTORY, zones, (9, minor)) for minor in (18, 20))
    assert b"use-alt-transfer-source yes;" in old
    assert b"use-alt-transfer-source" not in new
