"""Whole zones compared with the store, in a process of its own: equal, different, and what ends the process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing

import pytest

from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.pipeline import deploy_zones
from appliance.deploy.verification.comparing_process import ComparingProcess
from appliance.deploy.verification.whole_zone import ContentMatch, StoredContent, ToCompare
from appliance.errors import CommandFailed
from appliance.zones.model import Zone
from tests.pair import Pair
from tests.workspace import Workspace, current_database


@pytest.fixture
def process(host: PrimaryHost, workspace: Workspace) -> Iterator[ComparingProcess]:
    source = StoredContent(workspace.store.path, host.apex, host.transfer_key)
    with closing(ComparingProcess(source)) as running:
        yield running


def published(workspace: Workspace, pair: Pair, host: PrimaryHost, domain: str) -> Zone:
    """Create a zone with records and child zones that the primary serves."""
    zone = workspace.zone(domain)
    workspace.zone(f"child.{domain}")
    workspace.add(zone, "A", "www", "192.0.2.7")
    workspace.add(zone, "MX", "@", "mail.example.org", priority=10)
    workspace.add(zone, "TXT", "Text", '"Some" "text"')
    (attempt,) = deploy_zones([(zone.uuid, zone.name)], host, workspace.store, workspace.editor)
    assert attempt.error is None
    pair.wait_for_serial(pair.primary, zone.name, attempt.serial)
    return zone


def test_equal_and_different_content(
    workspace: Workspace, pair: Pair, host: PrimaryHost, process: ComparingProcess
) -> None:
    zone = published(workspace, pair, host, "whole.test")
    both = [ToCompare(zone.uuid, (pair.primary, pair.secondary))]
    (same, unknown) = process.compare(both)
    assert same.verdict is ContentMatch.SAME and same.serial == pair.serial(pair.primary, zone.name)
    assert unknown.verdict is ContentMatch.UNKNOWN and "NOTAUTH" in unknown.reason
    with workspace.store.writing():
        current_database().execute_sql("update record set ttl = ttl + 1 where rdtype = 'MX'")
    (differs, _) = process.compare(both)
    assert differs.verdict is ContentMatch.DIFFERS and "records are served" in differs.reason
    workspace.add(zone, "A", "other", "192.0.2.8")
    (later, _) = process.compare(both)
    assert later.verdict is ContentMatch.UNKNOWN and later.reason == f"serial {same.serial} is served"


def test_what_changed_since_a_serial(
    workspace: Workspace, pair: Pair, host: PrimaryHost, process: ComparingProcess
) -> None:
    zone = published(workspace, pair, host, "since.test")
    base = pair.serial(pair.primary, zone.name)
    assert base
    workspace.add(zone, "A", "more", "192.0.2.8")
    (attempt,) = deploy_zones([(zone.uuid, zone.name)], host, workspace.store, workspace.editor)
    pair.wait_for_serial(pair.primary, zone.name, attempt.serial)
    with workspace.store.writing():
        current_database().execute_sql("update record set ttl = ttl + 1 where rdtype = 'MX'")
    since = [ToCompare(zone.uuid, (pair.primary,), base)]
    (same,) = process.compare(since)
    assert same.verdict is ContentMatch.SAME and same.serial == attempt.serial, "it did not compare the whole zone"
    (whole,) = process.compare([ToCompare(zone.uuid, (pair.primary,), 1)])
    assert whole.verdict is ContentMatch.DIFFERS, "a base that the journal does not have"
    with workspace.store.writing():
        current_database().execute_sql("update change set added = '[]' where serial = ?", (attempt.serial,))
    (differs,) = process.compare(since)
    assert differs.verdict is ContentMatch.DIFFERS and "more.since.test" in differs.reason


def test_a_killed_process_is_started_again_and_a_closed_one_is_not(
    workspace: Workspace, pair: Pair, host: PrimaryHost, process: ComparingProcess
) -> None:
    zone = published(workspace, pair, host, "killed.test")
    compared = [ToCompare(zone.uuid, (pair.primary,))]
    assert process.compare(compared)[0].verdict is ContentMatch.SAME
    os.kill(process.pid or 0, signal.SIGKILL)
    with pytest.raises(CommandFailed, match="the process ended"):
        process.compare(compared)
    assert process.compare(compared)[0].verdict is ContentMatch.SAME
    process.close()
    with pytest.raises(CommandFailed):
        process.compare(compared)
