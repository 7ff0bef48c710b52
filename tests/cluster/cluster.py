"""The nameservers of a lab as users see them: DNS queries, and the API through an ssh tunnel."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.xfr
import requests

from tests.appliance import Client
from tests.cluster.host import Host
from tests.cluster.lab import Lab
from tests.cluster.network import DIES_WITH_PARENT
from tests.cluster.playbook import Playbook
from tests.pair import LOOPBACK, free_port, wait_for

API_PORT, UPDATE_PORT = 8053, 5303
PROGRAM = "/opt/dns-appliance/current/bin/dns-appliance"
API, DEPLOYER, UPDATES = (f"dns-appliance-{name}.service" for name in ("api", "deployer", "updates"))


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of `doctor`: the check, what it found, and the repair."""

    check: str
    what: str
    repair: str


class Cluster:
    """ns1, with API and deployer, and ns2."""

    def __init__(self, lab: Lab, playbook: Playbook) -> None:
        self.lab = lab
        self.playbook = playbook

    @property
    def ns1(self) -> Host:
        """The primary, with the appliance."""
        return self.lab.hosts["ns1"]

    @property
    def ns2(self) -> Host:
        """The first secondary."""
        return self.lab.hosts["ns2"]

    @cached_property
    def token(self) -> str:
        """A token with all permissions of dns, created on ns1 by the command line."""
        self.appliance("account create operator@example.org")
        create = "token create --account operator@example.org --name cluster --permission 'dns:*'"
        return self.appliance(create).split()[-1]

    def appliance(self, words: str) -> str:
        """Run `dns-appliance` on ns1 as root, and return its output."""
        return self.ns1.sudo(f"{PROGRAM} {words}").output

    @property
    def installed(self) -> str:
        """The version of the program on ns1."""
        return self.appliance("--version").split()[-1]

    @property
    def running_releases(self) -> set[str]:
        """The releases that API, deployer and listener run from, if they run."""
        processes = filter(None, (main_process(self.ns1, unit) for unit in (API, DEPLOYER, UPDATES)))
        files = " ".join(f"/proc/{process}/maps" for process in processes)
        loaded = self.ns1.sudo(f"grep -ho '/releases/[^/]*' {files}").output
        return {re.split("[/-]", line)[2] for line in loaded.splitlines()}

    @contextmanager
    def api(self) -> Iterator[Client]:
        """Yield a client of the API, which listens only on loopback of ns1."""
        with api_of(self.ns1, self.token) as client:
            yield client

    @property
    def metrics(self) -> dict[str, float]:
        """The value of each metric of the API, by its name with labels."""
        with tunnel(self.ns1, API_PORT) as port, requests.Session() as session:
            session.trust_env = False
            lines = session.get(f"http://{LOOPBACK}:{port}/metrics", timeout=5).text.splitlines()
        return {
            name: float(value)
            for name, _, value in (line.rpartition(" ") for line in lines if line[:1] not in ("", "#"))
        }

    def create_zone(self, domain: str) -> dict[str, Any]:
        """Create a zone with a record `www`, and wait until both nameservers answer it."""
        with self.api() as api:
            zone = api.zone(domain)
            api.record(zone, "A", "www", "192.0.2.1")
        for host in (self.ns1, self.ns2):
            wait_until_answered(host, f"www.{domain}", "A", "192.0.2.1")
        return zone


def unit_property(host: Host, unit: str, name: str) -> str:
    """Return a property of a unit."""
    return host.ssh(f"systemctl show --property {name} --value {unit}").output.strip()


def main_process(host: Host, unit: str) -> int:
    """Return the main process id of a service, 0 if there is none."""
    return int(unit_property(host, unit, "MainPID"))


def child_processes(host: Host, process: int) -> set[int]:
    """Return the ids of the child processes of a process."""
    return set(map(int, host.sudo(f"cat /proc/{process}/task/*/children").output.split()))


def findings(host: Host) -> list[Finding]:
    """Return the failures and warnings of `doctor` on the host, but not of its clock, which is that of this machine."""
    rows = json.loads(host.sudo(f"{PROGRAM} doctor --json", status=(0, 1)).output)
    found = [row for row in rows if row["verdict"] in ("fail", "warn") and row["check"] != "signing-clock"]
    return [Finding(row["check"], row["what"], row["repair"]) for row in found]


def wait_until_healthy(host: Host) -> None:
    """Wait until `doctor` finds nothing; after an outage this takes until the next reconciliation (30 s)."""
    found: list[Finding] = []

    def is_healthy() -> bool:
        found[:] = findings(host)
        return not found

    with suppress(AssertionError):
        wait_for(is_healthy, "doctor finds nothing", 90)
    assert not found, found


@contextmanager
def tunnel(host: Host, port: int) -> Iterator[int]:
    """Yield a local port that is forwarded to a port on the host's loopback."""
    local_port = free_port()
    words = (*DIES_WITH_PARENT, *host.ssh_command(), "-N", "-L", f"{local_port}:{LOOPBACK}:{port}")
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: _opens(local_port), f"a tunnel to {host.name}")
            yield local_port
        finally:
            process.terminate()


@contextmanager
def api_of(host: Host, token: str) -> Iterator[Client]:
    """Yield a client of the API of this host, with that token."""
    with tunnel(host, API_PORT) as port:
        yield Client(f"http://{LOOPBACK}:{port}", token)


def query(host: Host, name: str, rdtype: str, rdclass: str = "IN") -> dns.message.Message:
    """Send a query without recursion to a host and return its reply."""
    request = dns.message.make_query(name, rdtype, rdclass, flags=dns.flags.Flag(0))
    reply, _ = dns.query.udp_with_fallback(request, host.address, timeout=2)
    return reply


def answer(host: Host, name: str, rdtype: str) -> frozenset[str]:
    """Return the data that a host answers, as text; empty without an answer."""
    try:
        reply = query(host, name, rdtype)
    except (dns.exception.DNSException, OSError):
        return frozenset()
    expected_type = dns.rdatatype.from_text(rdtype)
    return frozenset(rdata.to_text() for rrset in reply.answer if rrset.rdtype == expected_type for rdata in rrset)


def wait_until_answered(host: Host, name: str, rdtype: str, *values: str, seconds: float = 30.0) -> None:
    """Wait until a host answers with exactly this data, or with no data if none is given."""
    expected = frozenset(values)
    wait_for(lambda: answer(host, name, rdtype) == expected, f"{host.name}: {name} {rdtype} {values}", seconds)


def rcode(host: Host, name: str, rdtype: str = "SOA") -> str:
    """Return the response code of a host."""
    return dns.rcode.to_text(query(host, name, rdtype).rcode())


def serial(host: Host, zone: str) -> int | None:
    """Return the serial of a zone on a host, None without an answer."""
    found = [re.split(r"\s", soa)[2] for soa in answer(host, zone, "SOA")]
    return int(found[0]) if found else None


def _opens(port: int) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(f"http://{LOOPBACK}:{port}/healthz", timeout=5).ok
        except requests.RequestException:
            return False
