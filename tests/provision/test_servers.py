"""`host named-conf`: BIND accepts what is printed, and each nameserver knows the others as the settings have them."""

from __future__ import annotations

import os
import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import pytest
from dns.name import Name

from appliance.addresses import Endpoint, Nameserver
from appliance.embedded.state import unprivileged_owner
from appliance.errors import SettingsError
from appliance.files import write_atomically
from appliance.keys import new_key, read_key
from appliance.nameserver.programs import run
from appliance.provision.prepare import prepare_host
from appliance.provision.servers import DIRECTORY, configuration
from appliance.queries.bulk import query_all
from appliance.render.named_conf import Primary, RateLimit, catalog_zone, named_conf
from appliance.settings import Settings
from tests.pair import LOOPBACK, Named, free_port, program, wait_for
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


def test_the_primary_listens_where_its_deployer_sends_updates(ready: Settings) -> None:
    for requested in (("10.0.0.2",), ("10.0.0.2", "127.0.0.1")):
        assert listening(printed(ready, "ns1.example.net", *requested)) == [
            "listen-on port 53 { 10.0.0.2; };",
            "listen-on port 53 { 127.0.0.1; };",
            "listen-on-v6 { none; };",
        ]


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


def test_responses_are_limited_but_for_loopback_and_the_nameservers(settings: Settings) -> None:
    list(prepare_host(settings, OWNERS))
    with_networks = replace(settings, dns=replace(settings.dns, rate_limit_exempt=("203.0.113.0/24",)))
    for name in ("ns1.example.net", "ns2.example.net"):
        text = configuration(with_networks, name, Path("/d"), Path("/z"), (9, 18)).decode()
        found = re.search(r"exempt-clients \{(.*?)\}", text, re.DOTALL)
        assert found
        assert found[1].replace(";", "").split() == [
            *("127.0.0.0/8", "::1", "192.0.2.1", "198.51.100.1", "2001:db8::3", "203.0.113.0/24"),
        ]
        assert "responses-per-second 200;" in text
        without = replace(settings, dns=replace(settings.dns, rate_limit=0))
        assert "rate-limit" not in configuration(without, name, Path("/d"), Path("/z"), (9, 18)).decode()


FLOOD = 100
"""Queries for the same answer, sent at once."""


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """A folder of the user that runs named."""
    with tempfile.TemporaryDirectory(prefix="named-") as folder:
        owner = unprivileged_owner()
        os.chown(folder, owner.uid, owner.gid)
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.parametrize("exempt", [(), ("127.0.0.0/8",)], ids=["limited", "exempt"])
def test_a_flood_of_equal_queries_is_not_amplified(own_folder: Path, exempt: tuple[str, ...]) -> None:
    port, key, catalog = free_port(), new_key("any"), dns.name.from_text("catalog.example")
    write_atomically(own_folder / "catalog.zone", catalog_zone(catalog, 1), 0o644)
    primary = Primary(
        listen=(Endpoint(LOOPBACK, port),),
        directory=str(own_folder),
        catalog=catalog,
        catalog_file=str(own_folder / "catalog.zone"),
        control=Endpoint(LOOPBACK, free_port()),
        control_key=key,
        update_key=key,
        transfer_key=key,
        rate_limit=RateLimit(5, exempt),
    )
    named = Named(own_folder, named_conf(primary))
    named.start()
    try:
        server = Nameserver("ns1", Endpoint(LOOPBACK, port))
        wait_for(lambda: query_all([(server, catalog)], timeout=0.1)[server, catalog], "it answers")
        answers = flood(server, catalog)
        whole = [one for one in answers if one.answer and not one.flags & dns.flags.TC]
        assert (len(whole) == FLOOD) if exempt else (len(whole) <= 20)
        assert bool([one for one in answers if one.flags & dns.flags.TC]) is (not exempt)
    finally:
        named.stop()


def flood(server: Nameserver, name: Name) -> list[dns.message.Message]:
    """Send the same query many times, and return all answers, or those until none came for half a second."""
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        client.connect((server.endpoint.host, server.endpoint.port))
        client.settimeout(0.5)
        for _ in range(FLOOD):
            client.send(dns.message.make_query(name, "SOA").to_wire())
        answers: list[dns.message.Message] = []
        with suppress(TimeoutError):
            while len(answers) < FLOOD:
                answers.append(dns.message.from_wire(client.recv(4096)))
        return answers
