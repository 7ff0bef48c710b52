"""A key is replaced on a real pair, with a policy whose times are seconds, and a parent on loopback.

The DS of its parent validate what both nameservers serve at every moment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from appliance.deploy.signing.signing_steps import parent_check_by
from appliance.zones.signing import Ds, DsReport, SigningKey, SigningState
from tests.delv import Validator
from tests.deploy.signing.signer import Signer, new_signer
from tests.deployed import host_of
from tests.fake_parent import FakeParent, fake_parent, is_allowed
from tests.pair import Pair, wait_for
from tests.workspace import APEX, Workspace

SECONDS = 60.0
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


@pytest.fixture
def signer(quick_pair: Pair, parent: FakeParent, workspace: Workspace) -> Signer:
    """A signed zone whose DS is at the parent."""
    apex = replace(APEX, ttl=1, minimum=1)
    workspace.editor = replace(workspace.editor, apex=apex)
    host = host_of(quick_pair, apex)
    signer = new_signer(
        "rolled.example", workspace, host, quick_pair, lambda zone: workspace.add(zone, "A", "www", "192.0.2.1", 1)
    )
    signer.check_parent = parent_check_by(parent.resolver.server.endpoint, parent.port, is_allowed)
    signer.turn(True)
    signer.wait_until_served()
    wait_for(lambda: signer.check_after(minutes=10) is not SigningState.SIGNING, "the zone is signed")
    return signer


def tags(signer: Signer, *, wanted: bool) -> list[int]:
    return [key.tag for key in signer.known.keys if key.is_wanted is wanted]


@dataclass
class Rollover:
    """The zone, its parent, and a resolver that has the DS of the parent and no other."""

    signer: Signer
    parent: FakeParent
    folder: Path
    trusted: list[Ds] = field(default_factory=list)

    def publish(self, *keys: SigningKey) -> None:
        """Let the parent have the DS of these keys, and no others."""
        self.trusted = [key.ds_of(self.signer.zone.name) for key in keys]
        self.parent.publish(*self.trusted)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Check the zone until the condition is true; every answer meanwhile is valid."""
        wait_for(lambda: self._is_valid() and condition(), what, SECONDS)

    def _is_valid(self) -> bool:
        self.signer.check_after(minutes=10)
        zone = self.signer.zone.name
        servers = self.signer.host.nameservers
        validators = [Validator(server, zone, self.trusted, self.folder) for server in servers]
        assert [one.fault(f"www.{zone}", "A") for one in validators] == ["", ""]
        return True


def test_a_rollover_from_request_to_end(signer: Signer, parent: FakeParent, tmp_path: Path) -> None:
    rollover = Rollover(signer, parent, tmp_path)
    (former,) = signer.known.keys
    rollover.publish(former)
    rollover.until(lambda: signer.state is SigningState.SECURED, "the zone is secured")
    signer.workspace.editor.roll_keys(signer.workspace.owner, signer.zone.uuid)
    rollover.until(lambda: signer.state is SigningState.ROLLING, "the rollover begins")
    assert tags(signer, wanted=False) == [former.tag]
    rollover.until(lambda: any(key.is_wanted and key.is_ready for key in signer.known.keys), "caches have the new key")
    (new,) = (key for key in signer.known.keys if key.is_wanted)
    rollover.publish(former, new)
    rollover.until(lambda: signer.known.reported.get(new.tag) is DsReport.PUBLISHED, "named knows of the new DS")
    assert signer.known.reported.get(former.tag) is DsReport.PUBLISHED, "its DS is still there"
    rollover.publish(new)
    rollover.until(lambda: signer.state is SigningState.SECURED, "the former key is gone")
    assert tags(signer, wanted=True) == [new.tag] and not tags(signer, wanted=False)
    assert signer.known.roll_requested_at is None
