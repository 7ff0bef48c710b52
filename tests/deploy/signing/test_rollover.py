"""Keys are replaced on a real pair, with a policy whose times are seconds, below a parent on loopback and a zone here.

The DS of its parent validate what both nameservers serve at every moment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from appliance.deploy.signing.parent_lookups import parent_check_by
from appliance.zones.signing import UNTIL_SIGNED_EVERYWHERE, Ds, DsReport, SigningKey, SigningState
from tests.delv import Validator
from tests.deploy.signing.signer import Signer, new_signer
from tests.deployed import host_of
from tests.fake_parent import FakeParent, fake_parent, is_allowed
from tests.pair import Pair, wait_for
from tests.workspace import APEX, Workspace

SECONDS = 60.0
QUICK = replace(APEX, ttl=1, minimum=1)
TIMES = {
    "dnskey-ttl": "PT1S",
    "max-zone-ttl": "PT1S",
    "publish-safety": "PT1S",
    "retire-safety": "PT1S",
    "zone-propagation-delay": "PT1S",
    "parent-ds-ttl": "PT1S",
    "parent-propagation-delay": "PT1S",
    "signatures-validity": "PT1M; signatures-jitter PT0S",
    "signatures-validity-dnskey": "PT1M",
    "signatures-refresh": "PT53S",
}
"""Options of the policy: all that is waited for takes seconds."""


@pytest.fixture
def quick_pair() -> Iterator[Pair]:
    """A pair whose primary waits a second for everything."""
    pair = Pair()
    configuration = pair.ns1.directory / "named.conf"
    text = configuration.read_text()
    for option, time in TIMES.items():
        text, count = re.subn(rf"\b{option} \w+;", f"{option} {time};", text)
        assert count == 1, option
    configuration.write_text(text)
    with pair:
        yield pair


@pytest.fixture
def parent() -> Iterator[FakeParent]:
    """The parent of the zone."""
    with fake_parent("example") as running:
        yield running


def signed_zone(domain: str, workspace: Workspace, pair: Pair) -> Signer:
    """Return a zone that both nameservers serve signed."""
    workspace.editor = replace(workspace.editor, apex=QUICK)
    host = host_of(pair, QUICK)
    signer = new_signer(domain, workspace, host, pair, lambda zone: workspace.add(zone, "A", "www", "192.0.2.1", 1))
    signer.turn(True)
    signer.wait_until_served()
    wait_for(lambda: signer.check_after(minutes=10) is not SigningState.SIGNING, f"{domain} is signed")
    return signer


@pytest.fixture
def signer(quick_pair: Pair, parent: FakeParent, workspace: Workspace) -> Signer:
    """A signed zone whose DS is at the parent."""
    signer = signed_zone("rolled.example", workspace, quick_pair)
    signer.check_parent = parent_check_by(parent.resolver.server.endpoint, parent.port, is_allowed)
    return signer


def is_requested(signer: Signer) -> bool:
    """Return True while a requested rollover has not begun."""
    return signer.known.roll_requested_at is not None


def tags(signer: Signer, *, wanted: bool) -> list[int]:
    return [key.tag for key in signer.known.keys if key.is_wanted is wanted]


@pytest.fixture
def below(quick_pair: Pair, workspace: Workspace, tmp_path: Path) -> Below:
    """A signed zone below another one of the appliance, and old enough for its DS."""
    above = signed_zone("above.test", workspace, quick_pair)
    child = signed_zone("sub.above.test", workspace, quick_pair)
    workspace.clock.now += UNTIL_SIGNED_EVERYWHERE
    return Below(above, child, tmp_path)


@dataclass
class Below:
    """A zone whose parent zone is on the appliance, and a resolver that has the DS of that one."""

    above: Signer
    signer: Signer
    folder: Path
    was_secured: bool = False

    def step(self) -> None:
        """Check the zone, and publish the one above; once the zone was secured, every answer is valid."""
        self.signer.check_after(minutes=10)
        if self.above.contents() != [self.above.zone.serial] * 2:
            assert self.above.publish() is None
            self.above.wait_until_served()
        self.was_secured |= self.signer.state is SigningState.SECURED
        validators = self.above.validators(self.folder)
        assert not self.was_secured or [one.fault(f"www.{self.signer.zone.name}", "A") for one in validators] == [
            "",
            "",
        ]


@dataclass
class Rollover:
    """The zone, its parent, and a resolver that has the DS of the parent and no other; `beside` is another zone."""

    signer: Signer
    parent: FakeParent
    beside: Below
    folder: Path
    trusted: list[Ds] = field(default_factory=list)

    def publish(self, *keys: SigningKey) -> None:
        """Let the parent have the DS of these keys, and no others."""
        self.trusted = [key.ds_of(self.signer.zone.name) for key in keys]
        self.parent.publish(*self.trusted)

    def until_both_are_secured(self, what: str) -> None:
        """Check the zones until both are secured by keys that stay."""
        zones = (self.signer, self.beside.signer)
        self.until(lambda: all(one.state is SigningState.SECURED and not is_requested(one) for one in zones), what)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Check the zones until the condition is true; every answer meanwhile is valid."""
        wait_for(lambda: self._is_valid() and condition(), what, SECONDS)

    def _is_valid(self) -> bool:
        self.beside.step()
        self.signer.check_after(minutes=10)
        zone = self.signer.zone.name
        servers = self.signer.host.nameservers
        validators = [Validator(server, zone, self.trusted, self.folder) for server in servers]
        assert [one.fault(f"www.{zone}", "A") for one in validators] == ["", ""]
        return True


def test_rollovers_from_request_to_end(signer: Signer, parent: FakeParent, below: Below, tmp_path: Path) -> None:
    """Of a zone whose DS somebody exchanges, and of one below a zone of the appliance, which exchanges it."""
    rollover, child = Rollover(signer, parent, below, tmp_path), below.signer
    (former,), (former_below,) = signer.known.keys, child.known.keys
    rollover.publish(former)
    rollover.until_both_are_secured("the zones are secured")
    assert child.known.delegated == {former_below.ds_of(child.zone.name)}
    for one in (signer, child):
        one.workspace.editor.roll_keys(one.workspace.owner, one.zone.uuid)
    rollover.until(lambda: signer.state is SigningState.ROLLING, "the rollover begins")
    assert tags(signer, wanted=False) == [former.tag]
    rollover.until(lambda: any(key.is_wanted and key.is_ready for key in signer.known.keys), "caches have the new key")
    (new,) = (key for key in signer.known.keys if key.is_wanted)
    rollover.publish(former, new)
    rollover.until(lambda: signer.known.reported.get(new.tag) is DsReport.PUBLISHED, "named knows of the new DS")
    assert signer.known.reported.get(former.tag) is DsReport.PUBLISHED, "its DS is still there"
    rollover.publish(new)
    rollover.until_both_are_secured("the former keys are gone")
    assert tags(signer, wanted=True) == [new.tag] and not tags(signer, wanted=False)
    (new_below,) = child.known.keys
    assert new_below.tag != former_below.tag and child.known.delegated == {new_below.ds_of(child.zone.name)}
    assert child.known.reported == {former_below.tag: DsReport.WITHDRAWN, new_below.tag: DsReport.PUBLISHED}
