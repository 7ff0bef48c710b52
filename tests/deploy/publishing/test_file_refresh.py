"""The next file of a zone, staged and checked, and renamed only while the primary serves its serial."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace as with_fields
from itertools import count

from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing import file_refresh
from appliance.deploy.publishing.file_refresh import PREPARE_SECONDS, Refresh, prepare, replace
from appliance.deploy.publishing.pipeline import deploy_zones
from appliance.errors import PublishFailed
from appliance.nameserver.checks import ZoneChecker
from appliance.nameserver.zone_files import ZoneFiles
from appliance.render.zone_file import digest_of, serial_of
from appliance.store.file import sqlite
from appliance.zones.model import Zone
from tests.pair import Pair, program
from tests.workspace import Workspace


def still() -> float:
    return 0.0


def published(workspace: Workspace, pair: Pair, host: PrimaryHost, domain: str) -> Zone:
    zone = workspace.zone(domain)
    (attempt,) = deploy_zones([(zone.uuid, zone.name)], host, workspace.store, workspace.editor)
    assert attempt.error is None
    pair.wait_for_serial(pair.primary, zone.name, attempt.serial)
    return zone


def prepared(
    host: PrimaryHost, workspace: Workspace, *zones: Zone, clock: Callable[[], float] = still
) -> list[Refresh]:
    return prepare([(zone.uuid, zone.name) for zone in zones], host, workspace.store, clock)


def test_a_file_that_was_edited_is_replaced_and_the_journal_stays(
    workspace: Workspace, pair: Pair, host: PrimaryHost
) -> None:
    zone = published(workspace, pair, host, "refresh.test")
    content, file = host.files.read_live(zone.uuid), host.files.path(zone.uuid)
    journal = file.with_suffix(".zone.jnl")
    journal.write_bytes(b"journal")
    file.write_bytes(b"$ORIGIN .\n")
    (refresh,) = prepared(host, workspace, zone)
    assert refresh.published and refresh.published.digest == digest_of(content) and file.read_bytes() != content
    (result,) = replace([refresh], host)
    assert result.is_done and file.read_bytes() == content and journal.read_bytes() == b"journal"
    journal.unlink()


def test_a_zone_that_changed_meanwhile_keeps_its_file(workspace: Workspace, pair: Pair, host: PrimaryHost) -> None:
    zone = published(workspace, pair, host, "changed.test")
    content = host.files.read_live(zone.uuid)
    workspace.add(zone, "A", "www", "192.0.2.1")
    (refresh,) = prepared(host, workspace, zone)
    (result,) = replace([refresh], host)
    assert not result.is_done and result.error is None
    assert host.files.read_live(zone.uuid) == content and not host.files.refresh_path(zone.uuid).exists()


def test_a_refused_file_and_a_deleted_zone_are_not_staged(workspace: Workspace, pair: Pair, host: PrimaryHost) -> None:
    zone, deleted = published(workspace, pair, host, "unchecked.test"), workspace.zone("deleted.test")
    workspace.editor.delete_zone(workspace.owner, deleted.uuid)
    missing = with_fields(host, checker=ZoneChecker("/nowhere/named-checkzone", program("named-checkconf")))
    refused, gone = prepared(missing, workspace, zone, deleted)
    assert refused.error and "cannot be started" in refused.error and refused.published is None
    assert gone == Refresh(deleted.uuid, deleted.name)
    assert not any(host.files.refresh_path(one.uuid).exists() for one in (zone, deleted))


def test_a_file_that_cannot_be_written_is_an_error(workspace: Workspace, pair: Pair, host: PrimaryHost) -> None:
    zone = published(workspace, pair, host, "unwritable.test")
    host.files.refresh_path(zone.uuid).mkdir()
    (refresh,) = prepared(host, workspace, zone)
    assert refresh.error == "stage: Is a directory"
    host.files.refresh_path(zone.uuid).rmdir()
    (refresh,) = prepared(host, workspace, zone)
    host.files.discard_refresh(zone.uuid)
    (result,) = replace([refresh], host)
    assert result.error == "refresh: No such file or directory"


def test_a_row_that_is_not_valid_keeps_no_other_file_behind(
    workspace: Workspace, pair: Pair, host: PrimaryHost
) -> None:
    bad, good = (published(workspace, pair, host, f"{domain}.test") for domain in ("planted", "beside"))
    workspace.add(bad, "A", "www", "192.0.2.1")
    with closing(sqlite.connect(workspace.store.path)) as database:
        database.execute("update record set line = 'www.planted.test. 60 IN TXT gr\u00fcn'")
    refused, refresh = prepared(host, workspace, bad, good)
    assert refused.error and "UnicodeEncodeError" in refused.error and refused.published is None
    assert refresh.published and refresh.error is None


def test_a_batch_ends_when_it_has_taken_long(workspace: Workspace, pair: Pair, host: PrimaryHost) -> None:
    zones = [published(workspace, pair, host, f"batch{number}.test") for number in range(3)]
    seconds = count(step=PREPARE_SECONDS)
    assert len(prepared(host, workspace, *zones, clock=lambda: next(seconds))) == 1
    assert len(prepared(host, workspace, *zones)) == 3
    for zone in zones:
        host.files.discard_refresh(zone.uuid)


class CountingFiles(ZoneFiles):
    """Zone files that count how often the directory is flushed for refreshed files, and can be out of space."""

    flushes = 0
    is_full = False

    def flush(self) -> None:
        """Make what was renamed durable."""
        self.flushes += 1
        if self.is_full:
            raise PublishFailed("flush: no space left on device")
        super().flush()


def test_a_batch_is_flushed_once_since_changes_of_its_zones_wait(
    workspace: Workspace, pair: Pair, host: PrimaryHost
) -> None:
    zones = [published(workspace, pair, host, f"flushed{number}.test") for number in range(3)]
    files = CountingFiles(pair.zones)
    counting = with_fields(host, files=files)
    results = replace(prepared(counting, workspace, *zones), counting)
    assert [one.is_done for one in results] == [True] * 3 and files.flushes == 1
    files.is_full = True
    results = replace(prepared(counting, workspace, *zones), counting)
    assert {(one.is_done, one.error) for one in results} == {(False, "flush: no space left on device")}


def test_a_long_journal_is_removed(workspace: Workspace, pair: Pair, host: PrimaryHost) -> None:
    zone = published(workspace, pair, host, "journal.test")
    journal = host.files.path(zone.uuid).with_suffix(".zone.jnl")
    with journal.open("wb") as file:
        file.truncate(file_refresh.LARGEST_JOURNAL + 1)
    (result,) = replace(prepared(host, workspace, zone), host)
    assert result.is_done and not journal.exists()
    assert serial_of(host.files.read_live(zone.uuid)) == pair.serial(pair.primary, zone.name)
