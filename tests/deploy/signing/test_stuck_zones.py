"""When a signed zone is in doubt, how long named has to publish it, and what follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from appliance.deploy.host import PrimaryHost
from appliance.deploy.signing.observation import SeenZone
from appliance.deploy.signing.stuck_zones import PATIENCE, SigningFault, StuckZones, fault_of
from appliance.nameserver.control import ZoneState
from appliance.store import signing, zones
from appliance.zones.model import Zone
from appliance.zones.serial import is_later
from appliance.zones.signing import ServedSigning, Signing
from tests.signing import AT, key, signed, store_signing
from tests.workspace import Workspace

TAGS = frozenset({key().tag})
OWN = ServedSigning(100, AT + timedelta(days=30), TAGS)


class Scene:
    """A signed zone, what is seen of it, and the seconds that pass."""

    def __init__(self, workspace: Workspace, host: PrimaryHost) -> None:
        self.workspace, self.host, self.seconds = workspace, host, 0.0
        created = workspace.zone("stuck.test")
        self.uuid = created.uuid
        workspace.editor.change_zone(workspace.owner, self.uuid, {"dnssec": True})
        with workspace.store.writing():
            store_signing(self.zone, signed(key()))
        self.stuck = StuckZones(host, workspace.store, workspace.editor, lambda: self.seconds)

    @property
    def zone(self) -> Zone:
        return zones.get_any(self.uuid)

    @property
    def is_stuck(self) -> bool:
        return self.known.is_stuck

    @property
    def known(self) -> Signing:
        found = signing.get(self.zone)
        assert found
        return found

    def state(self, serial: int | None, *, secure: bool = True) -> ZoneState:
        return ZoneState(str(self.host.files.path(self.uuid)), serial, signed=True, secure=secure)

    def seen(
        self,
        own: ServedSigning | None = OWN,
        other: ServedSigning | None = OWN,
        **fields: Any,  # noqa: ANN401 - fields of SeenZone
    ) -> SeenZone:
        """Return what is seen when all is well, but for these arguments."""
        answers = zip(self.host.nameservers, (own, other), strict=True)
        served = {server: one for server, one in answers if one}
        content = self.zone.serial
        return replace(SeenZone(self.zone, self.state(content), served, (), content), **fields)

    def handle(self, seen: SeenZone) -> bool:
        return self.stuck.handle(seen, self.known)

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def scene(workspace: Workspace, host: PrimaryHost) -> Scene:
    """A zone that is published signed."""
    return Scene(workspace, host)


def test_faults(scene: Scene) -> None:
    def fault(seen: SeenZone) -> SigningFault | None:
        return fault_of(seen, scene.host)

    serial = scene.zone.serial
    assert fault(scene.seen()) is None
    assert fault(scene.seen(state=scene.state(None))) is SigningFault.NOT_LOADED
    assert fault(scene.seen(content=serial - 1)) is fault(scene.seen(content=None)) is SigningFault.OLD_CONTENT
    assert fault(scene.seen(replace(OWN, expires_at=None))) is SigningFault.UNSIGNED
    assert fault(scene.seen(other=replace(OWN, serial=101))) is SigningFault.SERIAL_BEHIND
    later = AT + timedelta(days=31)
    assert fault(scene.seen(replace(OWN, expires_at=later))) is SigningFault.DIFFERS
    more = replace(OWN, key_tags=TAGS | {1})
    assert fault(scene.seen(other=more)) is SigningFault.OTHER_KEYS
    for none in (
        scene.seen(state=None),
        scene.seen(state=scene.state(serial - 1), content=serial - 1),
        scene.seen(state=replace(scene.state(None), file="/elsewhere/file")),
        scene.seen(state=replace(scene.state(None), signed=False)),
        scene.seen(other=replace(OWN, serial=99)),
        scene.seen(other=replace(more, serial=99)),
        scene.seen(other=None),
        scene.seen(replace(OWN, expires_at=later), state=scene.state(serial, secure=False)),
    ):
        assert fault(none) is None


def test_a_zone_is_signed_again_when_nothing_moves_for_a_time(scene: Scene) -> None:
    before = scene.zone
    old = scene.seen(content=before.serial - 1)
    assert scene.handle(old) and not scene.is_stuck
    scene.wait(PATIENCE - 1)
    assert scene.handle(old) and not scene.is_stuck
    scene.wait(1)
    assert scene.handle(old)
    assert scene.known.is_stuck
    assert is_later(scene.zone.serial - 1, before.serial) and scene.zone.revision == before.revision
    assert scene.workspace.journal()[-1] == ("zone.raise_serial", scene.zone.serial)


def test_progress_renews_the_patience(scene: Scene) -> None:
    for number in range(9, 0, -1):
        assert scene.handle(scene.seen(content=scene.zone.serial - number))
        scene.wait(PATIENCE - 1)
    assert not scene.is_stuck
    assert not scene.handle(scene.seen())


def test_a_zone_that_waits_to_be_signed_again_is_not_raised_again(scene: Scene) -> None:
    old = scene.seen(content=None)
    scene.handle(old)
    scene.wait(PATIENCE)
    scene.handle(old)
    serial = scene.zone.serial
    for _ in range(3):
        scene.wait(PATIENCE)
        assert scene.handle(scene.seen(content=None))
    former = scene.seen(state=scene.state(serial - 2), content=serial - 2)
    assert scene.handle(former) and scene.is_stuck, "its new file is not published yet"
    assert scene.zone.serial == serial
    scene.handle(scene.seen())
    assert not scene.known.is_stuck and not scene.handle(scene.seen())


def test_the_patience_doubles_while_signing_again_does_not_help(scene: Scene) -> None:
    for repairs in range(3):
        scene.handle(scene.seen(content=None))
        scene.wait(PATIENCE * 2**repairs - 1)
        scene.handle(scene.seen(content=None))
        assert not scene.is_stuck
        scene.wait(1)
        scene.handle(scene.seen(content=None))
        assert scene.known.is_stuck
        note_signed_again(scene, scene.uuid)


def note_signed_again(scene: Scene, uuid: UUID) -> None:
    with scene.workspace.store.writing():
        signing.store_signed_again(uuid, is_seeded=True)


def test_unsigned_answers_and_two_zones_under_one_serial_are_certain_at_once(scene: Scene) -> None:
    for seen in (scene.seen(replace(OWN, expires_at=None), other=None), scene.seen(replace(OWN, expires_at=AT))):
        scene.stuck = StuckZones(scene.host, scene.workspace.store, scene.workspace.editor, lambda: scene.seconds)
        assert scene.handle(seen) and scene.is_stuck
        note_signed_again(scene, scene.uuid)
    unsigned = scene.seen(replace(OWN, expires_at=None))
    with scene.workspace.store.writing():
        signing.store_signed_again(scene.uuid, is_seeded=False)
    assert scene.handle(unsigned) and not scene.is_stuck, "it is being signed"


def test_a_zone_that_named_was_loading_a_moment_ago_is_not_signed_again(scene: Scene) -> None:
    """It answered SERVFAIL for one type, and then for the next one as it should."""
    scene.host.files.stage(scene.uuid, b"content")
    scene.host.files.publish(scene.uuid)
    loading = scene.seen(None)
    assert fault_of(loading, scene.host) is SigningFault.NOT_LOADED
    assert scene.handle(loading) and not scene.is_stuck
    assert not scene.handle(scene.seen())
    assert scene.handle(scene.seen(replace(OWN, expires_at=None), other=None)) and scene.known.is_stuck
    scene.host.files.remove(scene.uuid)


def test_other_keys_under_one_serial_are_no_passing_moment_of_a_rollover(scene: Scene) -> None:
    mixed = scene.seen(other=replace(OWN, key_tags=TAGS | {1}))
    assert scene.handle(mixed)
    scene.wait(PATIENCE - 1)
    assert scene.handle(mixed) and not scene.is_stuck
    scene.wait(1)
    assert scene.handle(mixed) and scene.known.is_stuck


def test_a_serial_behind_that_of_a_secondary_is_raised_alone(scene: Scene) -> None:
    ahead = ServedSigning((scene.zone.serial + 7) % 2**32, OWN.expires_at, TAGS)
    own = replace(OWN, serial=scene.zone.serial)
    scene.handle(scene.seen(own, ahead))
    scene.wait(PATIENCE)
    assert scene.handle(scene.seen(own, ahead))
    assert scene.zone.serial == (ahead.serial or 0) + 1 and not scene.is_stuck


def test_a_deleted_zone_is_left_alone(scene: Scene) -> None:
    old = scene.seen(content=None)
    scene.handle(old)
    scene.workspace.editor.delete_zone(scene.workspace.owner, scene.uuid)
    scene.wait(PATIENCE)
    serial = scene.zone.serial
    scene.handle(old)
    assert scene.zone.serial == serial and not scene.is_stuck
