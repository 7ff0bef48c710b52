"""Signed zones whose files named lost or cannot read are signed again from the copy of a secondary, on a real pair."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from appliance.addresses import Nameserver
from appliance.compiler import wire_records
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.signed_again import sign_again
from appliance.deploy.signing.signing_steps import SigningSteps
from appliance.deploy.signing.stuck_zones import PATIENCE
from appliance.nameserver.control import Control, Transport
from appliance.nameserver.held_zones import hold_back
from appliance.nameserver.signed_copies import SignedCopies, copy_lines
from appliance.zones.delta import WireRecord
from appliance.zones.model import Zone
from appliance.zones.signed_content import content_of
from appliance.zones.signing import SigningState
from tests.deploy.signing.signer import Signer, new_signer
from tests.deploy.signing.watcher import Watcher, transferred
from tests.pair import Pair, wait_for
from tests.signing import PUBLIC
from tests.workspace import Workspace

Suffixed = Callable[[str], Path]
"""Returns the path of a file of the zone with that suffix after the name of its live file."""


def cut(path: Path, rest: int) -> None:
    path.write_bytes(path.read_bytes()[:rest])


def lose_both(path: Suffixed) -> None:
    path(".signed").unlink()
    path(".signed.jnl").unlink()


def replace_in(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


BREAKS: dict[str, Callable[[Suffixed], object]] = {
    "journal-lost": lambda path: path(".signed.jnl").unlink(),
    "journal-cut": lambda path: cut(path(".signed.jnl"), -20),
    "journal-beheaded": lambda path: cut(path(".signed.jnl"), 100),
    "zone-lost": lambda path: path(".signed").unlink(),
    "zone-cut": lambda path: cut(path(".signed"), -20),
    "both-lost": lose_both,
    "raw-journal-kept": lambda path: path(".jnl").write_bytes(path(".signed.jnl").read_bytes()),
    "raw-older": lambda path: path("").write_bytes(path("").with_suffix(".former").read_bytes()),
    "raw-equal": lambda path: replace_in(path(""), b"192.0.2.2", b"192.0.2.9"),
}
"""What happens to the files of a zone while named does not run; a newer file: tests/nameserver/test_signing.py."""


@dataclass
class Ticks:
    """Seconds that the test sets."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def fill(workspace: Workspace) -> Callable[[Zone], None]:
    def add(zone: Zone) -> None:
        for number in range(5):
            workspace.add(zone, "A", f"host{number}", "192.0.2.1")

    return add


def signed(workspace: Workspace, host: PrimaryHost, pair: Pair, *names: str) -> dict[str, Signer]:
    """Return zones that both nameservers serve signed, with changes that are in named's journals."""
    signers = {name: new_signer(f"{name}.again.test", workspace, host, pair, fill(workspace)) for name in names}
    for one in signers.values():
        one.turn(True)
    for one in signers.values():
        one.wait_for_state(SigningState.DS_WAIT)
    for number in range(2):
        for one in signers.values():
            workspace.add(one.zone, "A", f"more{number}", "192.0.2.2")
            assert one.publish() is None
        for one in signers.values():
            one.wait_until_served()
    return signers


def restart(pair: Pair, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Kill ns1, and start it again after `meanwhile`, and after what its unit does before."""
    pair.ns1.stop(signal.SIGKILL)
    meanwhile()
    hold_back(pair.zones)
    pair.ns1.start()
    pair.wait_for_any_serial(pair.primary, pair.catalog)


def path_of(signer: Signer) -> Suffixed:
    live = signer.host.files.path(signer.zone.uuid)
    return lambda suffix: live.with_name(live.name + suffix)


def assert_valid(signer: Signer, folder: Path) -> None:
    """Fail unless both nameservers come to the same zone, all of it validly signed, with the content of the store."""
    signer.wait_until_served()
    zone, host = signer.zone, signer.host

    def records_of(server: Nameserver) -> list[WireRecord]:
        return transferred(signer, server, zone.name)

    wait_for(lambda: len({frozenset(records_of(one)) for one in host.nameservers}) == 1, "both have the same zone")
    records = records_of(host.primary)
    copy = folder / "copy"
    copy.write_bytes(b"".join(copy_lines(records)))
    host.copies.verify(zone.name, copy)
    assert set(content_of(records)) == set(content_of(wire_records(zone, host.apex)))


def test_every_break_is_healed_and_the_secondary_stays_valid(
    workspace: Workspace, host: PrimaryHost, pair: Pair, tmp_path: Path
) -> None:
    signers = signed(workspace, host, pair, *BREAKS)
    ticks, watcher = Ticks(), Watcher([*signers.values()], tmp_path)
    steps = SigningSteps(host, workspace.store, workspace.editor, lambda _zone, _now: None, workspace.clock, ticks)

    def break_files() -> None:
        for name, one in signers.items():
            BREAKS[name](path_of(one))

    with watcher.running():
        restart(pair, break_files)
        for name in ("zone-lost", "both-lost"):
            assert pair.serial(pair.primary, signers[name].zone.name) is None, "it is held back from named"
        for _reconciliation in range(2):
            for one in signers.values():
                steps.check(one.zone.uuid)
            ticks.now += PATIENCE + 1
            for one in signers.values():
                steps.check(one.zone.uuid)
            watcher.detect(*(one.zone.name for one in signers.values() if one.known.is_stuck))
            for one in signers.values():
                assert one.publish() is None
        for one in signers.values():
            one.wait_until_served()
            steps.check(one.zone.uuid)
            assert not one.known.is_stuck and one.state is SigningState.DS_WAIT
    assert watcher.faults == [] and watcher.verified > len(signers)
    for one in signers.values():
        workspace.add(one.zone, "A", "after", "192.0.2.3")
        assert one.publish() is None
        assert_valid(one, tmp_path)


class Killed(BaseException):
    """The deployer is killed."""


@dataclass
class KillingTransport:
    """A control channel that kills at a command: before named has it, or after its reply."""

    transport: Transport
    kill: Callable[[], None]
    left: int
    is_after: bool = False

    def command(self, *words: str) -> str:
        """Send one command, or kill."""
        self.left -= 1
        if self.left == 0 and not self.is_after:
            self.kill()
        reply = self.transport.command(*words)
        if self.left == 0 and self.is_after:
            self.kill()
        return reply


def die() -> None:
    raise Killed


@pytest.mark.parametrize("is_after", [False, True])
def test_a_deployer_killed_at_any_command_leaves_nothing_half_done(
    workspace: Workspace, host: PrimaryHost, pair: Pair, tmp_path: Path, is_after: bool
) -> None:
    (signer,) = signed(workspace, host, pair, f"killed-{is_after}".lower()).values()
    watcher, number = Watcher([signer], tmp_path), 0
    watcher.detect(signer.zone.name)
    with watcher.running():
        while True:
            number += 1
            assert workspace.editor.sign_again(signer.zone.uuid, None)
            transport = KillingTransport(pair.connection, die, number, is_after)
            signer.host = replace(host, control=Control(transport))
            try:
                signer.publish()
            except Killed:
                assert signer.known.is_stuck
                host.files.discard_all()
                signer.host = host
                assert signer.publish() is None
            else:
                break
            signer.wait_until_served()
    assert number > 5 and watcher.faults == []
    signer.host = host
    assert not signer.known.is_stuck
    assert_valid(signer, tmp_path)
    folder = host.files.path(signer.zone.uuid).parent
    assert not [path for path in folder.iterdir() if path.suffix in (".copy", ".seed")]


def test_named_killed_while_the_zone_is_removed_or_added_again(
    workspace: Workspace, host: PrimaryHost, pair: Pair, tmp_path: Path
) -> None:
    (signer,) = signed(workspace, host, pair, "ends").values()
    watcher = Watcher([signer], tmp_path)
    watcher.detect(signer.zone.name)
    with watcher.running():
        for number in range(2, 6):
            assert workspace.editor.sign_again(signer.zone.uuid, None)
            kill = KillingTransport(pair.connection, lambda: pair.ns1.stop(signal.SIGKILL), number, is_after=True)
            signer.host = replace(host, control=Control(kill))
            signer.publish()
            signer.host = host
            restart(pair)
            wait_for(lambda: signer.publish() is None, "it is published")
            signer.wait_until_served()
    assert watcher.faults == []
    assert_valid(signer, tmp_path)


@pytest.mark.parametrize(
    ("name", "changed", "reason"),
    [
        ("refused", {"public_key": PUBLIC[0]}, "no DNSKEY of it is a key of the zone"),
        ("unsigned", {"tag": 1}, "dnssec-verify"),
    ],
    ids=["no key of the zone", "its signatures are those of another key"],
)
def test_no_copy_is_taken_that_is_not_valid(
    workspace: Workspace,
    host: PrimaryHost,
    pair: Pair,
    caplog: pytest.LogCaptureFixture,
    name: str,
    changed: dict[str, Any],
    reason: str,
) -> None:
    (signer,) = signed(workspace, host, pair, name).values()
    known = signer.known
    foreign = replace(known, keys=[replace(known.keys[0], **changed)])
    seeds = [path_of(signer)("").with_suffix(suffix) for suffix in (".copy", ".seed")]
    assert not sign_again(signer.zone.uuid, signer.zone.name, signer.zone.serial, foreign, host)
    assert reason in caplog.text and "copy=none" in caplog.text
    assert not any(seed.exists() for seed in seeds)
    signer.wait_until_served()
    wait_for(lambda: (state := host.control.zone_state(signer.zone.name)) and state.secure, "all of it is signed")


def test_without_a_valid_copy_the_zone_counts_as_signed_only_when_it_is(
    workspace: Workspace, host: PrimaryHost, pair: Pair, tmp_path: Path
) -> None:
    (signer,) = signed(workspace, host, pair, "alone").values()
    assert workspace.editor.sign_again(signer.zone.uuid, None)
    signer.host = replace(host, copies=SignedCopies("/bin/false", "/bin/false"))
    assert signer.publish() is None
    assert signer.known.signed_at is None and not signer.known.is_stuck
    signer.host = host
    signer.wait_for_state(SigningState.DS_WAIT)
    assert_valid(signer, tmp_path)


def test_a_copy_that_is_not_verified_in_time_is_tried_again(
    workspace: Workspace, host: PrimaryHost, pair: Pair, tmp_path: Path
) -> None:
    (signer,) = signed(workspace, host, pair, "slow").values()
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    assert workspace.editor.sign_again(signer.zone.uuid, None)
    signer.host = replace(host, copies=SignedCopies(str(slow), str(slow), timeout=0.1))
    assert (signer.publish() or "").startswith("reload: the copy of the signed zone was not verified in time")
    assert signer.known.is_stuck and signer.known.signed_at
    signer.host = host
    assert signer.publish() is None
    assert_valid(signer, tmp_path)
