"""A batch is compiled, checked, published and reloaded; a broken zone stops no other."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from dns.rcode import NOERROR

from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.pipeline import deploy_zones, remove_old_files
from appliance.deploy.publishing.primary_zone import loaded_file, withdraw_zone
from appliance.errors import PublishFailed
from appliance.nameserver.checks import ZoneChecker
from appliance.nameserver.zone_files import ZoneFiles
from appliance.render.zone_file import serial_of, soa_line
from appliance.store import deployments
from appliance.store.file import sqlite
from appliance.zones.model import Zone
from tests.deployed import store_attempt
from tests.pair import Pair
from tests.signed_updates import send_update
from tests.workspace import Workspace


def deploy(host: PrimaryHost, workspace: Workspace, *zones: Zone) -> list[str | None]:
    return [
        attempt.error
        for attempt in deploy_zones([(zone.uuid, zone.name) for zone in zones], host, workspace.store, workspace.editor)
    ]


def test_a_zone_is_added_and_then_reloaded(host: PrimaryHost, pair: Pair, workspace: Workspace) -> None:
    zone = workspace.zone("piped.example")
    assert deploy(host, workspace, zone) == [None]
    pair.wait_for_serial(pair.primary, zone.name, zone.serial)
    assert loaded_file(zone.name, host) == host.files.path(zone.uuid)
    workspace.add(zone, "A", "www", "192.0.2.1")
    assert deploy(host, workspace, zone) == [None]
    pair.wait_for_serial(pair.primary, zone.name, zone.serial + 1)


def test_a_zone_created_again_replaces_the_former(host: PrimaryHost, pair: Pair, workspace: Workspace) -> None:
    old = workspace.zone("replaced.example")
    deploy(host, workspace, old)
    workspace.editor.delete_zone(workspace.owner, old.uuid)
    new = workspace.zone("replaced.example")
    assert deploy(host, workspace, new) == [None]
    pair.wait_for_serial(pair.primary, new.name, new.serial)
    assert loaded_file(new.name, host) == host.files.path(new.uuid)


def other_folder(host: PrimaryHost, pair: Pair, name: str, mode: int) -> PrimaryHost:
    """Return the host with another folder of zone files, of that mode for named's user."""
    folder = pair.root / "ns1" / name
    folder.mkdir()
    folder.chmod(mode)
    return replace(host, files=ZoneFiles(folder))


def test_a_zone_whose_folder_was_moved_is_loaded_from_there(
    host: PrimaryHost, pair: Pair, workspace: Workspace
) -> None:
    served, lost = workspace.zone("moved.example"), workspace.zone("lost.example")
    deploy(host, workspace, served, lost)
    host.files.remove(lost.uuid)
    moved = other_folder(host, pair, "moved", 0o755)
    for zone in (served, lost):
        workspace.add(zone, "A", "www", "192.0.2.1")
    assert deploy(moved, workspace, served, lost) == [None, None]
    for zone in (served, lost):
        pair.wait_for_serial(pair.primary, zone.name, zone.serial + 1)
        assert loaded_file(zone.name, host) == moved.files.path(zone.uuid)


@pytest.mark.skipif(os.geteuid() != 0, reason="named has the tests' user, who may read the folder")
def test_a_served_zone_is_not_removed_for_a_folder_that_named_cannot_read(
    host: PrimaryHost, pair: Pair, workspace: Workspace
) -> None:
    zone = workspace.zone("shut.example")
    deploy(host, workspace, zone)
    pair.wait_for_serial(pair.primary, zone.name, zone.serial)
    shut = other_folder(host, pair, "shut", 0o700)
    (error,) = deploy(shut, workspace, zone)
    assert error is not None
    assert str(pair.root / "ns1" / "shut") in error
    assert pair.serial(pair.primary, zone.name) == zone.serial
    assert loaded_file(zone.name, host) == host.files.path(zone.uuid)
    assert shut.files.staged_zones() == []


def test_withdrawing_twice_does_no_harm(host: PrimaryHost, pair: Pair, workspace: Workspace) -> None:
    zone = workspace.zone("twice.example")
    deploy(host, workspace, zone)
    for _ in range(2):
        withdraw_zone(zone.name, host)
    pair.wait_for_serial(pair.primary, zone.name, None)


def test_files_outlive_a_removal_by_a_day(host: PrimaryHost, workspace: Workspace) -> None:
    gone, lives = workspace.zone("outlived.example"), workspace.zone("lives.example")
    unknown = uuid4()
    deploy(host, workspace, gone, lives)
    host.files.stage(unknown, b"")
    host.files.publish(unknown)
    withdraw_zone(gone.name, host)
    workspace.editor.delete_zone(workspace.owner, gone.uuid)
    deployments.store_removed(gone.uuid, workspace.clock())
    remove_old_files(host, workspace.store, workspace.clock())
    assert host.files.path(gone.uuid).exists()
    workspace.clock.forward(days=1, seconds=1)
    remove_old_files(host, workspace.store, workspace.clock())
    left = [host.files.path(uuid).exists() for uuid in (gone.uuid, lives.uuid, unknown)]
    assert left == [False, True, True]
    host.files.remove(unknown)


class Restoring(ZoneFiles):
    """Zone files whose first removal has a user restore what is left."""

    def __init__(self, directory: Path, restore: Callable[[UUID], object]) -> None:
        super().__init__(directory)
        self._restore = restore

    def remove(self, zone: UUID) -> None:
        """Remove the files, after the other zones were restored."""
        for other in set(self.zones()) - {zone}:
            self._restore(other)
        super().remove(zone)


def test_files_of_a_zone_that_is_restored_meanwhile_stay(
    host: PrimaryHost, workspace: Workspace, tmp_path: Path
) -> None:
    files = Restoring(tmp_path, lambda uuid: workspace.editor.undelete_zone(workspace.owner, uuid))
    for domain in ("one.example", "other.example"):
        zone = workspace.zone(domain)
        workspace.editor.delete_zone(workspace.owner, zone.uuid)
        deployments.store_removed(zone.uuid, workspace.clock())
        files.stage(zone.uuid, b"")
        files.publish(zone.uuid)
    workspace.clock.forward(days=1, seconds=1)
    remove_old_files(replace(host, files=files), workspace.store, workspace.clock())
    assert len(files.zones()) == 1


def test_no_serial_is_published_with_two_contents(host: PrimaryHost, pair: Pair, workspace: Workspace) -> None:
    zone = workspace.zone("twofold.example")
    workspace.add(zone, "A", "www", "192.0.2.1")
    deploy(host, workspace, zone)
    published = zone.serial + 1
    pair.wait_for_serial(pair.primary, zone.name, published)
    with closing(sqlite.connect(workspace.store.path)) as database, database:
        database.execute("update zone set serial = serial - 1")
    workspace.add(zone, "A", "www", "192.0.2.2")
    assert deploy(host, workspace, zone) == [None]
    pair.wait_for_serial(pair.primary, zone.name, published + 1)


def test_no_serial_that_an_update_gave_the_zone_is_published_again(
    host: PrimaryHost, pair: Pair, workspace: Workspace
) -> None:
    zone = workspace.zone("updated.example")
    deploy(host, workspace, zone)
    workspace.add(zone, "A", "www", "192.0.2.1")
    pair.wait_for_serial(pair.primary, zone.name, zone.serial)
    soa = soa_line(zone.name, zone.serial + 1, host.apex).split(" IN SOA ")[1]
    assert send_update(pair, zone.name, lambda message: message.add(zone.name, host.apex.ttl, "SOA", soa)) == NOERROR
    assert deploy(host, workspace, zone) == [None]
    pair.wait_for_serial(pair.primary, zone.name, zone.serial + 2)


def test_no_serial_that_named_wrote_to_a_file_is_published_again(
    host: PrimaryHost, pair: Pair, workspace: Workspace
) -> None:
    zone = workspace.zone("written.example")
    deploy(host, workspace, zone)
    file = host.files.path(zone.uuid)
    file.write_text(f"$ORIGIN .\nwritten.example\t300 IN SOA a. b. (\n\t{zone.serial + 1} 1 1 1 1 )\n")
    workspace.add(zone, "A", "www", "192.0.2.1")
    assert deploy(host, workspace, zone) == [None]
    pair.wait_for_serial(pair.primary, zone.name, zone.serial + 2)


def test_a_file_that_named_wrote_of_what_was_published_needs_no_later_serial(
    host: PrimaryHost, workspace: Workspace
) -> None:
    zone = workspace.zone("rewritten.example")
    (attempt,) = deploy_zones([(zone.uuid, zone.name)], host, workspace.store, workspace.editor)
    store_attempt(zone.uuid, zone.serial, None, attempt.published)
    file = host.files.path(zone.uuid)
    file.write_bytes(b"$ORIGIN .\n" + file.read_bytes())
    assert deploy(host, workspace, zone) == [None]
    assert serial_of(host.files.read_live(zone.uuid)) == zone.serial


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("www.planted.example. 60 IN A 192.0.2.999", "check: "),
        ("www.planted.example. 60 IN A 192.0.2.1\nevil.planted.example. 60 IN A 203.0.113.9", "compile: "),
        ("www.elsewhere.example. 60 IN A 192.0.2.1", "check: "),
        ("$INCLUDE /etc/passwd", "check: "),
        ("www.planted.example. 60 IN TXT gr\u00fcn", "compile: internal error: UnicodeEncodeError"),
    ],
)
def test_a_planted_row_fails_its_zone_alone(
    host: PrimaryHost, pair: Pair, workspace: Workspace, line: str, error: str
) -> None:
    bad, good = workspace.zone("planted.example"), workspace.zone("innocent.example")
    deploy(host, workspace, bad, good)
    pair.wait_for_serial(pair.primary, bad.name, bad.serial)
    workspace.add(bad, "A", "www", "192.0.2.1")
    workspace.add(good, "A", "www", "192.0.2.1")
    with closing(sqlite.connect(workspace.store.path)) as database:
        database.execute("update record set line = ? where line like '%planted.example%'", (line,))
    before = host.files.path(bad.uuid).read_bytes()
    errors = deploy(host, workspace, bad, good)
    assert errors[0] is not None
    assert errors[0].startswith(error)
    assert errors[1] is None
    pair.wait_for_serial(pair.primary, good.name, good.serial + 1)
    assert pair.serial(pair.primary, bad.name) == bad.serial
    assert host.files.path(bad.uuid).read_bytes() == before
    assert host.files.staged_zones() == []
    for zone in (bad, good):
        withdraw_zone(zone.name, host)


class Unflushable(ZoneFiles):
    """Zone files of which those of one zone cannot be flushed."""

    def __init__(self, directory: Path, zone: UUID) -> None:
        super().__init__(directory)
        self._zone = zone

    def flush_staged(self, zone: UUID) -> None:
        if zone == self._zone:
            raise PublishFailed("stage: Input/output error")
        super().flush_staged(zone)


def test_a_file_that_cannot_be_flushed_fails_its_zone_alone(
    host: PrimaryHost, pair: Pair, workspace: Workspace
) -> None:
    bad, good = workspace.zone("unflushed.example"), workspace.zone("flushed.example")
    files = Unflushable(pair.zones, bad.uuid)
    assert deploy(replace(host, files=files), workspace, bad, good) == ["publish: stage: Input/output error", None]
    pair.wait_for_serial(pair.primary, good.name, good.serial)
    assert pair.serial(pair.primary, bad.name) is None
    assert bad.uuid not in files.staged_zones()


def test_a_checker_that_gives_no_verdict_publishes_nothing(host: PrimaryHost, workspace: Workspace) -> None:
    zone = workspace.zone("unchecked.example")
    for checkzone in ("/nowhere/named-checkzone", "/bin/false"):
        without = replace(host, checker=ZoneChecker(checkzone, checkzone))
        (error,) = deploy(without, workspace, zone)
        assert error is not None
        assert error.startswith("check: ")
        assert not host.files.path(zone.uuid).exists()
