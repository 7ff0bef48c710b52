"""What was last published is stored; the live file is compared with it, and read only where nothing is stored."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.pipeline import deploy_zones
from appliance.deploy.publishing.publications import FileChanges, delegations_of, find_changes
from appliance.nameserver.zone_files import ZoneFiles
from appliance.render.zone_file import derived_digest, digest_of, serial_of
from appliance.store import deployments
from appliance.store.file import sqlite
from appliance.zones.deployment import Method, Publication
from appliance.zones.model import Zone
from tests.deployed import store_attempt
from tests.pair import Pair
from tests.workspace import Workspace


def deploy(host: PrimaryHost, workspace: Workspace, zone: Zone) -> Publication | None:
    """Deploy the zone as it is now, store the attempt as the loop does, and return what was published."""
    (attempt,) = deploy_zones([(zone.uuid, zone.name)], host, workspace.store, workspace.editor)
    assert attempt.error is None
    store_attempt(attempt.uuid, attempt.serial, None, attempt.published)
    return deployments.publication_of(zone.uuid)


def link(file: Path) -> None:
    file.unlink()
    file.symlink_to("/etc/passwd")


def changes(host: PrimaryHost, workspace: Workspace) -> FileChanges:
    statuses = deployments.statuses()
    with workspace.store.reading():
        delegated = delegations_of(host)
    return find_changes(statuses, delegated, host, workspace.store)


def altered(host: PrimaryHost, workspace: Workspace) -> frozenset[UUID]:
    """Return the zones to publish again; no other zone is in doubt."""
    found = changes(host, workspace)
    assert not found.doubtful
    return found.altered


def forget(workspace: Workspace) -> None:
    """Remove what was published from the store, as an earlier release did not store it."""
    with closing(sqlite.connect(workspace.store.path)) as database, database:
        database.execute(
            "update deployment set published_serial = null, published_digest = null, published_apex = null,"
            " published_method = null"
        )


def restarted(host: PrimaryHost) -> PrimaryHost:
    """Return the host as a deployer that has just started has it."""
    return replace(host, files=ZoneFiles(host.files.path(UUID(int=0)).parent))


@pytest.fixture
def zone(host: PrimaryHost, workspace: Workspace) -> Zone:
    """A zone with a record, published and stored as such."""
    zone = workspace.zone("published.example")
    workspace.add(zone, "A", "www", "192.0.2.1")
    deploy(host, workspace, zone)
    return zone


def test_what_was_published_is_stored(host: PrimaryHost, workspace: Workspace, zone: Zone) -> None:
    content = host.files.read_live(zone.uuid)
    assert deployments.publication_of(zone.uuid) == Publication(
        zone.serial + 1, digest_of(content), derived_digest(host.apex), Method.FILE
    )
    assert not altered(host, workspace) and not altered(restarted(host), workspace)


def test_a_file_of_another_content_is_in_doubt(host: PrimaryHost, workspace: Workspace, zone: Zone) -> None:
    file = host.files.path(zone.uuid)
    file.write_bytes(file.read_bytes().replace(b"192.0.2.1", b"203.0.113.9"))
    in_doubt = FileChanges(doubtful=frozenset({zone.uuid}))
    assert changes(host, workspace) == changes(restarted(host), workspace) == in_doubt
    soa = f"IN SOA ns1.appliance.test. hostmaster.appliance.test. (\n\t{zone.serial + 1} ; serial\n"
    file.write_text(f"$ORIGIN .\n$TTL 300\t; 5 minutes\npublished.example\t{soa}")
    assert changes(host, workspace) == in_doubt, "as after named has written it"
    other_apex = replace(host, apex=replace(host.apex, minimum=77))
    assert altered(other_apex, workspace) == {zone.uuid}, "it is published again in any case"


def test_a_missing_file_and_one_of_another_mode_or_apex_are_altered(
    host: PrimaryHost, workspace: Workspace, zone: Zone
) -> None:
    other_apex = replace(host, apex=replace(host.apex, minimum=77))
    assert altered(other_apex, workspace) == {zone.uuid}
    file = host.files.path(zone.uuid)
    content = file.read_bytes()
    spoils: tuple[Callable[[], object], ...] = (lambda: file.chmod(0o600), file.unlink, lambda: link(file))
    for spoil in spoils:
        spoil()
        assert altered(host, workspace) == altered(restarted(host), workspace) == {zone.uuid}
        file.unlink(missing_ok=True)
        file.write_bytes(content)
        file.chmod(0o644)
        assert not altered(host, workspace)


def test_a_zone_that_lacks_a_delegation_is_altered(host: PrimaryHost, workspace: Workspace, zone: Zone) -> None:
    child = workspace.zone("below.published.example")
    deploy(host, workspace, child)
    assert altered(host, workspace) == {zone.uuid}, "as after an upgrade from a release without delegations"
    published = deploy(host, workspace, zone)
    assert published and published.derived != derived_digest(host.apex) and not altered(host, workspace)
    forget(workspace)
    assert not altered(restarted(host), workspace)
    workspace.editor.delete_zone(workspace.owner, child.uuid)
    assert zone.uuid in altered(host, workspace)


def test_a_file_that_was_merely_copied_is_right(host: PrimaryHost, workspace: Workspace, zone: Zone) -> None:
    os.utime(host.files.path(zone.uuid), (1, 1))
    assert not altered(host, workspace)


def test_an_upgraded_store_learns_what_is_published(host: PrimaryHost, workspace: Workspace, zone: Zone) -> None:
    known = deployments.publication_of(zone.uuid)
    forget(workspace)
    assert deployments.publication_of(zone.uuid) is None
    assert not altered(restarted(host), workspace)
    assert deployments.publication_of(zone.uuid) == known
    forget(workspace)
    assert altered(replace(host, apex=replace(host.apex, minimum=77)), workspace) == {zone.uuid}
    assert deployments.publication_of(zone.uuid) is None


def test_no_stored_serial_gets_a_second_content(
    host: PrimaryHost, pair: Pair, workspace: Workspace, zone: Zone
) -> None:
    known = deployments.publication_of(zone.uuid)
    assert known
    host.files.path(zone.uuid).unlink()
    other_apex = replace(host, apex=replace(host.apex, minimum=77))
    published = deploy(other_apex, workspace, zone)
    assert published and (published.serial, published.derived) == (known.serial + 1, derived_digest(other_apex.apex))
    pair.wait_for_serial(pair.primary, zone.name, published.serial)


def test_the_file_of_another_store_counts_too(host: PrimaryHost, workspace: Workspace, zone: Zone) -> None:
    known = deployments.publication_of(zone.uuid)
    assert known
    workspace.add(zone, "A", "later", "192.0.2.2")
    newer = deploy(host, workspace, zone)
    assert newer and newer.serial == known.serial + 1
    store_attempt(zone.uuid, known.serial, None, known)
    published = deploy(replace(host, apex=replace(host.apex, minimum=77)), workspace, zone)
    assert published and published.serial == newer.serial + 1
    assert serial_of(host.files.read_live(zone.uuid)) == published.serial


def test_a_failure_before_the_file_is_swapped_leaves_what_was_published(
    host: PrimaryHost, workspace: Workspace, zone: Zone
) -> None:
    known = deployments.publication_of(zone.uuid)
    store_attempt(zone.uuid, zone.serial + 2, "check: refused")
    assert deployments.publication_of(zone.uuid) == known
