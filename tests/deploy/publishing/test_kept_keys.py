"""Keys of zones that are not signed any longer: kept for 30 days, for the zone itself or for its successor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.kept_keys import remove_old_keys, take_former_keys
from appliance.nameserver.zone_files import ZoneFiles
from appliance.store import deployments, signing, zones
from appliance.zones.model import Zone
from tests.host_keys import host_keys, place_keys
from tests.signing import key, signed, store_signing
from tests.workspace import Workspace


@pytest.fixture
def files(host: PrimaryHost, tmp_path: Path) -> PrimaryHost:
    """The host with zone files of its own; named is not needed."""
    host_keys(tmp_path).zone_directory.mkdir()
    return replace(host, files=ZoneFiles(tmp_path / "zones"))


@pytest.fixture
def sign(workspace: Workspace, tmp_path: Path) -> Callable[[Zone], Zone]:
    """Return a function that signs a zone; its key is on the host, and known."""

    def with_key(zone: Zone) -> Zone:
        zone = workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})
        with workspace.store.writing():
            store_signing(zone, signed(key()))
        place_keys(host_keys(tmp_path), zone, key())
        return zone

    return with_key


Sign = Callable[[Zone], Zone]


def delete(workspace: Workspace, zone: Zone) -> None:
    workspace.editor.delete_zone(workspace.owner, zone.uuid, ds_withdrawn=True)
    deployments.store_removed(zone.uuid, workspace.clock())


def unsign(workspace: Workspace, zone: Zone) -> None:
    with workspace.store.writing():
        zone = zones.update(zones.get_any(zone.uuid), dnssec=False, signed=False)
        signing.end(zone, workspace.clock())


def test_they_are_kept_for_thirty_days(workspace: Workspace, files: PrimaryHost, tmp_path: Path, sign: Sign) -> None:
    deleted, off, on, again = (sign(workspace.zone(f"{name}.example")) for name in ("deleted", "off", "on", "again"))
    unknown = uuid4()
    files.files.make_key_folder(unknown)
    delete(workspace, deleted)
    unsign(workspace, off)
    unsign(workspace, again)
    kept = sorted([deleted.uuid, off.uuid, on.uuid, again.uuid, unknown])
    workspace.clock.forward(days=29, hours=23)
    sign(again)
    remove_old_keys(files, workspace.store, workspace.clock())
    assert sorted(files.files.zones_with_keys()) == kept
    workspace.clock.forward(hours=2)
    remove_old_keys(files, workspace.store, workspace.clock())
    assert sorted(files.files.zones_with_keys()) == sorted([on.uuid, again.uuid, unknown])
    tags = [signing.key_tags(zone.uuid) for zone in (deleted, off, on, again)]
    assert tags == [frozenset(), frozenset(), {key().tag}, {key().tag}]


def test_a_zone_created_again_by_its_account_gets_them(workspace: Workspace, files: PrimaryHost, sign: Sign) -> None:
    delete(workspace, sign(workspace.zone()))
    workspace.clock.forward(days=1)
    former = sign(workspace.zone())
    delete(workspace, former)
    before = files.files.zones_with_keys()
    zone = workspace.zone()
    take_former_keys(zone.uuid, files, workspace.store)
    assert files.files.has_keys(zone.uuid, [key().tag]) and not files.files.has_any_key(former.uuid)
    assert len(before) == len(files.files.zones_with_keys()) == 2
    assert signing.key_tags(former.uuid) == frozenset(), "restored later, it has no keys that it would miss"


def test_keys_of_its_own_stay(workspace: Workspace, files: PrimaryHost, sign: Sign) -> None:
    former = sign(workspace.zone())
    delete(workspace, former)
    zone = sign(workspace.zone())
    take_former_keys(zone.uuid, files, workspace.store)
    assert files.files.has_any_key(former.uuid) and signing.key_tags(former.uuid)


def test_nobody_else_gets_them(workspace: Workspace, files: PrimaryHost, sign: Sign) -> None:
    former = sign(workspace.zone())
    delete(workspace, former)
    workspace.clock.forward(days=31)
    strangers = workspace.editor.create_zone(workspace.stranger, "example.com")
    other = workspace.zone("other.example")
    for zone in (strangers, other):
        take_former_keys(zone.uuid, files, workspace.store)
        assert not files.files.has_any_key(zone.uuid)
    assert files.files.has_any_key(former.uuid)
