"""A zone is split and joined again while both nameservers are asked all the while: no name is ever lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from tests.appliance import Appliance, Client
from tests.pair import wait_for

WWW = b"\xc0\0\2\1"
Round = list[dns.message.Message | None]


class Asking:
    """Asks both nameservers again and again, and keeps each round of replies; None: no reply."""

    def __init__(self, appliance: Appliance, name: str) -> None:
        self.appliance, self.name = appliance, name
        self.rounds: list[Round] = []
        self._stopped = threading.Event()

    def run(self) -> None:
        """Ask until stopped."""
        while not self._stopped.is_set():
            self.rounds.append([self._ask(server) for server in (1, 2)])

    def wait_for_rounds(self, count: int) -> None:
        """Wait until that many more rounds were asked."""
        before = len(self.rounds)
        wait_for(lambda: len(self.rounds) >= before + count, f"{count} rounds")

    def stop(self) -> None:
        """End after the present round."""
        self._stopped.set()

    def _ask(self, server: int) -> dns.message.Message | None:
        with suppress(dns.exception.DNSException, OSError):
            return self.appliance.ask(self.name, "A", server)
        return None


@contextmanager
def asking(appliance: Appliance, name: str) -> Iterator[Asking]:
    """Ask while the block runs, and some rounds before and after it."""
    running = Asking(appliance, name)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        running.wait_for_rounds(5)
        yield running
        running.wait_for_rounds(5)
    finally:
        running.stop()
        thread.join()


def addresses(reply: dns.message.Message) -> set[bytes]:
    found = (rrset for rrset in reply.answer if rrset.rdtype == dns.rdatatype.A)
    return {rdata.to_wire() or b"" for rrset in found for rdata in rrset}


def is_authoritative(reply: dns.message.Message | None) -> bool:
    return reply is not None and bool(reply.flags & dns.flags.AA)


def is_lost(reply: dns.message.Message | None) -> bool:
    """Return whether a resolver would conclude from this reply that there is no such address."""
    if reply is None or reply.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return False  # it asks the other nameserver
    return addresses(reply) != {WWW}


def refused(rounds: list[Round]) -> list[Round]:
    """Return the rounds in which neither nameserver gave an authoritative answer."""
    return [one for one in rounds if not any(map(is_authoritative, one))]


def rows_of(appliance: Appliance, name: str, rdtype: str) -> list[frozenset[str]]:
    """Return the data in answer and authority section of both nameservers."""
    replies = [appliance.ask(name, rdtype, server) for server in (1, 2)]
    return [frozenset(str(one) for rrset in reply.answer for one in rrset) for reply in replies]


@pytest.fixture
def parent(api: Client) -> dict[str, object]:
    """A live zone with a name that a zone of its own will take over."""
    zone = api.zone("splitting.example")
    api.record(zone, "A", "www.sub", "192.0.2.1")
    api.wait_until_live(zone)
    return zone


def test_a_zone_is_split_and_joined_while_it_is_asked(
    appliance: Appliance, api: Client, parent: dict[str, object]
) -> None:
    body = {"domain": "sub.splitting.example", "take_records": True}
    with asking(appliance, "www.sub.splitting.example") as asked:
        created = api("POST", "/dns-zones/", body, {"Prefer": "wait=30"})
        assert created.status_code == 201 and created.headers["X-Deployment"] == "live"
        child = created.json()
        deployment = api.expect(200, "GET", f"/dns-zones/{parent['uuid']}/deployment/")
        assert deployment["state"] == "live", "the wait was for both"
    assert not [reply for one in asked.rounds for reply in one if is_lost(reply)] and not refused(asked.rounds)
    order = [
        line for line in appliance.log("deployer").splitlines() if "event=deployed" in line and "splitting" in line
    ]
    names = [line.split(" zone=")[1].split()[0] for line in order]
    assert names[-2:] == ["sub.splitting.example", "splitting.example"]

    with asking(appliance, "www.sub.splitting.example") as asked:
        deleted = api("DELETE", f"/dns-zones/{child['uuid']}/", headers={"Prefer": "wait=30"})
        assert deleted.status_code == 204 and deleted.headers["X-Deployment"] == "live"
    replies = [reply for one in asked.rounds for reply in one]
    assert all(map(is_authoritative, replies)), "no nameserver refers to itself"
    assert {dns.rcode.to_text(reply.rcode()) for reply in asked.rounds[-1] if reply} == {"NXDOMAIN"}


def test_names_between_two_zones_exist(appliance: Appliance, api: Client) -> None:
    top, deep = api.zone("tree.example"), api.zone("a.b.tree.example")
    for zone in (deep, top):
        api.wait_until_live(zone)
    assert [dns.rcode.to_text(appliance.ask("b.tree.example", "NS", server).rcode()) for server in (1, 2)] == [
        "NOERROR"
    ] * 2
    api.record(top, "A", "www.below", "192.0.2.7")
    between = api("POST", "/dns-zones/", {"domain": "b.tree.example"}, {"Prefer": "wait=30"})
    assert between.headers["X-Deployment"] == "live"
    servers = frozenset({"ns1.appliance.test.", "ns2.appliance.test."})
    for name in ("tree.example", "b.tree.example", "a.b.tree.example"):
        assert rows_of(appliance, name, "NS") == [servers] * 2
    taken = json.loads(
        appliance.command(
            *("zone", "create", "below.tree.example", "--account", "stories@example.org", "--take-records", "--json")
        )
    )
    assert [record["name"] for record in taken["records"]] == ["www"] and taken["delegations"] == []
    exported = appliance.command("zone", "export", "tree.example")
    assert "b.tree.example. 3600 IN NS ns1.appliance.test." in exported and "a.b.tree" not in exported


def test_a_silent_secondary_does_not_delay_the_zone_above(appliance: Appliance, api: Client) -> None:
    parent = api.zone("patient.example")
    api.wait_until_live(parent)
    with appliance.without("ns2/named.conf"):
        api.record(parent, "TXT", "before", "x")
        path = f"/dns-zones/{parent['uuid']}/deployment/"

        def states() -> list[str]:
            return [one["state"] for one in api.expect(200, "GET", path)["nameservers"]]

        wait_for(lambda: states() == ["live", "unreachable"], "the secondary is known to be silent", 60)
        api.zone("sub.patient.example")
        line = "sub.patient.example. 3600 IN NS"
        wait_for(lambda: line in _zone_file(appliance, parent), "the primary has the delegation", 20)
    api.wait_until_live(parent)


def _zone_file(appliance: Appliance, zone: dict[str, object]) -> str:
    return (appliance.state / "zones" / f"{zone['uuid']}.zone").read_text()
