"""From DNSSEC on to off, step by step, with a parent zone on loopback: each waits for what makes it safe."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from dns.rcode import Rcode

from appliance.addresses import Endpoint, Nameserver
from appliance.deploy.host import PrimaryHost
from appliance.deploy.signing.parent_lookups import ParentLookups, parent_check_by
from appliance.deploy.signing.signing_steps import HELD_PAUSE, LONGEST_PAUSE, SigningSteps
from appliance.editing import ZoneContent
from appliance.errors import CommandFailed
from appliance.nameserver.control import Control, Transport
from appliance.nameserver.zone_files import SIGNED_SUFFIXES
from appliance.principal import Principal
from appliance.queries.zone_signatures import query_signatures
from appliance.store import signing, zones
from appliance.zones.ownership import Proof
from appliance.zones.signing import BETWEEN_CHECKS, DEFAULT_DS_TTL, DsReport, SigningState, Timing
from tests.api.conftest import counted
from tests.deploy.signing.signer import Signer, new_signer
from tests.fake_parent import ADDRESSES, FakeParent, fake_parent, is_allowed
from tests.pair import LOOPBACK, Pair, wait_for
from tests.workspace import Workspace

MINUTES = BETWEEN_CHECKS / timedelta(minutes=1)


@pytest.fixture
def parent() -> Iterator[FakeParent]:
    """The parent of the zones of these tests."""
    with fake_parent("example") as running:
        yield running


@pytest.fixture
def signer(
    request: pytest.FixtureRequest, parent: FakeParent, workspace: Workspace, host: PrimaryHost, pair: Pair
) -> Signer:
    """A zone of each test that both nameservers serve signed, without a DS at its parent."""
    domain = f"z{abs(hash(request.node.name))}.example"
    signer = new_signer(domain, workspace, host, pair, lambda zone: workspace.add(zone, "A", "www", "192.0.2.1"))
    signer.check_parent = parent_check_by(parent.resolver.server.endpoint, parent.port, is_allowed)
    signer.turn(True)
    signer.wait_until_served()
    signer.wait_for_state(SigningState.DS_WAIT)
    return signer


def secure(signer: Signer, parent: FakeParent) -> None:
    (key,) = signer.known.keys
    parent.publish(key.ds_of(signer.zone.name))
    assert signer.check_after(minutes=MINUTES) is SigningState.SECURED


def test_a_zone_is_secured_once_every_nameserver_of_the_parent_has_its_ds(signer: Signer, parent: FakeParent) -> None:
    (key,) = signer.known.keys
    parent.publish(key.ds_of(signer.zone.name), at=ADDRESSES[:1])
    assert signer.check_after(minutes=MINUTES) is SigningState.DS_WAIT
    secure(signer, parent)
    wait_for(lambda: signer.pair.control.key_status(signer.zone.name)[0].ds is Timing.RUMOURED, "named knows of it")
    signer.check()
    assert signer.known.keys[0].ds is Timing.RUMOURED and signer.known.reported == {key.tag: DsReport.PUBLISHED}
    asked = len(parent.queries)
    assert signer.check_after(hours=23) is SigningState.SECURED and len(parent.queries) == asked
    assert signer.check_after(hours=1) is SigningState.SECURED and len(parent.queries) == asked + len(ADDRESSES)


def test_a_silent_or_lying_resolver_changes_no_state(signer: Signer, parent: FakeParent) -> None:
    secure(signer, parent)
    (key,) = signer.known.keys
    parent.answers = dict.fromkeys(ADDRESSES, Rcode.SERVFAIL)
    assert signer.check_after(days=1) is SigningState.SECURED
    parent.publish()
    assert signer.check_after(days=1) is SigningState.SECURED, "once"
    parent.publish(key.ds_of(signer.zone.name))
    assert signer.check_after(minutes=MINUTES) is SigningState.SECURED and signer.known.gone_since is None


def test_a_zone_is_unsigned_only_after_its_ds_is_gone_from_parent_and_caches(
    signer: Signer, parent: FakeParent, tmp_path: Path
) -> None:
    secure(signer, parent)
    signer.turn(False)
    assert signer.state is SigningState.DS_REMOVE and signer.zone.signed
    assert signer.check_after(days=9) is SigningState.DS_REMOVE, "the DS is there"
    parent.publish(at=ADDRESSES[:1])
    assert signer.check_after(minutes=MINUTES) is SigningState.DS_REMOVE, "one still has it"
    parent.publish()
    assert signer.check_after(minutes=MINUTES) is SigningState.DS_REMOVE, "once is not enough"
    parent.answers = dict.fromkeys(ADDRESSES, None)
    assert signer.check_after(minutes=MINUTES) is SigningState.DS_REMOVE, "no answer is none"
    parent.publish()
    assert signer.check_after(minutes=MINUTES) is SigningState.DS_EXPIRING
    assert signer.check_after(seconds=DEFAULT_DS_TTL - 1) is SigningState.DS_EXPIRING
    assert [one.fault(f"www.{signer.zone.name}", "A") for one in signer.validators(tmp_path)] == ["", ""]
    signer.check_after(minutes=MINUTES)
    _is_unsigned(signer)


def _is_unsigned(signer: Signer) -> None:
    """Publish the zone, which is to be unsigned, and see that both nameservers follow."""
    before = signer.serials()[1]
    assert not signer.zone.signed and before is not None
    assert signer.publish() is None
    signer.wait_until_served()
    assert signer.zone.serial > before, "the secondary had the serial of the signed zone"
    signer.wait_for_state(SigningState.UNSIGNED)
    zone, files = signer.zone, signer.host.files
    file = files.path(zone.uuid)
    assert [suffix for suffix in SIGNED_SUFFIXES if file.with_name(f"{zone.uuid}{suffix}").exists()] == []
    assert files.has_keys(zone.uuid, [key.tag for key in signer.known.keys]), "its keys are kept"
    for server in signer.host.nameservers:
        served = query_signatures(server, zone.name).signing
        assert served and served.expires_at is None and not served.key_tags


def test_a_zone_without_a_resolver_goes_by_reports_and_is_signed_again_with_its_key(
    signer: Signer, tmp_path: Path
) -> None:
    signer.check_parent = lambda zone, now: None
    keys = [key.tag for key in signer.known.keys]
    workspace, zone = signer.workspace, signer.zone
    with workspace.store.writing():  # as if the parent had never been checked
        signing.begin(zone, workspace.clock())
    signer.wait_for_state(SigningState.DS_WAIT)
    signer.turn(False)
    assert signer.check_after(days=9) is SigningState.DS_REMOVE
    workspace.editor.confirm_ds(workspace.owner, zone.uuid, DsReport.WITHDRAWN)
    assert signer.check_after(seconds=DEFAULT_DS_TTL - 1) is SigningState.DS_EXPIRING
    signer.check_after(seconds=1)
    _is_unsigned(signer)
    signer.turn(True)
    signer.wait_until_served()
    signer.wait_for_state(SigningState.DS_WAIT)
    assert [key.tag for key in signer.known.keys] == keys
    assert [one.fault(f"www.{zone.name}", "A") for one in signer.validators(tmp_path)] == ["", ""]


class Broken:
    """A control channel that fails."""

    def command(self, *words: str) -> str:
        """Fail."""
        raise CommandFailed(words, "broken")


class Meanwhile:
    """A control channel beside which something happens, once."""

    def __init__(self, connection: Transport, happens: Callable[[], object]) -> None:
        self._connection, self._happening = connection, [happens]

    def command(self, *words: str) -> str:
        """Let it happen, and pass the command on."""
        while self._happening:
            self._happening.pop()()
        return self._connection.command(*words)


def test_what_was_seen_before_dnssec_is_turned_on_again_counts_for_nothing(signer: Signer) -> None:
    workspace, zone = signer.workspace, signer.zone
    with workspace.store.writing():  # as if it had been signed long ago
        zones.update(zone, dnssec=False, signed=False)
        signing.store_served(zone.uuid, {}, workspace.clock())
    workspace.clock.forward(days=9)

    def turn_on() -> None:
        workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})

    signer.host = replace(signer.host, control=Control(Meanwhile(signer.pair.connection, turn_on)))
    signer.check()
    assert signer.zone.signed and signer.known.signed_at is None and signer.state is SigningState.SIGNING


def test_a_zone_that_cannot_be_checked_is_tried_again_and_stops_no_other(
    signer: Signer, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    other = workspace.editor.create_zone(workspace.owner, f"other-{signer.zone.name}")
    workspace.editor.change_zone(workspace.owner, other.uuid, {"dnssec": True})
    workspace.clock.forward(days=1)
    host = signer.host
    signer.host = replace(host, control=Control(Broken()))
    now = workspace.clock()
    with caplog.at_level(logging.WARNING):
        assert signer.steps().step() > 0
    assert all(f"event=signing-step-failed zone={one.uuid}" in caplog.text for one in (signer.zone, other))
    assert signing.due(now + LONGEST_PAUSE - timedelta(seconds=1), 9) == []
    assert set(signing.due(now + LONGEST_PAUSE, 9)) == {signer.zone.uuid, other.uuid}
    signer.host = host
    workspace.clock.forward(seconds=30)
    signer.steps().step()
    assert signer.zone.uuid not in signing.due(workspace.clock(), 9)


def test_a_silent_secondary_is_queried_for_one_zone_and_not_at_once_for_all(signer: Signer) -> None:
    workspace = signer.workspace
    other = workspace.editor.create_zone(workspace.owner, f"other-{signer.zone.name}")
    workspace.editor.change_zone(workspace.owner, other.uuid, {"dnssec": True})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((LOOPBACK, 0))
        silent.setblocking(False)
        secondary = Nameserver("ns2.appliance.test", Endpoint(LOOPBACK, silent.getsockname()[1]))
        signer.host = replace(signer.host, nameservers=(signer.host.primary, secondary))
        workspace.clock.forward(days=1)
        signer.steps().step()
        assert signing.due(workspace.clock(), 9) == [], "both were checked"
        assert silent.recv(512)
        with pytest.raises(BlockingIOError):
            silent.recv(512)


def test_no_step_waits_for_a_parent(signer: Signer, parent: FakeParent) -> None:
    workspace, resolver = signer.workspace, parent.resolver.server.endpoint
    lookups = ParentLookups(parent_check_by(resolver, parent.port, is_allowed), workspace.clock)
    steps = SigningSteps(
        signer.host, workspace.store, workspace.editor, lookups, workspace.clock, take_ended=lookups.take_ended
    )
    (key,) = signer.known.keys
    parent.publish(key.ds_of(signer.zone.name))
    workspace.clock.forward(days=1)
    may_answer = threading.Event()

    def wait() -> None:
        assert may_answer.wait(30), "the step is over"

    parent.resolver.meanwhile = wait
    steps.step()
    assert signer.state is SigningState.DS_WAIT
    may_answer.set()

    def is_secured() -> bool:
        workspace.clock.forward(minutes=MINUTES)
        steps.step()
        return signer.state is SigningState.SECURED

    wait_for(is_secured, "the zone is checked again when its parent was")


def test_a_check_that_finds_nothing_new_writes_nothing(signer: Signer) -> None:
    signer.check_after(minutes=1)
    with counted() as statements:
        signer.check()
    assert len(statements) == 16 and "BEGIN IMMEDIATE" not in statements
    steps = signer.steps()
    steps.step()
    with counted() as statements:
        steps.step()
    assert len(statements) == 3, "no zone is due"


@pytest.mark.parametrize(("waited", "pause"), [(timedelta(), BETWEEN_CHECKS), (timedelta(days=1), timedelta(hours=1))])
def test_the_parent_is_checked_less_often_the_longer_a_ds_is_awaited(
    signer: Signer, workspace: Workspace, waited: timedelta, pause: timedelta
) -> None:
    workspace.clock.now = signer.known.since + waited
    signer.steps().step()
    now = workspace.clock()
    assert signing.due(now + pause - timedelta(seconds=1), 9) == []
    assert signing.due(now + pause, 9) == [signer.zone.uuid]


def test_a_held_zone_is_checked_at_once_when_it_is_released(signer: Signer, workspace: Workspace) -> None:
    editor = replace(workspace.editor, proof=Proof.ALWAYS)
    held = editor.create_zone(workspace.owner, f"h{signer.zone.name}", ZoneContent(dnssec=True))
    signer.steps().step()
    now = workspace.clock()
    assert held.uuid not in signing.due(now + HELD_PAUSE - timedelta(seconds=1), 9)
    assert held.uuid in signing.due(now + HELD_PAUSE, 9)
    editor.release_zone(Principal.local("operator"), held.uuid)
    assert signing.due(now, 9) == [held.uuid]
