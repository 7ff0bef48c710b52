"""TLS in front of the API, enabled by a variable of the playbook, and no other access from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.nameserver.programs import run
from tests.cluster.cluster import API, API_PORT, Cluster, wait_until_answered
from tests.cluster.playbook import PlayResult

NAME = "ns1.cluster.test"
CANNOT_CONNECT = 7
UNKNOWN_ISSUER = 60


@pytest.fixture(scope="module")
def certificate(growth: PlayResult, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of the front door."""
    file = tmp_path_factory.mktemp("door") / "front-door.crt"
    file.write_text(cluster.ns1.sudo("cat /etc/nginx/front-door.crt").output)
    return file


def curl(cluster: Cluster, path: str, *words: str, status: int = 0) -> str:
    """Run curl for a path of the front door, check its exit status, and return its output."""
    named = ("--resolve", f"{NAME}:443:{cluster.ns1.address}", "--noproxy", "*")
    command = ("curl", "--silent", "--show-error", *named, *words, f"https://{NAME}{path}")
    return run(command, timeout=60, accept=(status,)).output


def test_a_zone_created_through_it_is_served(cluster: Cluster, certificate: Path) -> None:
    words = ("--cacert", str(certificate), "--oauth2-bearer", cluster.token, "--json")
    zone = json.loads(curl(cluster, "/api/v1/dns-zones/", *words, '{"domain": "front-door.example"}'))
    record = '{"record_type": "A", "name": "www", "value": "192.0.2.1"}'
    curl(cluster, f"/api/v1/dns-zones/{zone['uuid']}/records/", *words, record)
    for host in (cluster.ns1, cluster.ns2):
        wait_until_answered(host, "www.front-door.example", "A", "192.0.2.1")


def test_the_self_signed_certificate_is_not_trusted(cluster: Cluster, certificate: Path) -> None:
    curl(cluster, "/healthz", status=UNKNOWN_ISSUER)


def test_metrics_require_a_token(cluster: Cluster, certificate: Path) -> None:
    words = ("--cacert", str(certificate), "--output", "/dev/null", "--write-out", "%{http_code}")
    assert curl(cluster, "/metrics", *words) == "401"


def test_the_console_accepts_only_the_name_of_the_front_door(cluster: Cluster, certificate: Path) -> None:
    words = ("--cacert", str(certificate), "--output", "/dev/null", "--write-out", "%{http_code}")
    assert curl(cluster, "/sign-in/", *words) == "200"
    assert curl(cluster, "/sign-in/", *words, "--header", "Host: other.cluster.test") == "421"


def test_records_of_other_protocols_are_served(cluster: Cluster, certificate: Path) -> None:
    name, words = "www.doors.example", ("--cacert", str(certificate), "--user", f"door:{cluster.token}")
    rrset = {"name": f"{name}.", "type": "A", "ttl": 60, "records": [{"content": "192.0.2.2"}]}
    zone = {"name": "doors.example.", "kind": "Native", "nameservers": [], "rrsets": [rrset]}
    zones = "/api/v1/servers/localhost/zones"
    assert json.loads(curl(cluster, zones, *words, "--json", json.dumps(zone)))["kind"] == "Master"
    for host in (cluster.ns1, cluster.ns2):
        wait_until_answered(host, name, "A", "192.0.2.2")
    assert curl(cluster, f"/nic/update?hostname={name}&myip=192.0.2.3", *words) == "good 192.0.2.3"
    for host in (cluster.ns1, cluster.ns2):
        wait_until_answered(host, name, "A", "192.0.2.3")


def test_a_token_in_a_query_is_in_no_log(cluster: Cluster, certificate: Path) -> None:
    secret = f"vps_{'a' * 32}"
    path = f"/nic/update?hostname=www.front-door.example&username=door&password={secret}"
    assert curl(cluster, path, "--cacert", str(certificate)) == "badauth"
    cluster.ns1.sudo(f"systemctl stop {API}")
    assert curl(cluster, path, "--cacert", str(certificate)) == "911"
    cluster.ns1.sudo(f"systemctl start {API}")
    log = cluster.ns1.sudo("journalctl --boot --output cat").output
    assert '"GET /nic/update" 503' in log
    assert secret not in log


def test_old_versions_of_tls_are_refused(cluster: Cluster, certificate: Path) -> None:
    curl(cluster, "/healthz", "--cacert", str(certificate), "--tls-max", "1.1", status=35)


def test_the_api_is_not_reachable_without_it(cluster: Cluster, certificate: Path) -> None:
    url = f"http://{cluster.ns1.address}:{API_PORT}/healthz"
    run(("curl", "--silent", "--noproxy", "*", url), timeout=60, accept=(CANNOT_CONNECT,))
