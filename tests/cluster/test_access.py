"""What nameservers and hosts refuse to clients without a key, and what the transfer key allows."""

from __future__ import annotations

import socket
from pathlib import Path

import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.tsig
import dns.update
import pytest

from appliance.addresses import Endpoint, Nameserver
from appliance.errors import CommandFailed
from appliance.keys import Key, read_key
from appliance.nameserver.programs import run
from appliance.queries.transfer import axfr
from tests.cluster.cluster import UPDATE_PORT, Cluster, query, rcode, serial, wait_until_answered
from tests.cluster.host import Host

ZONE = "access.example"
CATALOG = "catalog.cluster.test"
RECORDS = 300


@pytest.fixture(scope="module", autouse=True)
def zone(cluster: Cluster) -> str:
    """The uuid of a zone that is large compared with a change of one record."""
    with cluster.api() as api:
        created = api.zone(ZONE)
        for number in range(RECORDS):
            api.record(created, "A", f"host-{number}", "192.0.2.1")
        api.wait_until_live(created)
    return str(created["uuid"])


@pytest.fixture(scope="module")
def key_file(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the transfer key of ns1."""
    file = tmp_path_factory.mktemp("keys") / "transfer.key"
    file.write_text(cluster.ns1.sudo("cat /etc/dns-appliance/transfer.key").output)
    return file


@pytest.fixture(params=["ns1", "ns2"])
def host(cluster: Cluster, request: pytest.FixtureRequest) -> Host:
    """ns1 and ns2, in turn."""
    return cluster.lab.hosts[request.param]


def transferred(host: Host, origin: str, key: Key | None) -> int:
    """Return the number of records in a zone transfer."""
    return len(axfr(Nameserver(host.name, Endpoint(host.address, 53)), dns.name.from_text(origin), key))


@pytest.mark.parametrize("origin", [ZONE, CATALOG])
def test_a_transfer_is_refused_without_the_key(host: Host, origin: str) -> None:
    with pytest.raises(CommandFailed, match="REFUSED"):
        transferred(host, origin, None)


def test_a_transfer_is_refused_with_another_key_of_that_name(host: Host) -> None:
    with pytest.raises(CommandFailed, match="signature"):
        transferred(host, ZONE, Key("transfer", "hmac-sha256", "c3RyYW5nZXIgc3RyYW5nZXIgc3RyYW5nZXI="))


def test_a_transfer_with_the_key_has_every_record(host: Host, key_file: Path) -> None:
    apex = 3  # the SOA record and two nameservers
    assert transferred(host, ZONE, read_key(key_file)) == RECORDS + apex


def test_a_small_change_of_a_big_zone_is_a_small_transfer(cluster: Cluster, zone: str, key_file: Path) -> None:
    before = serial(cluster.ns1, ZONE)
    with cluster.api() as api:
        api.record({"uuid": zone}, "A", "one", "192.0.2.9")
    wait_until_answered(cluster.ns2, f"one.{ZONE}", "A", "192.0.2.9")
    words = ("dig", "-k", str(key_file), f"@{cluster.ns1.address}", ZONE, f"IXFR={before}", "+noall", "+answer")
    difference = run(words, timeout=30).output
    assert f"one.{ZONE}" in difference
    assert len(difference.splitlines()) < 10
    after = serial(cluster.ns1, ZONE)
    journal = cluster.ns1.sudo("journalctl --unit named --boot --output cat").output
    assert f"transfer of '{ZONE}/IN': IXFR started: TSIG transfer (serial {before} -> {after})" in journal


def test_recursion_is_refused(host: Host) -> None:
    reply = dns.query.udp(dns.message.make_query("www.example.com", "A"), host.address, timeout=5)
    assert dns.rcode.to_text(reply.rcode()) == "REFUSED"
    assert "RA" not in dns.flags.to_text(reply.flags).split()


@pytest.mark.parametrize("name", ["version.bind", "hostname.bind", "id.server", "authors.bind"])
def test_a_nameserver_does_not_identify_itself(host: Host, name: str) -> None:
    assert not query(host, name, "TXT", "CH").answer


@pytest.mark.parametrize("origin", [ZONE, CATALOG])
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "with the transfer key"])
def test_a_dynamic_update_is_refused(host: Host, origin: str, signed: bool, key_file: Path) -> None:
    update = dns.update.UpdateMessage(origin)
    update.add("stranger", 300, "A", "192.0.2.66")
    if signed:
        key = read_key(key_file)
        update.use_tsig(dns.tsig.Key(key.name, key.octets, key.algorithm))
    reply = dns.query.udp(update, host.address, timeout=5)
    assert dns.rcode.to_text(reply.rcode()) in ("REFUSED", "NOTIMP")
    assert rcode(host, f"stranger.{ZONE}", "A") == "NXDOMAIN"


def test_an_update_from_another_host_is_refused_with_the_key(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "update.key"
    file.write_text(cluster.ns1.sudo("cat /etc/dns-appliance/update.key").output)
    key = read_key(file)
    update = dns.update.UpdateMessage(ZONE, keyring=dns.tsig.Key(key.name, key.octets, key.algorithm))
    update.add("stranger", 300, "A", "192.0.2.66")
    assert dns.rcode.to_text(dns.query.udp(update, cluster.ns1.address, timeout=5).rcode()) == "REFUSED"
    assert rcode(cluster.ns1, f"stranger.{ZONE}", "A") == "NXDOMAIN"


def test_a_notify_is_refused_without_the_key(cluster: Cluster) -> None:
    notify = dns.message.make_query(ZONE, "SOA")
    notify.set_opcode(dns.opcode.NOTIFY)
    reply = dns.query.udp(notify, cluster.ns2.address, timeout=5)
    assert dns.rcode.to_text(reply.rcode()) == "REFUSED"


def test_catalog_queries_are_refused(host: Host) -> None:
    assert rcode(host, CATALOG) == "REFUSED"


def test_only_ssh_and_dns_are_reachable(cluster: Cluster, host: Host) -> None:
    listening = host.sudo("ss --tcp --listening --numeric --no-header").output
    ports = {int(line.split()[3].rpartition(":")[2]) for line in listening.splitlines()}
    expected = {22, 53, UPDATE_PORT} if host is cluster.ns1 else {22, 53}
    assert {port for port in ports if _opens(host, port)} == expected


def _opens(host: Host, port: int) -> bool:
    try:
        with socket.create_connection((host.address, port), 5):
            return True
    except ConnectionRefusedError:
        return False
