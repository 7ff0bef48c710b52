"""Checks of held zones against a simulated resolver: only a proof, or a clear answer that none is needed, releases."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

import dns.name
import pytest
from dns.rcode import Rcode

from appliance.deploy.background import running
from appliance.deploy.ownership_checks import Lookups, OwnershipChecks
from appliance.errors import InvalidName
from appliance.store import holds, zones
from appliance.zones.model import Zone
from appliance.zones.ownership import HELD_AT_MOST, LONGEST_PAUSE, Hold, HoldReason, Proof
from tests.pair import wait_for
from tests.simulated_dns import SimulatedDns, simulated_dns
from tests.workspace import SERVERS, Workspace

OWN = SERVERS[0].to_text(omit_final_dot=True)
CHALLENGE = "_dns-appliance-challenge"


@dataclass
class Held:
    """A held zone shop.example.org, and the checks that may release it."""

    workspace: Workspace
    zone: Zone
    dns: SimulatedDns

    def checks(self, proof: Proof) -> OwnershipChecks:
        """Return the checks under these settings."""
        lookups = Lookups(self.dns.server, frozenset(SERVERS), self.dns.port, lambda _: True)
        return OwnershipChecks(self.workspace.store, self.workspace.editor, proof, lookups, self.workspace.clock)

    def check(self, proof: Proof = Proof.DELEGATED) -> Hold | None:
        """Check once, whenever it is due; return the hold, None if the zone was released."""
        self.workspace.clock.now += LONGEST_PAUSE
        assert self.checks(proof).check_due() == 1
        return self.hold

    @property
    def hold(self) -> Hold | None:
        """The hold of the zone."""
        return holds.get(self.zone.uuid)


@pytest.fixture
def held(workspace: Workspace) -> Iterator[Held]:
    """A zone that was created while proofs are required, and a resolver that knows org and example.org."""
    with simulated_dns() as simulated:
        simulated.delegate("org", "ns.nic.org")
        simulated.delegate("example.org", "ns.elsewhere.net")
        workspace.editor = replace(workspace.editor, proof=Proof.DELEGATED)
        yield Held(workspace, workspace.zone("shop.example.org"), simulated)


def test_a_domain_that_is_not_delegated_here_is_released(held: Held) -> None:
    assert held.check() is None
    assert held.workspace.journal()[-1] == ("zone.release", held.zone.serial)


@pytest.mark.parametrize("delegated", ["shop.example.org", "example.org"])
def test_a_domain_that_is_delegated_here_stays_held(held: Held, delegated: str) -> None:
    held.dns.delegate(delegated, OWN, "ns.elsewhere.net", lame=True)
    hold = held.check()
    assert hold and hold.reason is HoldReason.DELEGATED and hold.checked_at == held.workspace.clock()
    held.dns.delegate(delegated, "ns.elsewhere.net")
    assert held.check(), "whoever waits for the delegation to go must not get the zone"


@pytest.mark.parametrize("above", ["shop.example.org", "example.org"])
def test_the_record_releases_it_at_the_domain_or_above(held: Held, above: str) -> None:
    held.dns.delegate("shop.example.org", OWN, lame=True)
    hold = held.check()
    assert hold
    held.dns.text(f"{CHALLENGE}.{above}", "another token")
    assert held.check()
    held.dns.text(f"{CHALLENGE}.{above}", hold.token)
    assert held.check() is None


def test_a_silent_resolver_neither_publishes_nor_loses_a_zone(held: Held) -> None:
    held.dns.responds = False
    hold = held.check()
    assert hold and hold.reason is HoldReason.UNCHECKED and "the resolver did not answer" in hold.problem
    held.dns.responds = True
    assert held.check() is None
    held.dns.responds = False
    assert held.checks(Proof.DELEGATED).check_due() == 0, "a published zone is not checked again"


def test_an_unclear_answer_does_not_publish_it(held: Held) -> None:
    held.dns.resolved["example.org NS"] = Rcode.SERVFAIL
    hold = held.check()
    assert hold and hold.problem == "the resolver answered SERVFAIL for example.org"


def test_with_always_only_the_record_counts(held: Held) -> None:
    hold = held.check(Proof.ALWAYS)
    assert hold and not hold.problem
    held.dns.text(f"{CHALLENGE}.shop.example.org", hold.token)
    assert held.check(Proof.ALWAYS) is None


def test_pauses_between_checks_grow(held: Held) -> None:
    pauses = []
    for _ in range(4):
        held.check(Proof.ALWAYS)
        began = held.workspace.clock()
        while not holds.due(held.workspace.clock(), 1):
            held.workspace.clock.forward(seconds=10)
        pauses.append((held.workspace.clock() - began).total_seconds())
    assert pauses == [10, 20, 40, 80]


def test_without_proofs_what_was_held_is_released_at_once(held: Held) -> None:
    held.check(Proof.ALWAYS)
    held.checks(Proof.OFF).run()
    assert held.hold is None and held.dns.queries


def test_without_a_resolver_nothing_is_released(held: Held) -> None:
    checks = OwnershipChecks(held.workspace.store, held.workspace.editor, Proof.ALWAYS, None, held.workspace.clock)
    assert checks.check_due() == 1 and held.hold and held.hold.problem == "dns.resolver is not set"


def test_it_runs_beside_the_loop(held: Held) -> None:
    with running(held.checks(Proof.DELEGATED)):
        wait_for(lambda: held.hold is None, "the zone is released")


def test_zones_deleted_meanwhile_are_left_alone(held: Held) -> None:
    held.workspace.editor.delete_zone(held.workspace.owner, held.zone.uuid)
    assert held.checks(Proof.DELEGATED).check_due() == 0
    assert held.zone.name == dns.name.from_text("shop.example.org")


def test_a_zone_that_is_not_proven_in_time_is_deleted_and_its_name_is_free(held: Held) -> None:
    held.check(Proof.ALWAYS)
    held.workspace.clock.now += HELD_AT_MOST
    held.dns.responds = False
    assert held.check(Proof.ALWAYS) and zones.get_by_name(held.zone.name), "not while the resolver is silent"
    held.dns.responds = True
    held.check(Proof.ALWAYS)
    assert zones.get_by_name(held.zone.name) is None
    with pytest.raises(InvalidName, match="did not prove the ownership"):
        held.workspace.zone("shop.example.org")
    for domain in ("shop.example.org", "www.shop.example.org"):
        held.workspace.editor.create_zone(held.workspace.stranger, domain)


def test_protection_does_not_keep_the_domain(held: Held) -> None:
    held.workspace.editor.change_zone(held.workspace.owner, held.zone.uuid, {"protected": True})
    held.workspace.clock.now += HELD_AT_MOST
    held.check(Proof.ALWAYS)
    assert zones.get_by_name(held.zone.name) is None


def test_a_zone_that_an_operator_releases_during_the_lookup_is_not_deleted(
    held: Held, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    operator = replace(held.workspace.owner, permissions=frozenset({"admin:*"}))

    def release() -> None:
        with held.workspace.store.connection():
            if held.hold:
                held.workspace.editor.release_zone(operator, held.zone.uuid)

    held.dns.meanwhile = release
    held.workspace.clock.now += HELD_AT_MOST
    assert held.check(Proof.ALWAYS) is None and zones.get_by_name(held.zone.name)
    assert "event=held" not in caplog.text and "event=hold-expired" not in caplog.text


def test_accounts_take_turns(held: Held) -> None:
    held.workspace.clock.forward(seconds=1)
    for domain in ("a.example.org", "b.example.org"):
        held.workspace.zone(domain)
    other = held.workspace.editor.create_zone(held.workspace.stranger, "other.example.net")
    assert held.checks(Proof.DELEGATED).check_due() == 2, "one zone of each account"
    assert held.hold is None and holds.get(other.uuid) is None
    with running(held.checks(Proof.DELEGATED)):
        wait_for(lambda: not holds.due(None, 1), "the others are checked too")
