"""DNS UPDATE from outside, at the address of the inventory: changes are served by both nameservers."""

from __future__ import annotations

from pathlib import Path

import dns.message
import dns.name
import dns.query
import dns.rcode
import pytest

from appliance.addresses import Endpoint, Nameserver
from appliance.errors import CommandFailed
from appliance.keys import Key, read_key
from appliance.nameserver.programs import run
from appliance.queries.transfer import axfr
from tests.cluster.cluster import UPDATE_PORT, Cluster, wait_until_answered

ZONE = "updates.example"


@pytest.fixture(scope="module")
def key_file(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key statement of a new token, as the command line prints it."""
    cluster.create_zone(ZONE)
    create = "token create --account operator@example.org --name updates --permission 'dns:*' --tsig"
    file = tmp_path_factory.mktemp("keys") / "updates.key"
    file.write_text(cluster.appliance(create).partition("\n")[2])
    return file


def nsupdate(cluster: Cluster, command: str, *options: str, status: int = 0) -> str:
    """Send an update, for the zone that nsupdate finds, and return what it prints."""
    script = f"server {cluster.ns1.address} {UPDATE_PORT}\n{command}\nsend\n"
    return run(("nsupdate", *options), timeout=60, stdin=script.encode(), accept=(status,)).output


def transferred(cluster: Cluster, key: Key | None) -> set[str]:
    """Return the names in a transfer of the zone from the listener."""
    listener = Nameserver("listener", Endpoint(cluster.ns1.address, UPDATE_PORT))
    return {str(row.owner) for row in axfr(listener, dns.name.from_text(ZONE), key)}


def test_what_nsupdate_sends_is_served_by_both(cluster: Cluster, key_file: Path) -> None:
    nsupdate(cluster, f"update add new.{ZONE}. 60 A 192.0.2.2", "-k", str(key_file))
    for host in (cluster.ns1, cluster.ns2):
        wait_until_answered(host, f"new.{ZONE}", "A", "192.0.2.2")
    assert f"new.{ZONE}." in transferred(cluster, read_key(key_file))
    nsupdate(cluster, f"update delete new.{ZONE}.", "-v", "-k", str(key_file))
    for host in (cluster.ns1, cluster.ns2):
        wait_until_answered(host, f"new.{ZONE}", "A")


def test_without_a_key_nothing_is_changed_or_transferred(cluster: Cluster, key_file: Path) -> None:
    assert "REFUSED" in nsupdate(cluster, f"update add stranger.{ZONE}. 60 A 192.0.2.66", status=2)
    with pytest.raises(CommandFailed, match="REFUSED"):
        transferred(cluster, None)


def test_queries_for_the_catalog_are_refused(cluster: Cluster) -> None:
    request = dns.message.make_query("catalog.cluster.test", "SOA")
    reply = dns.query.udp(request, cluster.ns1.address, timeout=5, port=UPDATE_PORT)
    assert dns.rcode.to_text(reply.rcode()) == "REFUSED"
