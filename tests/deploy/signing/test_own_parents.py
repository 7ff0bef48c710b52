"""A signed zone below a signed one, on a real pair: its DS comes, and goes, before what depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.deploy.host import PrimaryHost
from appliance.deploy.signing.own_parents import OwnParents
from appliance.zones.model import Zone
from appliance.zones.signing import UNTIL_SIGNED_EVERYWHERE, DsReport, ParentCheck, SigningState
from appliance.zones.zone_cuts import ParentZone
from tests.deploy.signing.signer import Signer, new_signer
from tests.pair import Pair, wait_for
from tests.signing import AT, at_parent, key
from tests.workspace import Workspace


@pytest.fixture
def parent(request: pytest.FixtureRequest, workspace: Workspace, host: PrimaryHost, pair: Pair) -> Signer:
    """A signed zone."""
    signer = new_signer(f"p{abs(hash(request.node.name))}.test", workspace, host, pair, lambda zone: None)
    sign(signer)
    return signer


@pytest.fixture
def child(parent: Signer) -> Signer:
    """A signed zone that the other one delegates; caches have forgotten its unsigned answers."""
    workspace = parent.workspace

    def fill(zone: Zone) -> None:
        workspace.add(zone, "A", "www", "192.0.2.1")

    domain = f"sub.{parent.zone.name.to_text(omit_final_dot=True)}"
    signer = new_signer(domain, workspace, parent.host, parent.pair, fill)
    publish(parent)
    sign(signer)
    workspace.clock.now += UNTIL_SIGNED_EVERYWHERE + timedelta(seconds=1)
    return signer


def test_nobody_waits_for_a_silent_nameserver_again(workspace: Workspace, host: PrimaryHost) -> None:
    zone, above = workspace.zone("sub.example.com"), workspace.zone()
    parents = OwnParents(host, workspace.editor, lambda _zone, _now: None)
    found = parents.check(zone, ParentZone(above.name, above.uuid, True), AT, {host.secondaries[0]})
    assert (found.ds, found.anywhere, found.own) == (None, frozenset(), above.uuid)
    assert found.problem == f"{host.secondaries[0].name.rstrip('.')} did not answer"


def sign(signer: Signer) -> None:
    signer.turn(True)
    signer.wait_until_served()
    signer.wait_for_state(SigningState.DS_WAIT)


def publish(signer: Signer) -> None:
    assert signer.publish() is None
    signer.wait_until_served()


def let_named_be_ready(child: Signer) -> None:
    """Let named go on as if a day had passed."""
    (key_of_child,) = child.known.keys
    child.host.control.note_ds(child.zone.name, key_of_child.tag, DsReport.PUBLISHED)
    child.wait_for_state(SigningState.DS_READY)


def secure(parent: Signer, child: Signer) -> None:
    let_named_be_ready(child)
    publish(parent)
    child.wait_for_state(SigningState.SECURED)


def state(child: Signer) -> SigningState:
    return child.state


def check_later(child: Signer, times: int = 1) -> None:
    for _ in range(times):
        child.workspace.clock.forward(minutes=11)
        child.check()


@contextmanager
def suspended_secondary(pair: Pair) -> Iterator[None]:
    pair.ns2.pause()
    try:
        yield
    finally:
        pair.ns2.resume()


def faults(trusted: Signer, child: Signer, folder: Path) -> list[str]:
    """Return why resolvers that trust the keys of `trusted` refuse what each nameserver answers for the child."""
    return [one.fault(f"www.{child.zone.name}", "A") for one in trusted.validators(folder)]


def test_a_chain_of_trust_comes_and_goes_without_anybody(parent: Signer, child: Signer, tmp_path: Path) -> None:
    before = parent.zone.serial
    let_named_be_ready(child)
    assert parent.zone.serial != before, "the zone above is to be published with the DS"
    child.check()
    assert state(child) is SigningState.DS_READY, "until the DS is seen"
    publish(parent)
    child.wait_for_state(SigningState.SECURED)
    assert faults(parent, child, tmp_path) == ["", ""]
    child.turn(False)
    child.check()
    assert state(child) is SigningState.DS_REMOVE and child.known.delegated == frozenset()
    check_later(child, 2)
    assert child.known.gone_since is None, "the zone above is not yet published without the DS"
    with suspended_secondary(child.pair):
        assert parent.publish() is None
        wait_for(lambda: parent.contents()[0] == parent.zone.serial, "the primary serves the zone without the DS")
        check_later(child, 2)
        assert child.known.gone_since is None, "the secondary may have it still"
    parent.wait_until_served()
    for expected in (SigningState.DS_REMOVE, SigningState.DS_EXPIRING):
        check_later(child)
        assert state(child) is expected and child.zone.signed
        assert faults(child, child, tmp_path) == ["", ""], "caches that have the DS find valid signatures"
    child.workspace.clock.forward(days=1)
    child.check()
    assert not child.zone.signed
    publish(child)
    assert all("unsigned answer" in fault for fault in faults(parent, child, tmp_path)), "valid without signatures"


def test_a_deployer_that_is_killed_between_two_steps_goes_on(parent: Signer, child: Signer) -> None:
    workspace = parent.workspace

    def die() -> None:
        raise KeyboardInterrupt

    editor, workspace.editor = workspace.editor, replace(workspace.editor, announce=die)
    before = parent.zone.serial
    with pytest.raises(KeyboardInterrupt):
        let_named_be_ready(child)
    workspace.editor = editor
    after = parent.zone.serial
    assert after != before and child.known.delegated
    child.check()
    assert parent.zone.serial == after, "nothing is written twice"
    publish(parent)
    child.wait_for_state(SigningState.SECURED)


def test_a_parent_zone_elsewhere_that_has_a_ds_keeps_the_zone_signed(parent: Signer, child: Signer) -> None:
    """The zone above may be one that resolvers do not find."""
    secure(parent, child)
    child.check_parent = lambda zone, now: replace(at_parent(zone.name, key(), at=now), name="elsewhere.test")
    child.turn(False)
    child.check()
    publish(parent)
    check_later(child, 3)
    assert state(child) is SigningState.DS_REMOVE and child.known.parent
    assert child.known.parent.problem.startswith("elsewhere.test, as resolvers find it, has a DS")
    child.check_parent = lambda zone, now: ParentCheck("", now, problem="the resolver did not answer")
    check_later(child, 2)
    assert state(child) is SigningState.DS_EXPIRING


def test_an_answer_of_the_zone_below_says_nothing_of_its_ds(parent: Signer, child: Signer) -> None:
    """A nameserver that lacks the zone above answers for the zone below, in which there is no DS."""
    secure(parent, child)
    child.turn(False)
    child.check()
    zone, host = parent.zone, parent.host
    host.control.delete_zone(zone.name)
    try:
        check_later(child)
    finally:
        host.control.add_zone(zone.name, str(host.files.path(zone.uuid)), str(host.files.key_folder(zone.uuid)))
    assert child.known.parent and child.known.gone_since is None
    assert "lacks the parent zone" in child.known.parent.problem
