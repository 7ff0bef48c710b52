"""The nameservers of a lab as their users meet them: DNS questions, and the API through a tunnel."""

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
from tests.cluster.network import ENDS_WITH_US
from tests.cluster.playbook import Playbook
from tests.pair import LOOPBACK, free_port, wait_for

API_PORT = 8053
PROGRAM = "/opt/dns-appliance/current/bin/dns-appliance"
API, DEPLOYER = "dns-appliance-api.service", "dns-appliance-deployer.service"


@dataclass(frozen=True, slots=True)
class Complaint:
    """The check of `doctor` that found something, what it is, and how it is mended."""

    check: str
    what: str
    mend: str


class Cluster:
    """ns1, which has the API and the deployer, and ns2."""

    def __init__(self, lab: Lab, playbook: Playbook) -> None:
        self.lab = lab
        self.playbook = playbook

    @property
    def ns1(self) -> Host:
        """The primary, and the appliance beside it."""
        return self.lab.hosts["ns1"]

    @property
    def ns2(self) -> Host:
        """The first secondary."""
        return self.lab.hosts["ns2"]

    @cached_property
    def token(self) -> str:
        """A token that may do everything, made on ns1 as an operator makes it."""
        self.appliance("account create operator@example.org")
        create = "token create --account operator@example.org --name cluster --permission 'dns:*'"
        return self.appliance(create).split()[-1]

    def appliance(self, words: str) -> str:
        """Run `dns-appliance` on ns1 as root; what it printed."""
        return self.ns1.sudo(f"{PROGRAM} {words}").output

    @property
    def installed(self) -> str:
        """The version that the program on ns1 says it is."""
        return self.appliance("--version").split()[-1]

    @property
    def at_work(self) -> set[str]:
        """The releases whose libraries API and deployer have loaded."""
        loaded = "".join(
            self.ns1.sudo(f"grep -ho '/releases/[^/]*' /proc/{main_process(self.ns1, unit)}/maps").output
            for unit in (API, DEPLOYER)
        )
        return {re.split("[/-]", line)[2] for line in loaded.splitlines()}

    @contextmanager
    def api(self) -> Iterator[Client]:
        """The API, which listens on the loopback of ns1 alone, until the block ends."""
        with tunnel(self.ns1, API_PORT) as port:
            yield Client(f"http://{LOOPBACK}:{port}", self.token)

    def make_zone(self, domain: str) -> dict[str, Any]:
        """A zone with a record, www, that both answer."""
        with self.api() as api:
            zone = api.zone(domain)
            api.record(zone, "A", "www", "192.0.2.1")
        for host in (self.ns1, self.ns2):
            wait_until_answered(host, f"www.{domain}", "A", "192.0.2.1")
        return zone


def shown(host: Host, unit: str, name: str) -> str:
    """That property of a unit, as systemd shows it."""
    return host.ssh(f"systemctl show --property {name} --value {unit}").output.strip()


def main_process(host: Host, unit: str) -> int:
    """The main process of a service, 0 when there is none."""
    return int(shown(host, unit, "MainPID"))


def complaints(host: Host) -> list[Complaint]:
    """What `doctor` finds wrong there."""
    found = json.loads(host.sudo(f"{PROGRAM} doctor --json", status=(0, 1)).output)
    return [Complaint(row["check"], row["what"], row["mend"]) for row in found if row["verdict"] in ("fail", "warn")]


def wait_until_content(host: Host) -> None:
    """Wait until `doctor` finds nothing wrong there: after an outage, everything is compared once in half a minute."""
    found: list[Complaint] = []

    def is_content() -> bool:
        found[:] = complaints(host)
        return not found

    with suppress(AssertionError):
        wait_for(is_content, "doctor has no complaint", 90)
    assert not found, found


@contextmanager
def tunnel(host: Host, port: int) -> Iterator[int]:
    """A port here that leads to that port of the host's loopback, as long as the block runs."""
    here = free_port()
    words = (*ENDS_WITH_US, *host.ssh_words(), "-N", "-L", f"{here}:{LOOPBACK}:{port}")
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: _opens(here), f"a tunnel to {host.name}")
            yield here
        finally:
            process.terminate()


def ask(host: Host, name: str, rdtype: str, rdclass: str = "IN") -> dns.message.Message:
    """The answer of a host to one question that asks for no recursion."""
    query = dns.message.make_query(name, rdtype, rdclass, flags=dns.flags.Flag(0))
    reply, _ = dns.query.udp_with_fallback(query, host.address, timeout=2)
    return reply


def answer(host: Host, name: str, rdtype: str) -> frozenset[str]:
    """The data that a host answers, as text; none when it does not answer with any."""
    try:
        reply = ask(host, name, rdtype)
    except (dns.exception.DNSException, OSError):
        return frozenset()
    wanted = dns.rdatatype.from_text(rdtype)
    return frozenset(rdata.to_text() for rrset in reply.answer if rrset.rdtype == wanted for rdata in rrset)


def wait_until_answered(host: Host, name: str, rdtype: str, *values: str, seconds: float = 30.0) -> None:
    """Wait until a host answers with exactly this data; with no data, for none."""
    wanted = frozenset(values)
    wait_for(lambda: answer(host, name, rdtype) == wanted, f"{host.name}: {name} {rdtype} {values}", seconds)


def rcode(host: Host, name: str, rdtype: str = "SOA") -> str:
    """The response code of a host's answer."""
    return dns.rcode.to_text(ask(host, name, rdtype).rcode())


def serial(host: Host, zone: str) -> int | None:
    """The serial that a host answers for a zone, None for none."""
    found = [re.split(r"\s", soa)[2] for soa in answer(host, zone, "SOA")]
    return int(found[0]) if found else None


def _opens(port: int) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(f"http://{LOOPBACK}:{port}/healthz", timeout=5).ok
        except requests.RequestException:
            return False
